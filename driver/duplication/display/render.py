"""What a person sees: tables, bars on a terminal, plain lines in a pipe."""

import dataclasses
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from duplication.errors import DuplicationError
from duplication.models import Attempt, DeadLetter, Difference, Duplication, LevelProgress

PLAIN_SECONDS = 2.0
MISSING_OBJECT = ("3F000", "42P01", "42883")
NOT_INSTALLED = "If the engine is not in this database yet, or is an older one: `duplication migrate`"
ERROR_FIELDS = ("message", "level", "relation", "sqlstate", "detail", "hint", "context")


def make_console(*, stderr: bool = False) -> Console:
    """Return a console that puts plain, whole lines into a pipe."""
    # no markup: what is printed has brackets of its own
    console = Console(stderr=stderr, highlight=False, markup=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = 1000
    return console


def print_json(document: object) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(document, indent=2, default=encode))


def encode(value: object) -> object:
    """Return what JSON has for a value that is not its own."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"Not JSON: {value!r}")


def print_error(error: DuplicationError) -> None:
    """Print an error to stderr: message, detail, hint."""
    click.echo(f"Error: {error.message}", err=True)
    if error.detail:
        click.echo(f"Detail: {error.detail.rstrip()}", err=True)
    hint = error.hint or (NOT_INSTALLED if error.sqlstate in MISSING_OBJECT else None)
    if hint:
        click.echo(f"Hint: {hint}", err=True)


def print_duplications(console: Console, duplications: Iterable[tuple[Duplication, Sequence[LevelProgress]]]) -> None:
    """Print a table of duplications, each with its progress."""
    table = make_table(["id", "tree", "root", "copy", "status", "driven by", "done", "requested"], right={"id", "done"})
    for duplication, levels in duplications:
        table.add_row(
            str(duplication.id),
            duplication.tree,
            duplication.root_key,
            duplication.new_root_key or "",
            format_status(duplication),
            duplication.driven_by,
            format_share(levels),
            format_time(duplication.requested_at),
        )
    console.print(table)


def print_duplication(
    console: Console, duplication: Duplication, levels: Sequence[LevelProgress], attempts: Sequence[Attempt] = ()
) -> None:
    """Print everything about one duplication."""
    facts = make_table(["", ""], show_header=False)
    for name, value in dataclasses.asdict(duplication).items():
        if name not in {"error", "not_before", "waiting_reason"} and value not in (None, {}):
            facts.add_row(name.replace("_", " "), format_value(value))
    if waiting := format_waiting(duplication):
        facts.add_row("waiting", waiting)
    console.print(facts)
    console.print(make_levels_table(levels))
    if attempts:
        print_attempts(console, attempts)
    if duplication.error:
        # Whole, and not folded by the console: a context has many lines, and all of them matter.
        for line in format_error(duplication.error):
            console.print(line, markup=False, soft_wrap=True)


def print_attempts(console: Console, attempts: Sequence[Attempt]) -> None:
    """Print a table of deliveries, the newest first."""
    table = make_table(["job", "level", "worker", "started", "ended", "outcome", "reason"], right={"job"})
    for attempt in attempts:
        table.add_row(
            str(attempt.id),
            attempt.level,
            attempt.worker,
            format_time(attempt.started_at),
            format_time(attempt.ended_at),
            attempt.outcome or "at work",
            attempt.reason or "",
        )
    console.print(table)


def print_dead_letters(console: Console, letters: Sequence[DeadLetter]) -> None:
    """Print a table of dead letters."""
    if not letters:
        console.print("No dead letters")
        return
    table = make_table(["message", "body", "what it is"])
    for letter in letters:
        table.add_row(letter.id, Text(letter.body), Text(letter.explanation))
    console.print(table)


def make_levels_table(levels: Sequence[LevelProgress]) -> Table:
    """Return a table of levels, with rows and time."""
    numbers = {"planned", "copied", "batches", "seconds", "rows/s"}
    table = make_table(["level", "status", "planned", "copied", "batches", "seconds", "rows/s"], right=numbers)
    for level in levels:
        if level.level is not None:
            seconds = measure_seconds(level)
            copied = level.rows_copied or 0
            table.add_row(
                level.level,
                level.level_status or "",
                format_number(level.rows_planned),
                format_number(level.rows_copied),
                format_number(level.batches),
                "" if seconds is None else f"{seconds:.2f}",
                format_number(round(copied / seconds)) if seconds else "",
            )
    return table


def print_differences(console: Console, differences: Sequence[Difference], total: int) -> None:
    """Print the differences that were kept, and how many there are."""
    if total == 0:
        console.print("No differences: the copy equals its source")
        return
    table = make_table(["level", "original", "copy", "difference", "column", "detail"])
    for item in differences:
        table.add_row(
            item.level,
            item.orig_key or "",
            item.new_key or "",
            item.difference,
            item.column_name or "",
            item.detail or "",
        )
    console.print(table)
    rest = total - len(differences)
    console.print(f"{total} differences" + (f", {rest} of them not shown" if rest else ""))


def make_table(columns: Sequence[str], *, right: Iterable[str] = (), show_header: bool = True) -> Table:
    """Return an empty table without lines."""
    table = Table(box=None, pad_edge=False, show_header=show_header, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def measure_seconds(level: LevelProgress) -> float | None:
    """Return how long a level took, or None when it is not over."""
    if level.started_at is None or level.completed_at is None:
        return None
    return (level.completed_at - level.started_at).total_seconds()


def format_status(duplication: Duplication) -> str:
    """Return a duplication's status, and what it waits for."""
    waiting = format_waiting(duplication)
    return f"{duplication.status}, waiting: {waiting}" if waiting else duplication.status


