"""An upgraded installation is like a new one, by `duplication migrate` and by the one file of `make dist`."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config

from duplication import migrations
from duplication.engine import VERSIONS
from duplication.migrations import MigrationFailed, migrate
from tests.driver.helpers import Dump, NewDsn
from tests.support.calls import value
from tools import make_dist

NEWEST = migrations.newest_version()
NEXT = NEWEST + 1
Release = Callable[[], None]
Install = Callable[[str], None]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """From when it is called, the SQL is that of a next release.

    A table has one more column, a routine is gone, one has another signature, and one is new.
    """

    def make() -> None:
        home = tmp_path / "sql"
        shutil.copytree(migrations.find_sql_home(), home)
        monkeypatch.setattr(migrations, "find_sql_home", lambda: home)
        base, tables = home / "procedures" / "00_base", home / "schema" / "20_trees.sql"
        edit(tables, "not null default 'public'\n", "not null default 'public',\n    note text\n")
        edit(base / "version.sql", f"select {NEWEST};", f"select {NEXT};")
        retry = home / "procedures" / "40_requests" / "retry.sql"
        edit(retry, "duplication.retry(p_id bigint)", "duplication.retry(p_id bigint, p_note text default null)")
        edit(retry, "duplication.retry(bigint)", "duplication.retry(bigint, text)")
        (base / "other.sql").write_text(
            "create or replace function _duplication.other() returns text language sql as $$ select '$file_0$' $$;"
        )
        (home / "procedures" / "70_copy" / "duplicate_blocks.sql").unlink()
        config = Config()
        config.set_main_option("script_location", str(home / "migrations"))
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        command.revision(config, "Note", head="engine@head", rev_id=migrations.engine_revision(NEXT))
        (home / "migrations" / "versions" / f"{migrations.engine_revision(NEXT)}_note.sql").write_text(
            "alter table duplication.trees add note text; update duplication.trees set note = '%d :x' where name = 'x'"
        )

    return make


@pytest.fixture
def psql(pg_server: SimpleNamespace, tmp_path: Path) -> Callable[..., str]:
    """Runs the one file as a person does; returns what was said."""

    def run(dsn: str, *options: str, text: str | None = None, code: int = 0) -> str:
        path = tmp_path / "duplication.sql"
        path.write_text(make_dist.build() if text is None else text, encoding="utf-8")
        done = subprocess.run(
            [pg_server.bindir / "psql", "-X", "-q", *options, "-v", "ON_ERROR_STOP=1", "-f", path, dsn],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    return run


def run_by_alembic(dsn: str) -> None:
    migrate(dsn)


def run_by_a_framework(dsn: str) -> None:
    """SQLAlchemy's transaction, as a revision of an application has it."""
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn))
    with engine.begin() as connection:
        connection.exec_driver_sql(make_dist.build(), execution_options={"no_parameters": True})
    engine.dispose()


@pytest.fixture(params=["alembic", "psql", "framework"])
def install(request: pytest.FixtureRequest, psql: Callable[..., str]) -> Install:
    """Each way to install and to upgrade."""

    def run_by_psql(dsn: str) -> None:
        assert psql(dsn, "-1") == ""

    ways = {"alembic": run_by_alembic, "psql": run_by_psql, "framework": run_by_a_framework}
    return ways[str(request.param)]


def test_revision_engine_and_driver_say_the_same_version(db: psycopg.Connection) -> None:
    assert value(db, "select duplication.version()") == NEWEST
    assert NEWEST in VERSIONS
    stamped = value(db, "select array_agg(version_num::text) from _duplication.alembic_version")
    assert migrations.engine_revision(NEWEST) in stamped


def test_all_ways_end_alike_fresh_again_and_upgraded(
    new_dsn: NewDsn, dump: Dump, release: Release, install: Install
) -> None:
    by_alembic, upgraded, fresh = new_dsn(), new_dsn(), new_dsn()
    migrate(by_alembic)
    install(upgraded)
    assert dump(upgraded) == dump(by_alembic)
    install(upgraded)
    assert dump(upgraded) == dump(by_alembic)
    release()
    install(upgraded)
    migrate(fresh)
    assert dump(upgraded) == dump(fresh)
    structure = dump(fresh)
    assert "note text" in structure
    assert "p_note text default null" in structure.lower()
    assert "duplicate_blocks" not in structure
    assert "$file_0$" in structure
    assert migrate(upgraded) == [migrations.engine_revision(NEXT)]
    assert dump(upgraded) == dump(fresh)


