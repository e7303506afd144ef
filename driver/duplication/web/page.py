"""The page, as HTML. Everything that is shown goes through the templates' escaping."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from duplication.display.overview import View
from duplication.display.render import ERROR_FIELDS, format_number, format_time, format_waiting
from duplication.display.screens import format_rate, format_seconds
from duplication.errors import DuplicationError
from duplication.models import Batch

TIMELINE_WIDTH = 600
MOST_BATCHES = 100


class Page:
    """Renders what is shown. Parameters: copy_url, the address of a copy, with {tree} and {key}; None for no links."""

    def __init__(self, copy_url: str | None) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
        )
        self._templates.globals.update(
            link_copy=lambda view: link_copy(copy_url, view),
            list_bars=list_bars,
            describe_batches=describe_batches,
            name_list=name_list,
            error_fields=ERROR_FIELDS,
            timeline_width=TIMELINE_WIDTH,
        )
        self._templates.filters.update(
            number=format_number, rate=format_rate, seconds=format_seconds, waiting=format_waiting, time=format_time
        )

    def show_overview(
        self,
        position: str,
        unfinished: Sequence[View],
        failed: Sequence[View],
        recent: Sequence[View],
        before: int | None,
    ) -> str:
        """Return the whole page.

        Parameters: position, the feed's cursor before the rest was read; unfinished, the oldest first; failed, the
        newest first; recent, of any status, the newest first; before, the id that recent ones are older than.
        """
        over = recent if before else [view for view in recent if name_list(view) == "over"]
        older = recent[-1].duplication.id if recent else None
        return self._render(
            "overview.html",
            position=position,
            unfinished=unfinished,
            failed=failed,
            over=over,
            older=older,
            before=before,
        )

    def show_one(self, view: View) -> str:
        """Return a page about one duplication."""
        return self._render("one.html", view=view)

    def show_section(self, view: View) -> str:
        """Return the part of a page that is about one duplication."""
        return self._render("section.html", view=view)

    def show_error(self, error: DuplicationError) -> str:
        """Return a page that says what went wrong."""
        return self._render("error.html", error=error.as_dict())

    def _render(self, template: str, **values: object) -> str:
        return self._templates.get_template(template).render(values)


def link_copy(copy_url: str | None, view: View) -> str | None:
    """Return the address of the copy, in the application that it is for."""
    if copy_url is None or view.duplication.new_root_key is None:
        return None
    return copy_url.replace("{tree}", quote(view.duplication.tree, safe="")).replace(
        "{key}", quote(view.duplication.new_root_key, safe="")
    )


def name_list(view: View) -> str:
    """Return which of the overview's lists a duplication is in."""
    if not view.is_over:
        return "unfinished"
    return "failed" if "has_error" in view.duplication.traits else "over"


def list_bars(view: View, level: str) -> list[tuple[float, float]]:
    """Return where each of a level's latest batches begins on the timeline, and how wide it is."""
    latest = view.batches[:MOST_BATCHES]
    if not latest:
        return []
    begun = min(batch.started_at for batch in latest)
    seconds = max((batch.ended_at - begun).total_seconds() for batch in latest) or 1.0
    scale = TIMELINE_WIDTH / seconds
    return [
        (
            round((batch.started_at - begun).total_seconds() * scale, 1),
            max(1.0, round((batch.ended_at - batch.started_at).total_seconds() * scale - 0.5, 1)),
        )
        for batch in latest
        if batch.level == level
    ]


def describe_batches(view: View, level: str) -> str:
    """Return the timeline of a level in words."""
    seconds = [measure(batch) for batch in view.batches[:MOST_BATCHES] if batch.level == level]
    if not seconds:
        return "no batch lately"
    average, longest = sum(seconds) / len(seconds), max(seconds)
    return f"{len(seconds)} of the latest batches, {average:.2f} s on average, the longest {longest:.2f} s"


def measure(batch: Batch) -> float:
    """Return how long a batch took, in seconds."""
    return (batch.ended_at - batch.started_at) / timedelta(seconds=1)
