"""A database is migrated as often as one likes, by several at once, with content tables or without, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config

from duplication import migrations
from duplication.engine import Engine
from duplication.errors import InvalidTree
from duplication.local.sample import load_episode
from duplication.migrations import MigrationFailed, find_sql_home, migrate
from tests.driver.helpers import Command, Dump, NewDsn
from tests.support.calls import value
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def alembic() -> Callable[[str], Config]:
    """What a developer uses: alembic with the file of the checkout."""

    def config(dsn: str) -> Config:
        found = Config(ROOT / "alembic.ini")
        found.set_main_option("sqlalchemy.url", dsn)
        return found

    return config


def relations(dsn: str, schema: str) -> set[str]:
    with psycopg.connect(dsn) as conn:
        found = conn.execute(
            """
            select relname from pg_class where relnamespace = to_regnamespace(%(schema)s) and relkind in ('r', 'v')
            union all
            select proname from pg_proc where pronamespace = to_regnamespace(%(schema)s)
            """,
            {"schema": schema},
        )
        return {row[0] for row in found}


def test_migrating_again_changes_nothing(new_dsn: NewDsn, dump: Dump) -> None:
    once, twice = new_dsn(), new_dsn()
    revisions = migrate(once, with_content=True)
    assert migrate(twice, with_content=True) == revisions
    with psycopg.connect(twice) as conn:
        installation = conn.execute("select id from _duplication.installation").fetchone()
    assert migrate(twice, with_content=True) == revisions
    assert dump(twice) == dump(once)
    with psycopg.connect(twice) as conn:
        assert conn.execute("select id from _duplication.installation").fetchone() == installation


def test_two_migrations_at_once_are_one(new_dsn: NewDsn, dump: Dump, tmp_path: Path) -> None:
    dsn, other = new_dsn(), new_dsn()
    arguments = ("--dsn", dsn, "migrate", "--with-content")
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("select pg_advisory_lock(hashtextextended('duplication:migrate', 0))")
        with Command({}, tmp_path / "1.log", *arguments) as one, Command({}, tmp_path / "2.log", *arguments) as two:
            waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            eventually(lambda: value(conn, waiting) == 2, "both have begun")
            conn.execute("select pg_advisory_unlock_all()")
            assert (one.wait(), two.wait()) == (0, 0), one.said + two.said
    migrate(other, with_content=True)
    assert dump(dsn) == dump(other)


def test_the_engine_can_be_installed_without_content_tables(new_dsn: NewDsn, alembic: Callable[[str], Config]) -> None:
    """The tree's tables are looked for when it is asked for, and what is missing is said then."""
    dsn = new_dsn()
    command.upgrade(alembic(dsn), "engine@head")
    assert relations(dsn, "public") == set()
    with Engine.connect(dsn) as engine:
        with pytest.raises(InvalidTree) as caught:
            engine.request_duplication("episode", "1")
        assert caught.value.hint
        migrate(dsn, with_content=True)
        engine.request_duplication("episode", load_episode(engine, 1, 1, 1))


def test_downgraded_nothing_of_ours_is_left_and_it_can_be_installed_again(
    new_dsn: NewDsn, alembic: Callable[[str], Config], dump: Dump
) -> None:
    dsn, other = new_dsn(), new_dsn()
    migrate(dsn, with_content=True)
    command.downgrade(alembic(dsn), "base")
    assert relations(dsn, "duplication") == set()
    assert relations(dsn, "_duplication") == {"alembic_version"}
    assert relations(dsn, "public") == set()
    command.upgrade(alembic(dsn), "heads")
    migrate(other, with_content=True)
    assert dump(dsn) == dump(other)


def test_a_migration_that_fails_names_file_and_line_and_changes_nothing(new_dsn: NewDsn, dump: Dump) -> None:
    """Something of the application's is in the way of a routine."""
    dsn = new_dsn()
    with psycopg.connect(dsn) as conn:
        conn.execute("create schema duplication; create table duplication.progress (id integer)")
    before = dump(dsn)
    with pytest.raises(MigrationFailed, match=r"sql/procedures/.*progress\.sql:\d+: .*progress"):
        migrate(dsn)
    assert dump(dsn) == before


def test_every_file_is_one_routine_or_view_and_the_other_way_round(db: psycopg.Connection) -> None:
    """No second signature beside an old one, nothing left behind by a file that is gone."""
    files = Counter(
        path.stem.lstrip("0123456789_")
        for folder in ("foundation", "procedures")
        for path in (find_sql_home() / folder).rglob("*.sql")
    )
    for statements_only in ("schemas", "grants", "drop_leftovers"):
        del files[statements_only]
    assert set(files.values()) == {1}
    made = db.execute("""
        select proname from pg_proc where pronamespace::regnamespace::text in ('duplication', '_duplication')
        union all
        select relname
        from pg_class
        where relnamespace::regnamespace::text in ('duplication', '_duplication') and relkind = 'v'
    """)
    assert Counter(row[0] for row in made) == files


def test_the_sql_of_a_checkout_is_found_beside_the_driver() -> None:
    assert migrations.find_sql_home() == ROOT / "sql"
