"""The table of docs/reliability.md: `python -m tests.faults.table DIRECTORY...`, each the FAULTS_REPORT of a run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.faults.catalog import FAULTS


def main() -> None:
    """Print a row per fault: what it shows, and for each run how long it took to go on, and until all were over."""
    directories = [Path(name) for name in sys.argv[1:]]
    versions = [(directory / "version").read_text() for directory in directories]
    print("| fault | what it shows |", " | ".join(f"goes on / over, {version}" for version in versions), "|")
    print("|---|---|" + "---|" * len(directories))
    for fault in FAULTS:
        cells = [fault.name.replace("_", " "), fault.shows, *(read_cell(path, fault.name) for path in directories)]
        print("|", " | ".join(cells), "|")


def read_cell(directory: Path, name: str) -> str:
    """Return the seconds of a fault in one run; a dash where it could not be made."""
    file = directory / f"{name}.json"
    if not file.exists():
        return "–"
    figures = json.loads(file.read_text())
    return f"{figures['goes_on']:.1f} s / {figures['over']:.1f} s"


if __name__ == "__main__":
    main()
