"""The folders of the engine: listed in the design, in the order of calls, which run one way."""

from __future__ import annotations

import re
from pathlib import Path

from tools.check_calls import find_upward_calls

ROOT = Path(__file__).resolve().parents[2]
PROCEDURES = ROOT / "sql" / "procedures"


def test_the_design_lists_every_folder_of_the_engine_with_a_line() -> None:
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `sql/procedures/(\w+)` \| .+ \|$", text, re.MULTILINE)
    assert listed == sorted(path.name for path in PROCEDURES.iterdir())


def test_no_routine_calls_one_of_a_folder_further_down() -> None:
    assert list(find_upward_calls(PROCEDURES)) == []


def test_a_call_upwards_is_found_and_named(tmp_path: Path) -> None:
    """In a statement, and in the text of one; a comment and a hint may name whoever comes later."""
    low, high = tmp_path / "10_low", tmp_path / "20_high"
    low.mkdir()
    high.mkdir()
    (high / "copy.sql").write_text("create or replace function _duplication.copy() ...; perform _duplication.find();")
    (low / "find.sql").write_text("""
        -- see _duplication.copy
        raise exception using
            message = 'no',
            hint = 'Call it: select _duplication.copy().';
    """)
    assert list(find_upward_calls(tmp_path)) == []
    (low / "format.sql").write_text("return format('select _duplication.copy(%L)', p_key);")
    assert list(find_upward_calls(tmp_path)) == ["10_low/format.sql calls copy, which is further down, in 20_high"]
