"""Which statuses there are, what they are and what may follow is said in one place, and asked everywhere else."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from tests.support.aliases import Connection
from tests.support.calls import value

ROOT = Path(__file__).resolve().parents[3]
DESIGN = ROOT / "docs" / "design.md"
OWNER = ROOT / "sql" / "foundation" / "01_statuses.sql"
NAMED_ELSEWHERE = {
    "sql/schema/30_duplications.sql": "the first status of all",
    "sql/procedures/10_events/01_progress.sql": "those of a level, which are not those of a duplication",
    "driver/duplication/web/page.py": "a list of the page, not a status",
    "driver/duplication/web/templates/overview.html": "a list of the page, not a status",
}
"""Files that may name a status, and why."""

ACTIONS = ("start", "complete", "fail", "cancel", "retry", "discard", "finish_discard")

SENT = "driven_by = 'queue' and traits ? 'active' and not_before is null"
LOOK_UPS = {
    "duplications_to_dispatch_idx": f"{SENT} and dispatched_at is null order by id limit 1",
    "duplications_sent_idx": f"{SENT} order by dispatched_at limit 1",
    "duplications_shown_first_idx": "traits ? 'unfinished' order by id limit 1",
    "duplications_failed_idx": "traits ? 'has_error' order by failed_at limit 1",
    "duplications_cancelled_idx": "traits ? 'given_up' order by cancelled_at limit 1",
    "duplications_discarding_idx": "traits ? 'being_deleted' order by discarding_at limit 1",
    "duplications_to_purge_idx": """
        traits ? 'over' and purged_at is null order by coalesce(discarded_at, completed_at), id limit 1
    """,
}
"""What is looked up again and again, by the index that is there for it."""


def statuses(db: Connection) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = value(db, "select _duplication.statuses()")
    return found


def test_no_other_file_names_a_status(db: Connection) -> None:
    literal = re.compile(rf"""(["'])({"|".join(statuses(db))})\1""")
    found = {}
    for folder, suffixes in (("sql", {".sql"}), ("driver", {".py", ".js", ".html"})):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in suffixes and path != OWNER:
                text = re.sub(r"^\s*--.*$|''|raise_wrong_status\(.*", "", path.read_text(encoding="utf-8"), flags=re.M)
                if names := {name for _, name in literal.findall(text)}:
                    found[str(path.relative_to(ROOT))] = names
    assert found.keys() == NAMED_ELSEWHERE.keys(), found


def test_the_diagram_of_the_design_has_each_transition(db: Connection) -> None:
    diagram = DESIGN.read_text(encoding="utf-8").split("A duplication:")[1].split("```")[1]
    drawn = set(re.findall(r"^ +(\w+) --> (\w+) :", diagram, re.M))
    said = {(name, after) for name, one in statuses(db).items() for action, after in one.items() if action != "is"}
    assert drawn == said - {("discarding", "discarding")}


def test_an_action_leads_to_a_status_that_there_is(db: Connection) -> None:
    known = statuses(db)
    for name, one in known.items():
        for action in one.keys() - {"is"}:
            assert action in ACTIONS
            assert one[action] in known
            assert value(db, "select _duplication.status_after(%s, %s)", name, action) == one[action]
    assert db.execute("select _duplication.status_after('pending', 'retry')").fetchone() == (None,)


def test_a_status_that_there_is_not_is_refused(db: Connection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="status_is_known"):
        db.execute("insert into duplication.duplications (tree, root_key, status) values ('episode', '1', 'stuck')")


@pytest.mark.parametrize("index", LOOK_UPS)
def test_what_is_looked_up_often_is_found_by_an_index(db: Connection, index: str) -> None:
    """Among ten thousand that are completed."""
    db.execute("""
        insert into duplication.duplications (tree, root_key, new_root_key, status, started_at, completed_at, purged_at)
        select 'episode', n, n, 'completed', now(), now(), now() from generate_series(1, 10000) as n
    """)
    db.execute("analyze duplication.duplications")
    plan = db.execute(f"explain select id from duplication.duplications where {LOOK_UPS[index]}".encode()).fetchall()
    # of two that are as good as empty it may take either
    assert "_idx" in str(plan)
    assert "Seq Scan" not in str(plan)
