"""Check that calls run one way: a routine calls those of its own folder of sql/procedures and of the folders before it.

The folders are numbered in the order of calls. Calls in the text of generated statements count as well.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

PROCEDURES = Path(__file__).resolve().parents[1] / "sql" / "procedures"
# a comment may point at whoever calls, a hint at what a person may call next
NO_CALL = re.compile(r"^\s*--.*?$|^comment on .*?;$|\bhint = .*?;$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"\b_?duplication\.(\w+)")


def routine_name(path: Path) -> str:
    """Return what a file is named after: its name without an ordering number."""
    return re.sub(r"^[0-9]+_", "", path.stem)


def find_upward_calls(procedures: Path) -> Iterator[str]:
    """Yield a line for each routine that names one of a folder further down the list."""
    files = sorted(procedures.rglob("*.sql"))
    folders = {routine_name(path): path.parent.name for path in files}
    for path in files:
        text = NO_CALL.sub("", path.read_text(encoding="utf-8"))
        for name in dict.fromkeys(NAME.findall(text)):
            if folders.get(name, "") > path.parent.name:
                yield f"{path.parent.name}/{path.name} calls {name}, which is further down, in {folders[name]}"


def main() -> int:
    found = list(find_upward_calls(PROCEDURES))
    for finding in found:
        print(finding, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
