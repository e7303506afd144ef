"""The plots of the report, as SVG: text as text, and colors that can be read on light and on dark."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from benchmarks.results import Results, middle
from benchmarks.tables import measured_shapes

INK = "#768390"
COLORS = ("#3b82f6", "#e8833a", "#2fa36b", "#9b6dd6", "#c9a227", "#5aa9c4")
WIDTH_INCHES = 7.5
SIDES = {
    "ours": "1 session", "ours, 2 sessions": "2 sessions", "ours, worker": "queue and worker",
    "ours, per set": "1 session, keys per set", "ours, 2 sessions, per set": "2 sessions, keys per set",
    "ours, worker, per set": "queue and worker, keys per set",
}  # fmt: skip
CLIENTS = {"chunked": "chunks by hand", "framework": "an ORM's chunks", "naive": "row by row"}
MEANWHILE = {
    "nothing": "nothing",
    "plain": "the plain statements",
    "ours": "a copy of ours",
    "ours, per set": "the same, keys per set",
    "elsewhere": "the same elsewhere",
}
SHAPE_LABELS = {"single": "one parent"}
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "benchmarks",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
    "font.size": 9,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
}


@contextmanager
def chart(path: Path, title: str, results: Results, rows: int) -> Iterator[Axes]:
    """Yield axes for horizontal bars, and write them to a file after the block.

    Parameters: title; results, whose machine is named below; rows, how many bars there will be.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_INCHES, 1.2 + 0.22 * rows), layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(title, fontsize=10, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        axes.patch.set_visible(False)
        yield axes
        machine = results.machine
        figure.supxlabel(
            f"make bench: PostgreSQL {machine.postgres}, {machine.cores} cores ({machine.processor}), "
            f"{machine.memory_gb} GB, {machine.system}; medians, lines from the lowest round to the highest",
            fontsize=7,
        )
        figure.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})


def bars(
    axes: Axes, groups: list[str], series: dict[str, str], values: Callable[[str, str], list[float]], form: str
) -> None:
    """Draw a group of bars for each name, a bar for each series, with the median beside it.

    Parameters: series, with what to call them; values, of a group and a series, round by round; form, of the numbers.
    """
    height = 0.8 / len(series)
    for place, one in enumerate(series):
        found = [values(group, one) for group in groups]
        middles = [middle(each) or 0 for each in found]
        errors = [
            [each - min(all_, default=0) for each, all_ in zip(middles, found, strict=True)],
            [max(all_, default=0) - each for each, all_ in zip(middles, found, strict=True)],
        ]
        at = [number + (place - (len(series) - 1) / 2) * height for number in range(len(groups))]
        axes.barh(at, middles, 0.85 * height, color=COLORS[place], label=series[one])
        axes.errorbar(middles, at, xerr=errors, fmt="none", ecolor=INK, elinewidth=0.8)
        for each, number, all_ in zip(middles, at, found, strict=True):
            if all_:
                axes.annotate(
                    form.format(each), (max(all_), number), xytext=(4, 0), textcoords="offset points",
                    verticalalignment="center", fontsize=8,
                )  # fmt: skip
    axes.set_yticks(range(len(groups)), groups)
    axes.invert_yaxis()
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def use_log_scale(axes: Axes) -> None:
    """Make the values' axis logarithmic, with plain numbers at it."""
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())


def draw_speed(results: Results, path: Path) -> bool:
    """Draw the plain statements' time over ours; returns whether there is something to draw."""
    shapes = measured_shapes(results)
    if not shapes:
        return False
    names = {SHAPE_LABELS.get(shape, shape): shape for shape in shapes}
    with chart(path, "times as fast as the plain statements", results, len(SIDES) * len(shapes)) as axes:
        bars(
            axes, list(names), SIDES,
            lambda name, way: results.ratios((names[name], "plain"), (names[name], way)), "{:.2f}",
        )  # fmt: skip
        axes.axvline(1, color=INK, linewidth=0.8, linestyle="--")
    return True


def draw_clients(results: Results, path: Path) -> bool:
    """Draw the time through a client over ours; returns whether there is something to draw."""
    names = {"loopback": "clients", "1 ms away": "delayed"}
    if not set(names.values()) <= results.stamps.keys():
        return False
    with chart(path, "times as long as ours, 1 session", results, len(CLIENTS) * len(names)) as axes:
        bars(
            axes, list(names), CLIENTS,
            lambda name, way: results.ratios((names[name], way), (names[name], "ours")), "{:.0f}",
        )  # fmt: skip
        use_log_scale(axes)
        axes.set_xlim(left=1)
    return True


def draw_bystander(results: Results, path: Path) -> bool:
    """Draw how long a bystander's updates take; returns whether there is something to draw."""
    names = {"median": "median_ms", "99 %": "p99_ms", "longest": "longest_ms"}
    if "bystander" not in results.stamps:
        return False
    with chart(
        path, "an update of the source takes, in milliseconds, during", results, len(MEANWHILE) * len(names)
    ) as axes:
        bars(
            axes, list(names), MEANWHILE,
            lambda name, way: list(results.figures("bystander", way, names[name]).values()), "{:.1f}",
        )  # fmt: skip
        use_log_scale(axes)
    return True


def draw(results: Results, directory: Path) -> dict[str, Path]:
    """Draw all plots of a version into a directory; returns those that there is something to draw for, by name."""
    directory.mkdir(exist_ok=True)
    drawers = {"speed": draw_speed, "clients": draw_clients, "bystander": draw_bystander}
    paths = {name: directory / f"{name}-{results.machine.major}.svg" for name in drawers}
    return {name: paths[name] for name, drawer in drawers.items() if drawer(results, paths[name])}
