"""What is copied with foreign keys per set, and who else works on it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support.aliases import Episode
from tests.support.per_set import WATCHED

AUTHORS = """
create table public.authors (id bigint primary key, name text);
insert into public.authors select n, 'author ' || n from generate_series(1, 5) as n;
alter table public.blocks add author_id bigint;
update public.blocks set author_id = 1 + id % 5;
alter table public.blocks add constraint blocks_author_fkey foreign key (author_id) references public.authors
"""


@pytest.fixture
def source(db: psycopg.Connection, episode: Episode) -> int:
    """An episode whose blocks have authors; batches of any size are checked as sets."""
    episode_id = episode(parts=2, items=3, blocks=4)
    db.execute(AUTHORS)
    db.execute(WATCHED)
    db.execute("insert into duplication.column_rules (tree, column_name, rule) values ('episode', 'role', 'default')")
    db.execute("update duplication.settings set foreign_keys_per_set = 1")
    return episode_id


@pytest.fixture
def other(db: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """Another session, of the application."""
    with psycopg.connect(db.info.dsn, autocommit=True) as conn:
        yield conn
