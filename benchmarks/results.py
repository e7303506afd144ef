"""What was measured, kept as JSON: every figure of every round, and what is needed to know how it came about."""

import dataclasses
import json
import platform
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks.databases import HERE

DIRECTORY = HERE / "results"


@dataclass(frozen=True, slots=True)
class Machine:
    """What it was measured on."""

    cores: int
    processor: str
    architecture: str
    memory_gb: int
    system: str
    python: str
    postgres: str

    @property
    def major(self) -> str:
        """Return PostgreSQL's major version."""
        return self.postgres.split(".")[0]

    def __str__(self) -> str:
        """Return all of it in a line."""
        return (
            f"{self.cores} cores ({self.processor}, {self.architecture}), {self.memory_gb} GB, {self.system}, "
            f"PostgreSQL {self.postgres}, Python {self.python}"
        )


@dataclass(frozen=True, slots=True)
class Record:
    """What one measurement has found: figures by name (seconds, wal_mb …)."""

    section: str
    round: int
    way: str
    figures: dict[str, float]


@dataclass(frozen=True, slots=True)
class Stamp:
    """The run that a section was measured in."""

    taken: str
    command: str
    commit: str


@dataclass
class Results:
    """All that was measured with one version of PostgreSQL."""

    machine: Machine
    settings: dict[str, str]
    stamps: dict[str, Stamp] = field(default_factory=dict)
    """By section."""
    counts: dict[str, list[int]] = field(default_factory=dict)
    """Rows of each level, by shape."""
    records: list[Record] = field(default_factory=list)

    def drop(self, section: str) -> None:
        """Forget what was measured for a section."""
        self.records = [one for one in self.records if one.section != section]

    def figures(self, section: str, way: str, name: str) -> dict[int, float]:
        """Return a figure, by round."""
        return {
            one.round: one.figures[name]
            for one in self.records
            if (one.section, one.way) == (section, way) and name in one.figures
        }

    def middle(self, section: str, way: str, name: str = "seconds") -> float | None:
        """Return the median of a figure over the rounds; None if it was not measured."""
        found = self.figures(section, way, name).values()
        return median(found) if found else None

    def highest(self, section: str, way: str, name: str) -> float | None:
        """Return the highest of a figure over the rounds; None if it was not measured."""
        return max(self.figures(section, way, name).values(), default=None)

    def ratios(self, over: tuple[str, str], under: tuple[str, str], name: str = "seconds") -> list[float]:
        """Return, for each round that has both, how many times the second's figure the first's is.

        Parameters: over, under: section and way; name, of the figure. None when the two are not of the same run.
        """
        if self.stamps.get(over[0]) != self.stamps.get(under[0]):
            return []
        above, below = self.figures(*over, name), self.figures(*under, name)
        return [above[number] / below[number] for number in sorted(above.keys() & below.keys()) if below[number]]

    def rows(self, shape: str) -> int:
        """Return the rows of a shape, all levels."""
        return sum(self.counts[shape])


def growth_per_row(results: Results, way: str) -> list[float]:
    """Return the time per row of the large tree over that of the wide one, round by round."""
    found = results.ratios(("large", way), ("wide", way))
    return [ratio * results.rows("wide") / results.rows("large") for ratio in found]


def middle(ratios: list[float]) -> float | None:
    """Return the median; None of nothing."""
    return median(ratios) if ratios else None


def path_for(major: str, directory: Path = DIRECTORY) -> Path:
    """Return the file of a major version's results."""
    return directory / f"{major}.json"


def save(results: Results, path: Path) -> None:
    """Write the results, a measurement on a line."""
    document = dataclasses.asdict(results)
    records = [json.dumps(one | {"figures": rounded(one["figures"])}) for one in document.pop("records")]
    head = json.dumps(document, indent=2, ensure_ascii=False)[:-2]
    path.parent.mkdir(exist_ok=True)
    path.write_text(head + ',\n  "records": [\n    ' + ",\n    ".join(records) + "\n  ]\n}\n", encoding="utf-8")


def rounded(figures: dict[str, float]) -> dict[str, float]:
    """Return figures with as many digits as mean anything."""
    return {name: float(f"{figure:.5g}") if abs(figure) < 1e5 else round(figure) for name, figure in figures.items()}


def load(path: Path) -> Results:
    """Read results that were saved."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Results(
        Machine(**document["machine"]),
        document["settings"],
        {section: Stamp(**stamp) for section, stamp in document["stamps"].items()},
        document["counts"],
        [Record(**one) for one in document["records"]],
    )


def describe_machine(postgres: str) -> Machine:
    """Return this machine, with a version of PostgreSQL."""
    return Machine(
        psutil.cpu_count() or 1,
        read_processor(),
        platform.machine(),
        round(psutil.virtual_memory().total / 2**30),
        f"{platform.system()} {platform.release().split('-')[0]}",
        platform.python_version(),
        postgres,
    )


def read_processor() -> str:
    """Return the processor's name where the kernel tells it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "processor"


def describe_commit() -> str:
    """Return the commit that is checked out, with a plus if something was changed since; empty outside of git."""
    done = subprocess.run(
        ["/usr/bin/env", "git", "describe", "--always", "--dirty=+"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    return str(done.stdout).strip()
