"""What a person types: the `duplication` command.

What only some commands need, and what is big, they import themselves (boto3 20 MB, alembic 25 MB): the process that
copies stays small, and every command starts quickly.
"""

import json
import logging
import sys
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from itertools import islice
from typing import Any

import click

from duplication import render
from duplication.config import MAX_CONCURRENCY, MAX_PARALLEL, ConfigError, Settings, load_settings
from duplication.copying import copy_levels
from duplication.engine import Engine
from duplication.errors import (
    DuplicationError,
    InvalidKey,
    InvalidOption,
    OriginalEpisodeNotFound,
    UnknownDuplication,
    UnknownLevel,
    UnknownTree,
)
from duplication.parallel import open_sessions
from duplication.signals import sigterm_as_interrupt, stop_on_signals

BAD_INPUT = (
    ConfigError,
    UnknownTree,
    UnknownLevel,
    UnknownDuplication,
    OriginalEpisodeNotFound,
    InvalidKey,
    InvalidOption,
)
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


class Commands(click.Group):
    """The group of commands; says what went wrong in words, and in the exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; SIGTERM is taken like Ctrl-C."""
        try:
            with sigterm_as_interrupt():
                return super().invoke(ctx)
        except DuplicationError as error:
            render.print_error(error)
            sys.exit(EXIT_USAGE if isinstance(error, BAD_INPUT) else EXIT_FAILED)
        except KeyboardInterrupt:
            sys.exit(EXIT_INTERRUPTED)


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


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


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--dsn", help="The database, in any of libpq's forms.  [env: DUPLICATION_DSN, else libpq's variables]")
@click.option("--queue-url", help="The queue of jobs.  [env: DUPLICATION_QUEUE_URL]")
@click.version_option(package_name="episode-duplication")
@click.pass_context
def main(ctx: click.Context, dsn: str | None, queue_url: str | None) -> None:
    """Duplicate trees of PostgreSQL rows, level by level, inside the database."""
    ctx.obj = load_settings(dsn=dsn, queue_url=queue_url)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")


def connect(settings: Settings) -> Engine:
    """Open a session with the database of the settings."""
    return Engine.connect(settings.dsn)


@main.command("migrate")
@click.option("--with-content", is_flag=True, help="Make the reference content tables (episodes …) too.")
@as_json
@click.pass_obj
def migrate_database(settings: Settings, with_content: bool, as_json: bool) -> None:
    """Install the engine in the database, or bring it up to date."""
    from duplication.migrations import migrate  # brings alembic

    revisions = migrate(settings.dsn, with_content=with_content)
    if as_json:
        render.print_json({"revisions": revisions})
    else:
        click.echo(f"The database is at {', '.join(revisions)}")


@main.command("request")
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
    if as_json:
        render.print_json({"duplication_id": duplication_id, "sent": sent})
    else:
        click.echo(f"Duplication {duplication_id} is requested")


def send_due(engine: Engine, settings: Settings) -> bool:
    """Send what is due, so that a worker need not look for it first; tell when that fails."""
    from duplication import dispatcher  # brings boto3
    from duplication.queue import Queue, QueueError

    try:
        dispatcher.send_due(engine, Queue(settings.required_queue_url))
    except (ConfigError, QueueError) as error:
        click.echo(f"{error.message}. The request is recorded; a worker will send it.", err=True)
        return False
    return True


@main.command("duplicate")
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
    if as_json:
        render.print_json({"duplication": duplication, "levels": levels})
    else:
        click.echo(f"Duplication {duplication_id} is {duplication.status}: the copy is {duplication.new_root_key}")


@main.command("worker")
@click.option("--once", is_flag=True, help="End when the queue is empty and nothing is due.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, MAX_CONCURRENCY),
    help="Jobs at a time.  [env: DUPLICATION_CONCURRENCY, default: 1]",
)
@click.option(
    "--parallel",
    type=click.IntRange(1, MAX_PARALLEL),
    help="Sessions that share one job's level.  [env: DUPLICATION_PARALLEL, default: 1]",
)
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65535),
    help="Serve figures for Prometheus.  [env: DUPLICATION_METRICS_PORT, default: none]",
)
@click.pass_obj
def work(
    settings: Settings, once: bool, concurrency: int | None, parallel: int | None, metrics_port: int | None
) -> None:
    """Take jobs from the queue and do them, until SIGTERM or Ctrl-C; a second one ends it at once."""
    from duplication.queue import Queue  # brings boto3
    from duplication.telemetry.jobs import Telemetry  # brings structlog and prometheus-client
    from duplication.telemetry.logs import configure_logging
    from duplication.telemetry.metrics import WorkerMetrics, serve_metrics
    from duplication.telemetry.start import open_traces
    from duplication.worker import Worker

    settings = replace(
        settings,
        concurrency=concurrency or settings.concurrency,
        parallel=parallel or settings.parallel,
        metrics_port=metrics_port or settings.metrics_port,
    )

    configure_logging(settings.log_level, settings.log_format)
    queue = Queue(settings.required_queue_url)
    metrics = WorkerMetrics()
    with (
        open_traces() as traces,
        serve_metrics(metrics, lambda: connect(settings), settings.metrics_host, settings.metrics_port),
        stop_on_signals() as stop,
    ):
        telemetry = Telemetry(metrics, traces, is_served=settings.metrics_port is not None)
        Worker(lambda: connect(settings), queue, settings, stop, once=once, telemetry=telemetry).run()


