"""Other databases than one for each test: one that a module's tests share, and as many as a test asks for.

And what several modules begin with: a source, and a copy of it.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.support import oracle
from tests.support.calls import finish, open_duplication
from tests.support.moments import prepare
from tests.support.purges import make_older, purge_after

NewRole = Callable[[str], psycopg.Connection]

_numbers = itertools.count(1)

# The rights of a role that copies.
WORKER = """
grant usage on schema duplication, _duplication, public to {role};
grant all on all tables in schema duplication, _duplication, public to {role};
grant all on all sequences in schema duplication, _duplication, public to {role};
grant all on all routines in schema duplication, _duplication to {role};
"""

# What the tests of the modules that share a database do to it, undone; but not columns that they change or drop.
RESTORE = """
do $$
declare
    v_statement text;
begin
    perform pg_terminate_backend(pid, 10000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend';
    for v_statement in
        select format('drop trigger %I on %s', t.tgname, t.tgrelid::regclass)
        from pg_trigger t where not t.tgisinternal and t.tgname <> 'settings_are_stored'
        union all
        select format('drop rule %I on %s', r.rulename, r.ev_class::regclass)
        from pg_rewrite r where r.rulename <> '_RETURN'
        union all
        select format('alter table %s drop constraint %I', c.conrelid::regclass, c.conname)
        from pg_constraint c where c.contype = 'c' and c.connamespace = 'public'::regnamespace
        union all
        select format('drop table %s cascade', c.oid::regclass)
        from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
            and c.relname not in ('episodes', 'parts', 'items', 'blocks')
        union all
        select format('drop policy %I on %s', p.polname, p.polrelid::regclass) from pg_policy p
        union all
        select format('alter table %s disable row level security', c.oid::regclass)
        from pg_class c where c.relrowsecurity
        union all
        select format('alter table %s drop column %I cascade', a.attrelid::regclass, a.attname)
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
            and c.relname in ('episodes', 'parts', 'items', 'blocks') and a.attname not in (
                'id', 'episode_id', 'part_id', 'item_id', 'title', 'position', 'content', 'orig_id', 'created_at',
                'updated_at'
            )
        union all
        select 'drop sequence public.tries' where to_regclass('public.tries') is not null
        union all
        select format('drop function %s', p.oid::regprocedure) from pg_proc p
        where p.pronamespace = 'public'::regnamespace
            and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    loop
        execute v_statement;
    end loop;
    create index if not exists blocks_item_id_idx on public.blocks (item_id);
    delete from public.blocks;
    delete from public.episodes;
    delete from duplication.duplications;
    delete from _duplication.id_map;
    delete from _duplication.stored_settings;
    insert into _duplication.stored_settings default values;
    delete from duplication.column_rules where level is not null or column_name not in ('created_at', 'updated_at');
    update duplication.levels set plan_rows = false, batch_rows = null where tree = 'episode';
end
$$
"""


@contextlib.contextmanager
def clone(template: Any) -> Iterator[psycopg.Connection]:
    """A connection to a new clone of the migrated database, in which every statement commits by itself."""
    server = f"host={template.host} port={template.port} user={template.user}"
    name = f"clone_{next(_numbers)}"
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as admin:
        admin.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template.template_dbname)
            )
        )
        try:
            with psycopg.connect(f"{server} dbname={name}", autocommit=True) as conn:
                yield conn
        finally:
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def shared(pg_template: Any) -> Iterator[psycopg.Connection]:
    """A database for all tests of a module, each of which leaves nothing that matters to the others."""
    with clone(pg_template) as conn:
        yield conn


@pytest.fixture
def emptied(shared: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """A session of the test's own on the module's database, which is as it was after migration."""
    with psycopg.connect(shared.info.dsn, autocommit=True) as conn:
        conn.execute(RESTORE)
        yield conn


@pytest.fixture
def new_role(db: psycopg.Connection) -> Iterator[NewRole]:
    """Makes a role with the given grants, and a session of it; both are gone afterwards."""
    made: list[tuple[str, psycopg.Connection]] = []

    def make(grants: str) -> psycopg.Connection:
        name = f"role_{db.info.backend_pid}_{len(made)}"
        db.execute(sql.SQL("create role {} login").format(sql.Identifier(name)))
        db.execute(sql.SQL(grants).format(role=sql.Identifier(name)))
        made.append((name, psycopg.connect(db.info.dsn, user=name, autocommit=True)))
        return made[-1][1]

    yield make
    for name, conn in made:
        conn.close()
        db.execute(sql.SQL("drop owned by {0}; drop role {0}").format(sql.Identifier(name)))


@pytest.fixture
def source(db: psycopg.Connection) -> int:
    """An episode that takes many batches."""
    return prepare(db)


@pytest.fixture
def copy(db: psycopg.Connection, source: int) -> tuple[int, oracle.Fingerprint]:
    """A finished duplication of it, and what it looked like before."""
    before = oracle.source_fingerprint(db, source)
    duplication = open_duplication(db, source)
    finish(db, duplication)
    return duplication, before


@pytest.fixture
def new_database(pg_template: Any) -> Iterator[Callable[[], psycopg.Connection]]:
    """Makes as many databases as the test wants; they are gone afterwards."""
    with contextlib.ExitStack() as made:
        yield lambda: made.enter_context(clone(pg_template))


@pytest.fixture
def old(db: psycopg.Connection, copy: tuple[int, oracle.Fingerprint]) -> int:
    """A duplication that was completed two days ago, where one day is enough."""
    make_older(db, copy[0])
    purge_after(db, "1 day")
    return copy[0]
