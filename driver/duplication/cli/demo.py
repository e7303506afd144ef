"""The command that shows everything on servers of its own."""

import sys

import click

from duplication.cli.common import EXIT_FAILED
from duplication.display import render


@click.command("demo")
@click.option("--parts", type=click.IntRange(1), default=10, show_default=True, help="Parts of the sample episode.")
@click.option("--items", type=click.IntRange(0), default=5, show_default=True, help="Items of each part.")
@click.option("--blocks", type=click.IntRange(0), default=20, show_default=True, help="Blocks of each item.")
@click.option("--keep", is_flag=True, help="Leave database, queue and worker running until Ctrl-C.")
@click.option("--serve", is_flag=True, help="Open the overview page on a dozen copies, and ask for more until Ctrl-C.")
def demo(parts: int, items: int, blocks: int, keep: bool, serve: bool) -> None:
    """Duplicate a sample episode on a database and a queue of its own, which are gone afterwards."""
    if serve:
        from duplication.local.demo_page import run_demo_page  # brings alembic

        run_demo_page(render.make_console())
        return
    from duplication.local.demo import Shape, run_demo  # brings alembic

    if not run_demo(render.make_console(), Shape(parts, items, blocks), keep=keep):
        sys.exit(EXIT_FAILED)