@main.command("status")
@click.argument("duplication_id", type=int, required=False)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many to list.")
@as_json
@click.pass_obj
def show_status(settings: Settings, duplication_id: int | None, limit: int, as_json: bool) -> None:
    """Show the latest duplications, or everything about one."""
    console = render.make_console()
    with connect(settings) as engine:
        if duplication_id is None:
            found = [(item, engine.list_progress(item.id)) for item in engine.list_duplications(limit)]
            if as_json:
                render.print_json([{"duplication": item, "levels": levels} for item, levels in found])
            else:
                render.print_duplications(console, found)
                if (reason := engine.check_admission()) is not None:
                    console.print(f"Nothing is copied now: {reason}")
            return
        duplication, levels = engine.find_duplication(duplication_id), engine.list_progress(duplication_id)
        attempts = engine.list_attempts(duplication_id)
    if as_json:
        render.print_json({"duplication": duplication, "levels": levels, "attempts": attempts})
    else:
        render.print_duplication(console, duplication, levels, attempts)


@main.command("watch")
@click.argument("duplication_id", type=int, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document on a line for each event.")
@click.pass_obj
def watch_duplications(settings: Settings, duplication_id: int | None, as_json: bool) -> None:
    """Show live how duplications come on: all of them until Ctrl-C, or one until it is over."""
    from duplication import screens, watch  # rich's live displays, only here

    console = render.make_console()
    with ExitStack() as stack:
        screen: watch.Screen = screens.JsonScreen() if as_json else screens.LineScreen()
        if console.is_terminal and not as_json:
            screen = stack.enter_context(screens.LiveScreen(console, whole=duplication_id is not None))
        view = watch.watch(lambda: connect(settings), screen, duplication_id)
    if view is not None and view.duplication.status in {"failed", "cancelled"}:
        sys.exit(EXIT_FAILED)


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; elsewhere a token is needed.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 for any free one.")
@click.option("--copy-url", metavar="URL", help="A copy's address in your application, with {key} and {tree}.")
@click.pass_obj
def serve(settings: Settings, host: str, port: int, copy_url: str | None) -> None:
    """Serve the overview page, the HTTP interface and the events, until SIGTERM or Ctrl-C."""
    try:
        from duplication.telemetry.logs import configure_logging  # brings structlog
        from duplication.web import server  # brings FastAPI
    except ImportError as error:
        raise ConfigError(
            f"Serving needs more than the command line does: {error.name} is missing",
            hint="pip install 'episode-duplication[web]'",
        ) from error

    configure_logging(settings.log_level, settings.log_format)
    server.serve(lambda: connect(settings), host, port, copy_url)


def tell_status(duplication_id: int, status: str, as_json: bool) -> None:
    """Print a duplication's new status."""
    if as_json:
        render.print_json({"duplication_id": duplication_id, "status": status})
    else:
        click.echo(f"Duplication {duplication_id} is {status}")


@main.command("cancel")
@click.argument("duplication_id", type=int)
@as_json
@click.pass_obj
def cancel(settings: Settings, duplication_id: int, as_json: bool) -> None:
    """Stop a duplication; what is copied is kept."""
    with connect(settings) as engine:
        tell_status(duplication_id, engine.cancel(duplication_id), as_json)


@main.command("retry")
@click.argument("duplication_id", type=int)
@as_json
@click.pass_obj
def retry(settings: Settings, duplication_id: int, as_json: bool) -> None:
    """Let a failed duplication go on from where it failed."""
    with connect(settings) as engine:
        tell_status(duplication_id, engine.retry(duplication_id), as_json)


@main.command("discard")
@click.argument("duplication_id", type=int)
@as_json
@click.pass_obj
def discard(settings: Settings, duplication_id: int, as_json: bool) -> None:
    """Delete what a duplication copied; goes on when called again."""
    with connect(settings) as engine:
        engine.discard(duplication_id)
        tell_status(duplication_id, engine.find_duplication(duplication_id).status, as_json)


@main.command("verify")
@click.argument("duplication_id", type=int)
@click.option("--limit", type=click.IntRange(0), default=100, show_default=True, help="How many to show; all count.")
@as_json
@click.pass_obj
def verify(settings: Settings, duplication_id: int, limit: int, as_json: bool) -> None:
    """Compare a copy with its source, row by row; fails when they differ."""
    with connect(settings) as engine:
        found = engine.verify(duplication_id)
        differences = list(islice(found, limit))
        total = len(differences) + sum(1 for _ in found)
    if as_json:
        render.print_json({"duplication_id": duplication_id, "total": total, "differences": differences})
    else:
        render.print_differences(render.make_console(), differences, total)
    if total:
        sys.exit(EXIT_FAILED)


@main.group("queue")
def queue_commands() -> None:
    """Set up the queue."""


@queue_commands.command("create")
@as_json
@click.pass_obj
def create_queue(settings: Settings, as_json: bool) -> None:
    """Create the queue and its dead-letter queue; names from DUPLICATION_QUEUE_NAME."""
    from duplication.queue import create_queues  # brings boto3

    url = create_queues(settings.queue_name)
    if as_json:
        render.print_json({"queue_url": url})
    else:
        click.echo(f"export DUPLICATION_QUEUE_URL={url}")


@main.group("dead-letters", invoke_without_command=True)
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The most to look at.")
@as_json
@click.pass_context
def dead_letters(ctx: click.Context, limit: int, as_json: bool) -> None:
    """List what the queue has given up on, and explain it."""
    if ctx.invoked_subcommand is not None:
        return
    from duplication.dead_letters import explain, open_letters  # brings boto3
    from duplication.queue import Queue

    dead = Queue(ctx.obj.required_queue_url).find_dead_letters()
    with connect(ctx.obj) as engine, open_letters(dead, limit) as messages:
        installation = engine.find_installation()
        letters = [explain(engine, installation, message) for message in messages]
    if as_json:
        render.print_json(letters)
    else:
        render.print_dead_letters(render.make_console(), letters)


def settle_dead_letters(settings: Settings, ids: tuple[str, ...], every: bool, send: bool) -> list[str]:
    """Send dead letters again, or delete them; returns the ids of those that are gone."""
    from duplication.dead_letters import settle_letters  # brings boto3
    from duplication.queue import Queue

    if every == bool(ids):
        raise click.UsageError("Give the ids of messages, or --all")
    queue = Queue(settings.required_queue_url)
    settled = settle_letters(queue.find_dead_letters(), queue if send else None, None if every else frozenset(ids))
    if missing := set(ids).difference(settled):
        raise click.UsageError(f"There is no dead letter {', '.join(sorted(missing))}")
    return settled


every_letter = click.option("--all", "every", is_flag=True, help="All of them.")


@dead_letters.command("send")
@click.argument("ids", nargs=-1, metavar="[MESSAGE_ID]...")
@every_letter
@click.pass_obj
def send_dead_letters(settings: Settings, ids: tuple[str, ...], every: bool) -> None:
    """Send dead letters to the queue again."""
    click.echo(f"{len(settle_dead_letters(settings, ids, every, send=True))} sent again")


@dead_letters.command("delete")
@click.argument("ids", nargs=-1, metavar="[MESSAGE_ID]...")
@every_letter
@click.pass_obj
def delete_dead_letters(settings: Settings, ids: tuple[str, ...], every: bool) -> None:
    """Delete dead letters for good. No copy is lost by it: the jobs of those in progress are sent anew."""
    click.echo(f"{len(settle_dead_letters(settings, ids, every, send=False))} deleted")


@main.command("demo")
@click.option("--parts", type=click.IntRange(1), default=10, show_default=True, help="Parts of the sample episode.")
@click.option("--items", type=click.IntRange(0), default=5, show_default=True, help="Items of each part.")
@click.option("--blocks", type=click.IntRange(0), default=20, show_default=True, help="Blocks of each item.")
@click.option("--keep", is_flag=True, help="Leave database, queue and worker running until Ctrl-C.")
@click.option("--serve", is_flag=True, help="Open the overview page on a dozen copies, and ask for more until Ctrl-C.")
def demo(parts: int, items: int, blocks: int, keep: bool, serve: bool) -> None:
    """Duplicate a sample episode on a database and a queue of its own, which are gone afterwards."""
    if serve:
        from duplication.demo_page import run_demo_page  # brings alembic

        run_demo_page(render.make_console())
        return
    from duplication.demo import Shape, run_demo  # brings alembic

    if not run_demo(render.make_console(), Shape(parts, items, blocks), keep=keep):
        sys.exit(EXIT_FAILED)
