"""What `duplication watch` shows: live on a terminal, lines in a pipe, JSON lines for programs."""

import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from duplication.display import render
from duplication.display.overview import View
from duplication.errors import ConnectionLost
from duplication.models import Batch, Event

BAR_WIDTH = 24
SPARKS = "▁▂▃▄▅▆▇█"
MOST_SPARKS = 24
STYLES = {"whole": "green", "has_error": "bold red", "copying": "cyan", "given_up": "yellow", "deleted": "dim"}


class LiveScreen:
    """A terminal: what is shown is redrawn in place. A context manager."""

    def __init__(self, console: Console, *, whole: bool) -> None:
        """Parameters: whole, to show all about the first duplication, instead of a line for each."""
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="ellipsis")
        self._whole = whole

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, views: Sequence[View], events: Sequence[Event]) -> None:  # noqa: ARG002
        """Draw how things are now."""
        self._live.update(draw_whole(views[0]) if self._whole else draw_all(views), refresh=True)

    def lose(self, error: ConnectionLost) -> None:
        """Say below it that it is not kept up to date for the moment."""
        lost = Text(f"The database is gone, trying again: {error.message}", style="yellow")
        self._live.update(Group(self._live.get_renderable(), lost), refresh=True)


class LineScreen:
    """A pipe: a line for each event."""

    def __init__(self) -> None:
        self._is_lost = False

    def show(self, views: Sequence[View], events: Sequence[Event]) -> None:
        """Print what happened; at first, how things are."""
        self._is_lost = False
        for event in events:
            if event.type == "reset":
                for view in views:
                    print_line(describe_view(view))
            else:
                print_line(f"{render.format_time(event.created_at)} {describe_event(event)}")

    def lose(self, error: ConnectionLost) -> None:
        """Say it, once, to who reads the errors."""
        if not self._is_lost:
            click.echo(f"The database is gone, trying again: {error.message}", err=True)
        self._is_lost = True


class JsonScreen(LineScreen):
    """A program: a JSON document on a line for each event; after a reset, one of type `state` for each duplication."""

    def show(self, views: Sequence[View], events: Sequence[Event]) -> None:
        """Print what happened."""
        self._is_lost = False
        for event in events:
            print_json_line(event)
            if event.type == "reset":
                for view in views:
                    print_json_line({"type": "state", "duplication": view.duplication, "levels": view.levels})


def print_line(line: str) -> None:
    """Print a line that a reader has at once."""
    click.echo(line)
    sys.stdout.flush()


def print_json_line(document: object) -> None:
    """Print a JSON document on one line."""
    print_line(json.dumps(document, default=render.encode))


def describe_view(view: View) -> str:
    """Return a line on how a duplication is."""
    duplication = view.duplication
    words = [f"{duplication.id} {duplication.tree} {duplication.root_key}:", render.format_status(duplication)]
    if view.rows_planned:
        words.append(f"({view.rows_done:,} of {view.rows_planned:,} rows)")
    if duplication.new_root_key is not None:
        words.append(f"the copy is {duplication.new_root_key}")
    if duplication.error:
        words.append(str(duplication.error.get("message")))
    return " ".join(words)


def describe_event(event: Event) -> str:
    """Return a line on what happened."""
    told = event.payload
    what = event.type.removeprefix("duplication.")
    if event.type == "duplication.progress":
        what = f"{told['stage']} {told['amount']:,} of {told['total']:,} rows"
    elif event.type == "duplication.backfilling":
        what = f"backfilling {told['stage']}"
    elif event.type == "duplication.requested":
        what = f"requested: {told['tree']} {told['key']}"
    elif event.type == "duplication.waiting":
        what = f"waiting: {told['reason']}"
    elif event.type == "duplication.failed":
        what = f"failed: {told['message']} ({told['errorCode']})"
    elif event.type == "duplication.feedback":
        amount = told.get("amount", told.get("total"))
        what = told["message"] if amount is None else f"{told['message']} ({amount:,})"
    elif event.type == "duplication.completed":
        keys = [str(value) for name, value in told.items() if name.startswith("new")]
        what = f"completed: the copy is {', '.join(keys)}"
    return f"{event.duplication_id} {what}"