def test_a_restore_of_the_structure_alone_is_upgraded(
    new_dsn: NewDsn, dump: Dump, release: Release, install: Install
) -> None:
    original, restored = new_dsn(), new_dsn()
    migrate(original)
    with psycopg.connect(restored) as conn:
        conn.execute(dump(original, "--schema-only").encode())
    release()
    install(original)
    install(restored)
    assert dump(restored, "--schema-only") == dump(original, "--schema-only")
    with psycopg.connect(restored) as conn:
        assert value(conn, "select version_num from _duplication.alembic_version") == migrations.engine_revision(NEXT)


def test_an_engine_that_is_newer_is_left_alone(new_dsn: NewDsn, dump: Dump, install: Install) -> None:
    dsn = new_dsn()
    migrate(dsn)
    with psycopg.connect(dsn) as conn:
        conn.execute("create or replace function duplication.version() returns int language sql as 'select 99'")
    before = dump(dsn)
    with pytest.raises(Exception, match=f"version 99, newer than version {NEWEST}"):
        install(dsn)
    assert dump(dsn) == before


def test_an_engine_from_before_the_first_release_is_left_alone(new_dsn: NewDsn, dump: Dump, install: Install) -> None:
    dsn = new_dsn()
    with psycopg.connect(dsn) as conn:
        conn.execute(
            "create schema duplication; create table duplication.duplications (id bigint);"
            "create table duplication.alembic_version (version_num text)"
        )
    before = dump(dsn)
    with pytest.raises(Exception, match="from before the first release"):
        install(dsn)
    assert dump(dsn) == before


def test_a_revision_that_fails_is_named_with_its_line(new_dsn: NewDsn, dump: Dump, release: Release) -> None:
    dsn = new_dsn()
    migrate(dsn)
    release()
    with psycopg.connect(dsn) as conn:
        conn.execute("alter table duplication.trees add note text")
    before = dump(dsn)
    with pytest.raises(MigrationFailed, match=r"^sql/migrations/versions/engine_\d+_note.sql:1: .*note"):
        migrate(dsn)
    assert dump(dsn) == before


def test_one_file_that_fails_at_its_end_leaves_nothing(new_dsn: NewDsn, dump: Dump, psql: Callable[..., str]) -> None:
    dsn = new_dsn()
    before = dump(dsn)
    assert "division by zero" in psql(dsn, "-1", text=make_dist.build() + "select 1 / 0;", code=3)
    assert dump(dsn) == before


def test_one_file_without_a_transaction_does_nothing_and_says_so(
    new_dsn: NewDsn, dump: Dump, psql: Callable[..., str]
) -> None:
    dsn = new_dsn()
    before = dump(dsn)
    assert "the option -1" in psql(dsn, code=3)
    assert dump(dsn) == before


def test_one_file_is_plain_sql_without_transaction_control(release: Release) -> None:
    release()
    text = re.sub(r"(\$\w*\$).*?\1|'(?:[^']|'')*'|--.*?$", "", make_dist.build(), flags=re.S | re.M)
    assert "$" not in text
    assert not re.search(r"(^|;)\s*(\\|(begin|start|commit|rollback|abort|savepoint)\b)", text, re.M | re.I)


def test_who_may_call_a_routine_may_call_its_next_signature(new_dsn: NewDsn, release: Release) -> None:
    dsn = new_dsn()
    migrate(dsn)
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute('create role "next caller"')
        try:
            conn.execute('grant execute on function duplication.retry to "next caller"')
            release()
            migrate(dsn)
            allowed = "select has_function_privilege(%s, 'duplication.retry(bigint, text)', 'execute')"
            assert conn.execute(allowed, ("next caller",)).fetchone() == (True,)
            assert conn.execute(allowed, ("public",)).fetchone() == (False,)
        finally:
            conn.execute('drop owned by "next caller"; drop role "next caller"')