def format_waiting(duplication: Duplication) -> str:
    """Return what a duplication waits for and when it is tried again; nothing when it does not wait."""
    if duplication.waiting_reason is None or duplication.not_before is None:
        return ""
    return f"{duplication.waiting_reason}, again at {duplication.not_before.astimezone():%H:%M:%S}"


def format_share(levels: Sequence[LevelProgress]) -> str:
    """Return how much of all rows is done, in per cent."""
    planned = sum(level.rows_planned or 0 for level in levels)
    done = sum(level.rows_done or 0 for level in levels)
    return f"{100 * done // planned} %" if planned else ""


def format_error(error: Mapping[str, Any]) -> list[str]:
    """Return all that is known of an error."""
    return ["error", *(f"  {name}: {error[name]}" for name in ERROR_FIELDS if error.get(name) is not None)]


def format_number(number: int | None) -> str:
    """Return a number with its thousands set apart."""
    return "" if number is None else f"{number:,}"


def format_time(time_: datetime | None) -> str:
    """Return a time as this machine's clock shows it."""
    return "" if time_ is None else time_.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def format_value(value: Any) -> str:
    """Return any field for a person."""
    if isinstance(value, datetime):
        return format_time(value)
    return json.dumps(value) if isinstance(value, dict) else str(value)


class LevelBars:
    """Shows how far each level is: a bar for each on a terminal, in a pipe a line now and then.

    A context manager; update() is called with every new look at the levels.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("rows"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._told: dict[str, str] = {}
        self._told_at = 0.0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def update(self, levels: Sequence[LevelProgress]) -> None:
        """Show the levels as they are now."""
        if self._console.is_terminal:
            self._update_bars(levels)
        else:
            self._print_lines(levels)

    def _update_bars(self, levels: Sequence[LevelProgress]) -> None:
        for level in levels:
            if level.level is None:
                continue
            if level.level not in self._tasks:
                self._tasks[level.level] = self._bars.add_task(level.level, start=False, total=None)
            task = self._tasks[level.level]
            if level.started_at is not None:
                self._bars.start_task(task)
            self._bars.update(task, total=level.rows_planned, completed=level.rows_done or 0)
            if level.completed_at is not None:
                self._bars.stop_task(task)

    def _print_lines(self, levels: Sequence[LevelProgress]) -> None:
        now = time.monotonic()
        due = now - self._told_at > PLAIN_SECONDS
        for level in levels:
            if level.level is None or level.started_at is None:
                continue
            over = level.completed_at is not None
            line = f"{level.level}: {level.rows_done or 0} of {level.rows_planned or 0} rows"
            if (over or due) and self._told.get(level.level) != line:
                self._console.print(line)
                self._told[level.level] = line
                self._told_at = now
