"""Writes docs/benchmarks.md, between its two marks, and its plots from the results of every version there are.

Usage: report.py [--results DIRECTORY] [--document FILE]. Measures nothing.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import results as store
from benchmarks.bars import BARS, PER_SET_BARS, bars_table
from benchmarks.databases import HERE
from benchmarks.plots import draw
from benchmarks.results import Results
from benchmarks.tables import bystander_table, clients_table, costs_table, shapes_table, small_table

DOCUMENT = HERE.parent / "docs" / "benchmarks.md"
BEGIN = "<!-- measured: written by benchmarks/report.py -->"
END = "<!-- /measured -->"
RESULTS = "../benchmarks/results"
PLOTS = {
    "speed": "How many times as fast as the plain statements a copy is, for each shape",
    "clients": "How many times as long as a copy of ours a copy through a client takes",
    "bystander": "How long an application's updates of the source take, with and without a copy",
}

CHAPTERS: list[tuple[str, str, Callable[[Results], Iterator[str]]]] = [
    ("Trees of different shapes", "speed", shapes_table),
    ("Costs other than time", "", costs_table),
    ("Through a client", "clients", clients_table),
    ("Small episodes", "", small_table),
    ("An application that updates the source", "bystander", bystander_table),
]
"""Titles, plots, and what yields the tables."""


def parts(results: Results, plots: dict[str, str]) -> Iterator[str]:
    """Yield the paragraphs on a version: titles, plots, tables, text; nothing on what was not measured.

    Parameters: plots, the path of each that could be drawn, as the document names it.
    """
    yield f"## PostgreSQL {results.machine.major}"
    yield f"{results.machine}."
    yield from how_taken(results)
    yield "### What is wanted"
    yield "\n".join(bars_table(results, BARS))
    yield "With foreign keys checked for a batch at once (`settings.foreign_keys_per_set`):"
    yield "\n".join(bars_table(results, PER_SET_BARS))
    for title, plot, tables in CHAPTERS:
        found = list(tables(results))
        if found:
            yield f"### {title}"
            yield from [f"![{PLOTS[plot]}]({plots[plot]})"] if plot in plots else []
            yield from found


def how_taken(results: Results) -> Iterator[str]:
    """Yield by which runs the figures were taken."""
    settings = ", ".join(f"`{name} = {value}`" for name, value in results.settings.items())
    for stamp in dict.fromkeys(results.stamps.values()):
        sections = [name for name, one in results.stamps.items() if one == stamp]
        what = "" if len(sections) == len(results.stamps) else f" ({', '.join(sections)})"
        rounds = tell_rounds(results, sections)
        yield f"Measured {stamp.taken}{what} with `{stamp.command}` at commit {stamp.commit}, in {rounds}."
    file = f"{results.machine.major}.json"
    link = f"[{file}]({RESULTS}/{file})"
    yield f"Every way has the same server settings: {settings}. {link} has all figures of all rounds."


def tell_rounds(results: Results, sections: list[str]) -> str:
    """Return how many rounds there were, and which sections had fewer."""
    rounds = {name: max(one.round for one in results.records if one.section == name) for name in sections}
    most = max(rounds.values())
    fewer = [f"{name} {number}" for name, number in rounds.items() if number < most]
    return f"{most} rounds" + (f" ({', '.join(fewer)})" if fewer else "")


def render(results: Results, document: Path) -> str:
    """Draw the plots of a version beside the document, and return its part of the text."""
    directory = document.with_suffix("")
    drawn = draw(results, directory)
    paths = {name: path.relative_to(document.parent).as_posix() for name, path in drawn.items()}
    return "\n\n".join(parts(results, paths))


def main() -> None:
    """Render all versions, the newest first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=store.DIRECTORY)
    parser.add_argument("--document", type=Path, default=DOCUMENT)
    options = parser.parse_args()
    files = sorted(options.results.glob("*.json"), key=lambda path: -int(path.stem))
    if not files:
        parser.exit(0, "There are no results of a whole run; nothing is written\n")
    text = options.document.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    measured = "\n\n".join(render(store.load(path), options.document) for path in files)
    options.document.write_text(f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}", encoding="utf-8")
    print(f"{options.document.name} is written from {', '.join(path.name for path in files)}")


if __name__ == "__main__":
    main()
