"""Measures copies against other ways of making them, in turn, round by round; see README.md beside this file.

Every round takes each way of each section once, on a fresh clone of a database. What is compared are ratios within a
round: they hold when the machine's speed drifts.
"""

import argparse
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import results as store
from benchmarks.bars import BARS, PER_SET_BARS, bars_table
from benchmarks.databases import SETTINGS, TINY_SETTINGS, server_version
from benchmarks.results import Record, Results, Stamp
from benchmarks.sections import SECTIONS, Site, prepared
from benchmarks.ways import Bench
from duplication.local.embedded import postgres_server, queue_server
from duplication.local.processes import temporary_home

ROUNDS = 5
QUICK_ROUNDS = 1


def parse_arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", help=f"sections, with commas between them: {','.join(SECTIONS)}")
    parser.add_argument("--rounds", type=int, help=f"how often each is measured ({ROUNDS}; some at most 3 times)")
    parser.add_argument("--quick", action="store_true", help="tiny shapes, to see that everything runs; writes nothing")
    parser.add_argument("--merge", action="store_true", help="replace these sections in the results there are")
    parser.add_argument("--output", type=Path, help="write the figures there, also when they are not of a whole run")
    options = parser.parse_args()
    options.sections = options.only.split(",") if options.only else list(SECTIONS)
    if unknown := [name for name in options.sections if name not in SECTIONS]:
        parser.error(f"there is no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    options.rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    return options


def run_round(site: Site, results: Results, number: int, sections: list[str]) -> None:
    """Measure each way of each section once."""
    for name in sections:
        section = SECTIONS[name]
        if number > section.most_rounds:
            continue
        for way in section.ways_of_round(number, is_tiny=site.bench.is_tiny):
            figures = section.measure(site, site.sources[section.shape], way)
            results.records.append(Record(name, number, way, figures))
            print(f"round {number}, {name}, {way}: {tell(figures)}", flush=True)


def tell(figures: dict[str, float]) -> str:
    """Return figures in a line."""
    return ", ".join(f"{name} {figure:,.{0 if figure >= 1000 else 3}f}" for name, figure in figures.items())


def begin_results(path: Path, site: Site, sections: list[str], *, is_merged: bool) -> Results:
    """Return the results to add to: empty ones, or with --merge those of the file, less what is measured anew."""
    settings = TINY_SETTINGS if site.bench.is_tiny else SETTINGS
    results = Results(store.describe_machine(server_version(site.bench.server)), settings)
    if is_merged and path.exists():
        before = store.load(path)
        results.stamps, results.counts, results.records = before.stamps, before.counts, before.records
    command = f'make bench ARGS="{shlex.join(sys.argv[1:])}"' if sys.argv[1:] else "make bench"
    stamp = Stamp(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", command, store.describe_commit())
    for section in sections:
        results.drop(section)
        results.stamps[section] = stamp
    results.counts |= {name: list(source.counts) for name, source in site.sources.items()}
    return results


def main() -> None:
    """Measure on the embedded server, or on that of PG_BINDIR; print the bars, and write the figures of a whole run."""
    options = parse_arguments()
    is_kept = options.output or (not options.quick and (options.only is None or options.merge))
    with (
        temporary_home("duplication-bench-") as home,
        postgres_server(home, None, **(TINY_SETTINGS if options.quick else SETTINGS)) as server,
        queue_server(home) as endpoint,
        prepared(Bench(server, endpoint, home, options.quick), options.sections) as site,
    ):
        path = options.output or store.path_for(server_version(server).split(".")[0])
        results = begin_results(path, site, options.sections, is_merged=options.merge)
        for number in range(1, options.rounds + 1):
            run_round(site, results, number, options.sections)
            if is_kept:
                # what is interrupted later was measured all the same
                store.save(results, path)
    print(f"\n{results.machine}\n")
    print("\n".join(bars_table(results, BARS, is_judged=not options.quick)))
    print("\nForeign keys per set:\n")
    print("\n".join(bars_table(results, PER_SET_BARS, is_judged=not options.quick)))
    if options.quick:
        print("\nThe shapes were tiny: this shows that everything runs, and says nothing about how fast.")


if __name__ == "__main__":
    main()
