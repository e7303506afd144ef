"""`duplication status` says what a duplication waits for, until when, and what came of every delivery of its jobs."""

from __future__ import annotations

from datetime import datetime

import psycopg
import pytest

from duplication.engine import Engine
from tests.driver.helpers import Run, document
from tests.support.aliases import Episode

BUSY = "CPU 91 % > 80 %"


@pytest.fixture
def waiting(engine: Engine, episode: Episode) -> int:
    """A duplication whose job was delivered while the database was busy."""
    duplication = engine.request_duplication("episode", str(episode()))
    assert engine.begin_attempt(duplication, "episodes", "m", "host:7", cpu_percent=91).decision == "later"
    return duplication


def again_at(engine: Engine, duplication: int) -> str:
    not_before = engine.find_duplication(duplication).not_before
    assert not_before is not None
    return f"again at {not_before.astimezone():%H:%M:%S}"


def test_the_list_says_what_is_waited_for_and_until_when(run: Run, engine: Engine, waiting: int) -> None:
    assert f"pending, waiting: {BUSY}, {again_at(engine, waiting)}" in run("status").output


def test_the_list_says_nothing_of_waiting_where_nobody_waits(run: Run, engine: Engine, waiting: int) -> None:
    engine.cancel(waiting)
    said = run("status").output
    assert "cancelled" in said
    assert "waiting" not in said


def test_one_says_so_in_a_line_of_its_own(run: Run, engine: Engine, waiting: int) -> None:
    lines = [" ".join(line.split()) for line in run("status", str(waiting)).output.splitlines()]
    assert f"waiting {BUSY}, {again_at(engine, waiting)}" in lines


def test_one_shows_every_delivery_the_newest_first(
    run: Run, engine: Engine, db: psycopg.Connection, waiting: int
) -> None:
    def deliveries() -> list[str]:
        return [line for line in run("status", str(waiting)).output.splitlines() if " host:" in line]

    db.execute("update duplication.duplications set not_before = clock_timestamp()")
    attempt = engine.begin_attempt(waiting, "episodes", "m2", "host:8").attempt
    second, first = deliveries()
    assert "host:8" in second
    assert second.rstrip().endswith("at work")
    assert "host:7" in first
    assert first.rstrip().endswith(BUSY)

    engine.end_attempt(attempt, "transient", {"level": "episodes", "sqlstate": "40001", "message": "try [again]"})

    assert " ".join(deliveries()[0].split()).endswith("transient try [again]")


def test_programs_are_told_the_same(run: Run, engine: Engine, waiting: int) -> None:
    one = document(run("status", str(waiting), "--json"))
    (listed,) = document(run("status", "--json"))
    found = engine.find_duplication(waiting)

    for told in (one["duplication"], listed["duplication"]):
        assert told["waiting_reason"] == BUSY
        assert datetime.fromisoformat(told["not_before"]) == found.not_before
    (attempt,) = one["attempts"]
    assert (attempt["level"], attempt["worker"], attempt["outcome"]) == ("episodes", "host:7", "later")
    assert attempt["reason"] == BUSY
    assert attempt["ended_at"] is not None


def test_the_list_says_when_nothing_is_copied_at_all(run: Run, db: psycopg.Connection) -> None:
    line = "Nothing is copied now: duplication is switched off"
    assert line not in run("status").output
    db.execute("update duplication.settings set enabled = false")
    assert line in run("status").output


def test_brackets_are_shown_as_they_are(run: Run, db: psycopg.Connection, engine: Engine, waiting: int) -> None:
    """Error messages, keys and options are other people's text."""
    db.execute("update duplication.duplications set waiting_reason = 'failure 1 of 5: no [/such] [bold]thing'")
    for arguments in ((), (str(waiting),)):
        assert "no [/such] [bold]thing, again at" in run("status", *arguments).output