def draw_all(views: Sequence[View]) -> RenderableType:
    """Return a table of duplications, a line for each."""
    if not views:
        return Text("No duplications yet")
    table = render.make_table(
        ["id", "tree", "root", "copy", "status", "", "rows", "rows/s", "left"], right={"id", "rows", "rows/s", "left"}
    )
    for view in views:
        duplication = view.duplication
        table.add_row(
            str(duplication.id),
            duplication.tree,
            duplication.root_key,
            duplication.new_root_key or "",
            draw_status(view),
            draw_bar(view.rows_done, view.rows_planned),
            render.format_number(view.rows_done) if view.rows_planned else "",
            format_rate(view.rows_per_second),
            format_seconds(view.seconds_left),
        )
    return table


def draw_whole(view: View) -> RenderableType:
    """Return all about one duplication."""
    duplication = view.duplication
    parts: list[RenderableType] = [
        Text.assemble(
            f"Duplication {duplication.id} of {duplication.tree} {duplication.root_key}",
            f" to {duplication.new_root_key}" if duplication.new_root_key else "",
            ": ",
        ).append_text(draw_status(view))
    ]
    table = Table(box=None, pad_edge=False, show_header=False)
    for column in ("level", "bar", "rows", "status"):
        table.add_column(column, justify="right" if column == "rows" else "left", no_wrap=True)
    # the only one that may lose something where the terminal is narrow
    table.add_column("batches", ratio=1)
    for level in view.levels:
        if level.level is not None:
            table.add_row(
                level.level,
                draw_bar(level.rows_done or 0, level.rows_planned or 0),
                f"{level.rows_done or 0:,} of {level.rows_planned or 0:,}",
                level.level_status or "",
                Text(
                    draw_batches([batch for batch in view.batches if batch.level == level.level]),
                    no_wrap=True,
                    overflow="crop",
                ),
            )
    if table.row_count:
        parts.append(table)
    if view.rows_per_second:
        parts.append(
            Text(f"{format_rate(view.rows_per_second)} rows/s, {format_seconds(view.seconds_left)} left so far")
        )
    if duplication.error:
        parts.extend(Text(line, style="red") for line in render.format_error(duplication.error))
    return Group(*parts)


def draw_status(view: View) -> Text:
    """Return a status in its colour; what is waited for, or what went wrong, stands behind it."""
    duplication = view.duplication
    text = Text(duplication.status, style=" ".join(STYLES[trait] for trait in duplication.traits if trait in STYLES))
    if waiting := render.format_waiting(duplication):
        text.append(f", waiting: {waiting}", style="yellow")
    elif duplication.error:
        text.append(f": {duplication.error.get('message')}", style="red")
    return text


def draw_bar(done: int, planned: int) -> RenderableType:
    """Return how much of it is done."""
    return ProgressBar(total=planned, completed=done, width=BAR_WIDTH) if planned else ""


def draw_batches(batches: Sequence[Batch]) -> str:
    """Return how long each of the latest batches took, the oldest first, against the longest of them."""
    seconds = [(batch.ended_at - batch.started_at).total_seconds() for batch in batches[MOST_SPARKS - 1 :: -1]]
    longest = max(seconds, default=0.0)
    return "".join(SPARKS[int((len(SPARKS) - 1) * (each / longest))] if longest else SPARKS[0] for each in seconds)


def format_rate(rate: float | None) -> str:
    """Return rows per second."""
    return "" if rate is None else f"{rate:,.0f}"


def format_seconds(seconds: float | None) -> str:
    """Return a duration as people read it."""
    return "" if seconds is None else str(timedelta(seconds=round(seconds)))
