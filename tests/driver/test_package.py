"""The names that the package offers are documented, are enough for an application, and are quick to import."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import duplication
from duplication import Duplication, DuplicationError, Engine, Event, LevelProgress, WrongStatus, follow_feed


def test_each_name_is_in_the_docstring() -> None:
    assert duplication.__doc__ is not None
    named = set(re.findall(r"`(\w+)`", duplication.__doc__))
    assert named == set(duplication.__all__)


def test_an_application_needs_no_other_names(dsn: str, source: str) -> None:
    with Engine.connect(dsn) as engine:
        position = engine.feed_position()
        id_ = engine.request_duplication("episode", source)
        found: Duplication = engine.find_duplication(id_)
        assert found.status == "pending"
        while (level := engine.next_level(id_)) is not None:
            engine.duplicate_level(id_, level)
        levels: list[LevelProgress] = engine.list_progress(id_)
        assert [level.level_status for level in levels] == ["completed"] * 4
        assert list(engine.verify(id_)) == []
        events: list[Event] = next(follow_feed(engine, position))
        assert [events[0].type, events[-1].type] == ["duplication.requested", "duplication.completed"]
        with pytest.raises(WrongStatus) as caught:
            engine.retry(id_)
        assert isinstance(caught.value, DuplicationError)


def test_the_package_brings_nothing_that_is_big() -> None:
    program = "import duplication, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert {"boto3", "alembic", "click", "pydantic", "rich"}.isdisjoint(done.stdout.split())
