"""What people watch: a feed with a cursor, and events for all that happens to a duplication.

Revision ID: engine_0004
Revises: engine_0003
"""

from alembic import op

from duplication.migrations import find_driver

revision = "engine_0004"
down_revision = "engine_0003"
branch_labels = None
depends_on = None

UPGRADE = """
-- these say now which gate it was
drop function if exists
    duplication.check_admission(numeric), duplication.check_gates(duplication.attempts, numeric),
    duplication.begin_attempt(bigint, text, text, text, numeric), duplication.continue_attempt(bigint, numeric),
    duplication.deadline(interval);

create table duplication.feed (
    singleton boolean primary key default true
        constraint singleton_is_true check (singleton),
    purged_xid xid8 not null default '0'
);
insert into duplication.feed default values;

create index duplications_shown_first_idx on duplication.duplications (id)
where status in ('pending', 'in_progress', 'discarding', 'failed');

alter table duplication.events
    drop constraint type_is_known,
    add constraint type_is_known check (type in (
        'duplication.requested', 'duplication.started', 'duplication.feedback', 'duplication.progress',
        'duplication.waiting', 'duplication.relinking', 'duplication.failed', 'duplication.retried',
        'duplication.cancelled', 'duplication.completed', 'duplication.discarding', 'duplication.discarded'
    ));
"""

DOWNGRADE = """
delete from duplication.events
where type in (
    'duplication.requested', 'duplication.relinking', 'duplication.retried', 'duplication.cancelled',
    'duplication.discarding', 'duplication.discarded'
);
alter table duplication.events
    drop constraint type_is_known,
    add constraint type_is_known check (type in (
        'duplication.started', 'duplication.feedback', 'duplication.progress', 'duplication.waiting',
        'duplication.failed', 'duplication.completed'
    ));
drop index duplication.duplications_shown_first_idx;
drop table duplication.feed;
drop function if exists
    duplication.read_events(text, integer, bigint, text), duplication.feed_position(), duplication.parse_cursor(text),
    duplication.page_events(pg_snapshot, pg_snapshot, bigint, integer, bigint),
    duplication.tell_progress(bigint, text);
"""


def upgrade() -> None:
    """Add the table and the types."""
    find_driver(op.get_bind()).execute(UPGRADE.encode())


def downgrade() -> None:
    """Take them away again, with the events of these types."""
    find_driver(op.get_bind()).execute(DOWNGRADE.encode())
