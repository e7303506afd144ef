"""Commands about what the queue has given up on."""

import click

from duplication.cli.common import as_json, connect
from duplication.config import Settings
from duplication.display import render


@click.group("dead-letters", invoke_without_command=True)
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The most to look at.")
@as_json
@click.pass_context
def dead_letters(ctx: click.Context, limit: int, as_json: bool) -> None:
    """List what the queue has given up on, and explain it."""
    if ctx.invoked_subcommand is not None:
        return
    from duplication.queue import Queue
    from duplication.worker.dead_letters import explain, open_letters  # brings boto3

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
    from duplication.queue import Queue
    from duplication.worker.dead_letters import settle_letters  # brings boto3

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
