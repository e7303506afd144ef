"""Commands that show how copies are, and compare them with their sources."""

import sys
from contextlib import ExitStack
from itertools import islice

import click

from duplication.cli.common import EXIT_FAILED, as_json, connect
from duplication.config import Settings
from duplication.display import render


@click.command("status")
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


@click.command("watch")
@click.argument("duplication_id", type=int, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document on a line for each event.")
@click.pass_obj
def watch_duplications(settings: Settings, duplication_id: int | None, as_json: bool) -> None:
    """Show live how duplications come on: all of them until Ctrl-C, or one until it is over."""
    from duplication.cli import watch
    from duplication.display import screens  # rich's live displays, only here

    console = render.make_console()
    with ExitStack() as stack:
        screen: watch.Screen = screens.JsonScreen() if as_json else screens.LineScreen()
        if console.is_terminal and not as_json:
            screen = stack.enter_context(screens.LiveScreen(console, whole=duplication_id is not None))
        view = watch.watch(lambda: connect(settings), screen, duplication_id)
    if view is not None and {"has_error", "given_up"} & set(view.duplication.traits):
        sys.exit(EXIT_FAILED)


@click.command("verify")
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
