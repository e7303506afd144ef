"""What is wanted of the figures, and whether it is so."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from benchmarks.results import Results, growth_per_row
from benchmarks.ways import PER_SET

Values = Callable[[Results], list[float]]


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure with what is wanted of it at least, or at most, and what is hoped for."""

    title: str
    wanted: float
    goal: float | None
    values: Values
    is_at_most: bool = False
    unit: str = ""
    middle: Callable[[list[float]], float] = median
    """What counts of the rounds' values."""

    def is_met(self, measured: float, mark: float) -> bool:
        """Tell whether a figure is as good as a mark."""
        return measured <= mark if self.is_at_most else measured >= mark


def times(over: tuple[str, str], under: tuple[str, str], name: str = "seconds") -> Values:
    """Return how to get a ratio, round by round; over and under are section and way."""
    return lambda results: results.ratios(over, under, name)


def each_round(section: str, way: str, name: str) -> Values:
    """Return how to get a figure, round by round."""
    return lambda results: list(results.figures(section, way, name).values())


def against_plain(title: str, section: str, way: str, wanted: float, goal: float) -> Bar:
    """Return a bar on the time of the plain statements over ours."""
    return Bar(f"plain / ours, {title}", wanted, goal, times((section, "plain"), (section, way)))


def bystander_bars(ours: str, title: str, way: str) -> list[Bar]:
    """Return the bars on how long somebody who updates the source has to wait, with our copy over something else."""
    figures = {"longest_update_ms": "update", "longest_ms": "transaction, with its commit"}
    return [
        Bar(
            f"bystander's longest {what}, with our copy / {title}",
            1,
            None,
            times(("bystander", ours), ("bystander", way), figure),
            is_at_most=True,
        )
        for figure, what in figures.items()
    ]


def client_bars(ours: str) -> list[Bar]:
    """Return the bars on copies through a client over a way of ours."""
    clients = {"framework": "an ORM's chunks", "chunked": "chunks by hand", "naive": "row by row"}
    wanted = {("clients", "no network"): (12, 12, 14), ("delayed", "1 ms"): (14, 14, 80)}
    return [
        Bar(f"{title} / ours, {network}", least, None, times((section, way), (section, ours)))
        for (section, network), marks in wanted.items()
        for (way, title), least in zip(clients.items(), marks, strict=True)
    ]


def all_bars(kind: str = "") -> list[Bar]:
    """Return the bars on ways of ours; kind: what their names end with."""
    ours, at_once, worker = (f"{way}{kind}" for way in ("ours", "ours, 2 sessions", "ours, worker"))
    return [
        against_plain("wide, 1 session", "wide", ours, 0.95, 1.05),
        against_plain("wide, 2 sessions", "wide", at_once, 1.6, 1.9),
        against_plain("thin, 1 session", "thin", ours, 0.75, 0.9),
        *client_bars(ours),
        Bar("plain / ours, small, warm session", 0.6, 0.8, times(("small", "plain"), ("small", ours), "warm_ms")),
        Bar("plain / ours, small, new session", 0.6, 0.8, times(("small", "plain"), ("small", ours), "cold_ms")),
        Bar(
            "small copies a second, 2 workers with a queue / 2 clients with the plain statements",
            0.4,
            0.6,
            times(("rush", worker), ("rush", "plain"), "copies_a_second"),
        ),
        Bar(
            "time per row, 5,000,000 / 500,000 blocks",
            1.15,
            None,
            lambda results: growth_per_row(results, ours),
            is_at_most=True,
        ),
        Bar(
            "worker's peak memory, 5,000,000 blocks",
            80,
            None,
            each_round("large", worker, "peak_mb"),
            is_at_most=True,
            unit=" MB",
            middle=max,
        ),
        Bar(
            "bystander's longest wait for a source row, with our copy",
            0,
            None,
            each_round("bystander", ours, "longest_lock_wait_ms"),
            is_at_most=True,
            unit=" ms",
            middle=max,
        ),
        *bystander_bars(ours, "without a copy", "nothing"),
        *bystander_bars(ours, "with the same copy in another database", "elsewhere"),
        *bystander_bars(ours, "with the plain statements", "plain"),
    ]


BARS = all_bars()
PER_SET_BARS = all_bars(PER_SET)
"""The same with foreign keys checked for a batch at once."""


def bars_table(results: Results, bars: list[Bar], *, is_judged: bool = True) -> list[str]:
    """Return the bars that were measured as a table in Markdown; is_judged: with what is met, for shapes in full."""
    lines = ["| | wanted | goal | measured | from–to | met |", "|---|---|---|---|---|---|"]
    for bar in bars:
        values = bar.values(results)
        if values:
            lines.append(bar_row(bar, values, is_judged=is_judged))
    return lines


def bar_row(bar: Bar, values: list[float], *, is_judged: bool) -> str:
    """Return a bar's row of the table."""
    measured = bar.middle(values)
    sign = "≤" if bar.is_at_most else "≥"
    met = "goal" if bar.goal is not None and bar.is_met(measured, bar.goal) else "yes"
    cells = [
        bar.title,
        f"{sign} {bar.wanted:g}{bar.unit}",
        "" if bar.goal is None else f"{sign} {bar.goal:g}",
        f"{measured:.3g}{bar.unit}",
        f"{min(values):.3g}–{max(values):.3g}",
        (met if bar.is_met(measured, bar.wanted) else "**no**") if is_judged else "",
    ]
    return f"| {' | '.join(cells)} |"
