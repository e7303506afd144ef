"""The sample has the shape that is asked for, and its troubles get in the way of copies."""

from __future__ import annotations

import psycopg
import pytest

from duplication.engine import Engine
from duplication.errors import DatabaseError
from duplication.local.sample import hold_series, load_episode, load_troubles
from tests.driver.helpers import complete
from tests.support.aliases import Episode
from tests.support.calls import value

LEVELS = ["episodes", "parts", "items", "blocks"]


def test_the_sample_episode_has_the_shape(db: psycopg.Connection, engine: Engine) -> None:
    key = load_episode(engine, 2, 3, 4)
    assert value(db, "select count(*) from public.episodes where id::text = %s", key) == 1
    assert [value(db, f"select count(*) from public.{level}") for level in LEVELS] == [1, 2, 6, 24]


def test_sample_troubles_refuse_one_copy_and_hold_up_another(
    dsn: str, db: psycopg.Connection, engine: Engine, episode: Episode
) -> None:
    refused, held = str(episode(parts=2, items=1, blocks=4)), str(episode(parts=1))
    load_troubles(engine, refused, held)
    try:
        with pytest.raises(DatabaseError) as caught:
            complete(engine, engine.open_duplication("episode", refused))
        assert caught.value.sqlstate == "23514"
        assert [failed.root_key for failed in engine.list_failed()] == [refused]
        with hold_series(engine), Engine.connect(dsn) as copier, pytest.raises(DatabaseError) as caught:
            complete(copier, copier.open_duplication("episode", held))
        assert caught.value.sqlstate == "55P03"
        complete(engine, engine.open_duplication("episode", held))
    finally:
        db.execute("alter table public.blocks drop constraint block_is_protected")
        db.execute("alter table public.episodes drop column series_id")
        db.execute("drop table public.series")
