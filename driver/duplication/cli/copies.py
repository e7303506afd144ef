"""Commands that ask for a copy, and that stop, repeat or delete one."""

import json
import sys
from contextlib import nullcontext
from typing import Any

import click

from duplication.cli.common import EXIT_INTERRUPTED, as_json, connect, show
from duplication.cli.copying import copy_levels
from duplication.config import MAX_PARALLEL, ConfigError, Settings
from duplication.display import render
from duplication.engine import Engine
from duplication.worker.sessions import open_sessions


def parse_option(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    """Read k=v pairs; a value is JSON where it can be read as such, and text otherwise."""
    options: dict[str, Any] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise click.BadParameter(f"{text!r} is not name=value", ctx, parameter)
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options


@click.command("request")
@click.argument("tree")
@click.argument("key")
@click.option("--idempotency-key", help="A repeated request with this key is the same duplication.")
@click.option("--option", "options", multiple=True, callback=parse_option, metavar="NAME=VALUE", help="As the engine.")
@as_json
@click.pass_obj
def request(
    settings: Settings, tree: str, key: str, idempotency_key: str | None, options: dict[str, Any], as_json: bool
) -> None:
    """Ask for the duplication of the TREE with the root KEY; a worker does it."""
    if idempotency_key is not None:
        options["idempotency_key"] = idempotency_key
    from duplication.telemetry.start import open_traces

    with open_traces() as traces, connect(settings) as engine:
        with traces.follow_request(tree, key) if traces else nullcontext() as trace:
            if trace is not None:
                options.setdefault("trace", trace)
            duplication_id = engine.request_duplication(tree, key, options)
        sent = send_due(engine, settings)
    show(
        {"duplication_id": duplication_id, "sent": sent}, f"Duplication {duplication_id} is requested", as_json=as_json
    )


def send_due(engine: Engine, settings: Settings) -> bool:
    """Send what is due, so that a worker need not look for it first; tell when that fails."""
    from duplication.queue import Queue, QueueError
    from duplication.worker import dispatcher  # brings boto3

    try:
        dispatcher.send_due(engine, Queue(settings.required_queue_url))
    except (ConfigError, QueueError) as error:
        click.echo(f"{error.message}. The request is recorded; a worker will send it.", err=True)
        return False
    return True


@click.command("duplicate")
@click.argument("tree")
@click.argument("key")
@click.option(
    "--parallel",
    type=click.IntRange(1, MAX_PARALLEL),
    help="Sessions that share the work.  [env: DUPLICATION_PARALLEL, default: 1]",
)
@as_json
@click.pass_obj
def duplicate(settings: Settings, tree: str, key: str, parallel: int | None, as_json: bool) -> None:
    """Duplicate the TREE with the root KEY now, without queue or worker."""
    console = render.make_console(stderr=as_json)
    with connect(settings) as engine:
        duplication_id = engine.open_duplication(tree, key)
        try:
            with (
                open_sessions(engine, lambda: connect(settings), parallel or settings.parallel) as sessions,
                render.LevelBars(console) as bars,
            ):
                duplication, levels = copy_levels(sessions, duplication_id, bars.update)
        except KeyboardInterrupt:
            click.echo(
                f"Interrupted. What is copied is kept: `duplication duplicate {tree} {key}` goes on from there, "
                f"`duplication discard {duplication_id}` (after `cancel`) deletes it.",
                err=True,
            )
            sys.exit(EXIT_INTERRUPTED)
    show(
        {"duplication": duplication, "levels": levels},
        f"Duplication {duplication_id} is {duplication.status}: the copy is {duplication.new_root_key}",
        as_json=as_json,
    )


def print_status(duplication_id: int, status: str, as_json: bool) -> None:
    """Print a duplication's new status."""
    document = {"duplication_id": duplication_id, "status": status}
    show(document, f"Duplication {duplication_id} is {status}", as_json=as_json)


@click.command("cancel")
@click.argument("duplication_id", type=int)
@as_json
@click.pass_obj
def cancel(settings: Settings, duplication_id: int, as_json: bool) -> None:
    """Stop a duplication; what is copied is kept."""
    with connect(settings) as engine:
        print_status(duplication_id, engine.cancel(duplication_id), as_json)


@click.command("retry")
@click.argument("duplication_id", type=int)
@as_json
@click.pass_obj
def retry(settings: Settings, duplication_id: int, as_json: bool) -> None:
    """Let a failed duplication go on from where it failed."""
    with connect(settings) as engine:
        print_status(duplication_id, engine.retry(duplication_id), as_json)


@click.command("discard")
@click.argument("duplication_id", type=int)
@as_json
@click.pass_obj
def discard(settings: Settings, duplication_id: int, as_json: bool) -> None:
    """Delete what a duplication copied; goes on when called again."""
    with connect(settings) as engine:
        engine.discard(duplication_id)
        print_status(duplication_id, engine.find_duplication(duplication_id).status, as_json)
