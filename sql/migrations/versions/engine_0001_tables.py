"""The engine's tables and the built-in tree.

Revision ID: engine_0001
Revises:
"""

from alembic import op

from duplication.migrations import find_driver

revision = "engine_0001"
down_revision = None
branch_labels = ("engine",)
depends_on = None

TABLES = """
create table duplication.settings (
    singleton boolean primary key default true
        constraint settings_are_one_row check (singleton),
    installation uuid not null default gen_random_uuid(),
    enabled boolean not null default true,
    max_attempts integer not null default 5
        constraint max_attempts_is_positive check (max_attempts > 0),
    batch_rows integer not null default 5000
        constraint batch_rows_is_positive check (batch_rows > 0),
    lock_timeout interval not null default '2 s'
        constraint lock_timeout_is_not_negative check (lock_timeout >= '0 s')
);

create table duplication.trees (
    name text primary key
        constraint tree_name_is_plain check (name ~ '^[a-z][a-z0-9_]*$'),
    search_path text not null default 'public'
);

create table duplication.levels (
    tree text not null references duplication.trees on delete cascade,
    name text not null
        constraint level_name_is_not_empty check (name <> ''),
    row_name text not null
        constraint row_name_is_not_empty check (row_name <> ''),
    relation text not null,
    key_column text,
    new_key text,
    row_filter text,
    orig_column text,
    plan_rows boolean not null default false,
    batch_rows integer
        constraint level_batch_rows_is_positive check (batch_rows > 0),
    primary key (tree, name),
    constraint new_key_has_a_column check (new_key is null or key_column is not null),
    constraint orig_column_has_a_key check (orig_column is null or key_column is not null)
);

create table duplication.edges (
    tree text not null,
    level text not null,
    parent_level text not null,
    column_name text not null,
    primary key (tree, level, parent_level, column_name),
    foreign key (tree, level) references duplication.levels on delete cascade,
    foreign key (tree, parent_level) references duplication.levels on delete cascade
);
create index edges_parent_level_idx on duplication.edges (tree, parent_level);

create table duplication.column_rules (
    tree text not null references duplication.trees on delete cascade,
    level text,
    column_name text not null,
    rule text not null
        constraint column_rule_is_known check (rule in ('default', 'keep', 'null', 'set')),
    expression text,
    foreign key (tree, level) references duplication.levels on delete cascade,
    constraint column_has_one_rule unique nulls not distinct (tree, level, column_name),
    constraint only_set_has_an_expression check ((rule = 'set') = (expression is not null))
);

create table duplication.duplications (
    id bigint generated always as identity primary key,
    tree text not null references duplication.trees,
    root_key text collate "C" not null,
    new_root_key text collate "C",
    status text not null default 'pending'
        constraint status_is_known check (status in (
            'pending', 'in_progress', 'completed', 'failed', 'cancelled', 'discarding', 'discarded'
        )),
    driven_by text not null default 'queue'
        constraint driven_by_is_known check (driven_by in ('queue', 'caller')),
    requested_by text not null default session_user,
    options jsonb not null default '{}'
        constraint options_are_an_object check (jsonb_typeof(options) = 'object'),
    error jsonb
        constraint error_is_whole check (error ?& array['level', 'sqlstate', 'message']),
    requested_at timestamptz not null default clock_timestamp(),
    dispatched_at timestamptz,
    started_at timestamptz,
    completed_at timestamptz,
    failed_at timestamptz,
    cancelled_at timestamptz,
    discarding_at timestamptz,
    discarded_at timestamptz,
    constraint in_progress_has_started check (status <> 'in_progress' or started_at is not null),
    constraint completed_has_a_new_root check (
        status <> 'completed' or (completed_at is not null and new_root_key is not null)
    ),
    constraint failed_has_an_error check (status <> 'failed' or (failed_at is not null and error is not null)),
    constraint cancelled_has_a_time check (status <> 'cancelled' or cancelled_at is not null),
    constraint discarding_has_a_time check (status <> 'discarding' or discarding_at is not null),
    constraint discarded_has_a_time check (status <> 'discarded' or discarded_at is not null),
    constraint completed_is_after_started check (completed_at >= started_at)
);
create unique index duplications_idempotency_key_idx
on duplication.duplications (tree, (options ->> 'idempotency_key'));
create index duplications_root_key_idx on duplication.duplications (tree, root_key);
create index duplications_to_dispatch_idx on duplication.duplications (id)
where driven_by = 'queue' and status = 'pending' and dispatched_at is null;

create table duplication.level_runs (
    duplication_id bigint not null references duplication.duplications on delete cascade,
    level text collate "C" not null,
    ordinal integer not null,
    id bigint generated always as identity unique,
    first_number bigint generated always as (id * 17179869184) stored,
    rows_planned bigint not null default 0
        constraint rows_planned_is_not_negative check (rows_planned >= 0),
    fingerprint text,
    statement text,
    planned_at timestamptz,
    started_at timestamptz,
    completed_at timestamptz,
    primary key (duplication_id, level),
    unique (duplication_id, ordinal),
    constraint started_is_after_planned check (started_at is null or planned_at is not null),
    constraint started_has_a_statement check (
        started_at is null or (statement is not null and fingerprint is not null)
    ),
    constraint completed_is_after_planned check (completed_at is null or planned_at is not null)
);

create table duplication.edge_runs (
    duplication_id bigint not null,
    level text collate "C" not null,
    parent_level text collate "C" not null,
    column_name text not null,
    parents_planned bigint not null default 0
        constraint parents_planned_is_not_negative check (parents_planned >= 0),
    rows_planned bigint not null default 0
        constraint rows_planned_is_not_negative check (rows_planned >= 0),
    primary key (duplication_id, level, parent_level, column_name),
    foreign key (duplication_id, level) references duplication.level_runs on delete cascade,
    foreign key (duplication_id, parent_level) references duplication.level_runs on delete cascade
);

create table duplication.pieces (
    duplication_id bigint not null,
    level text collate "C" not null,
    piece_no integer not null,
    kind text not null
        constraint kind_is_known check (kind in ('rows', 'parents')),
    first_number bigint not null,
    last_number bigint not null,
    rows bigint not null
        constraint rows_is_not_negative check (rows >= 0),
    primary key (duplication_id, level, piece_no),
    foreign key (duplication_id, level) references duplication.level_runs on delete cascade,
    constraint range_is_not_empty check (first_number <= last_number)
);

create table duplication.batches (
    duplication_id bigint not null,
    level text collate "C" not null,
    batch_no integer not null,
    last_piece integer not null,
    kind text not null
        constraint kind_is_known check (kind in ('rows', 'parents')),
    first_number bigint not null,
    last_number bigint not null,
    rows_planned bigint not null
        constraint rows_planned_is_not_negative check (rows_planned >= 0),
    rows bigint not null
        constraint rows_is_not_negative check (rows >= 0),
    backend_pid integer not null default pg_backend_pid(),
    started_at timestamptz not null,
    ended_at timestamptz not null default clock_timestamp(),
    primary key (duplication_id, level, batch_no),
    foreign key (duplication_id, level) references duplication.level_runs on delete cascade,
    constraint range_is_not_empty check (first_number <= last_number),
    constraint last_piece_is_not_before_the_first check (batch_no <= last_piece),
    constraint ended_is_after_started check (ended_at >= started_at)
);

create table duplication.id_map (
    number bigint primary key,
    duplication_id bigint not null,
    level text collate "C" not null,
    orig_key text collate "C" not null,
    new_key text collate "C" not null,
    gone boolean not null default false,
    constraint row_is_planned_once unique (duplication_id, level, orig_key)
);

create table duplication.attempts (
    id bigint generated always as identity primary key,
    duplication_id bigint not null references duplication.duplications on delete cascade,
    level text collate "C" not null,
    message_id text not null,
    worker text not null,
    backend_pid integer not null default pg_backend_pid(),
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    outcome text
        constraint outcome_is_known check (outcome in (
            'done', 'released', 'later', 'stopped', 'transient', 'lasting'
        )),
    error jsonb,
    constraint ended_has_an_outcome check ((ended_at is null) = (outcome is null))
);
create index attempts_duplication_id_idx on duplication.attempts (duplication_id, id);

create table duplication.events (
    id bigint generated always as identity primary key,
    xid xid8 not null default pg_current_xact_id(),
    duplication_id bigint not null references duplication.duplications on delete cascade,
    type text not null
        constraint type_is_known check (type in (
            'duplication.started', 'duplication.feedback', 'duplication.progress',
            'duplication.failed', 'duplication.completed'
        )),
    payload jsonb not null,
    created_at timestamptz not null default clock_timestamp()
);
create index events_xid_idx on duplication.events (xid, id);
create index events_duplication_id_idx on duplication.events (duplication_id, id);
"""

BUILT_IN_TREE = """
insert into duplication.settings default values;

insert into duplication.trees (name, search_path) values ('episode', 'public');

insert into duplication.levels (tree, name, row_name, relation, key_column, orig_column)
values
('episode', 'episodes', 'episode', 'public.episodes', 'id', 'orig_id'),
('episode', 'parts', 'part', 'public.parts', 'id', 'orig_id'),
('episode', 'items', 'item', 'public.items', 'id', 'orig_id'),
('episode', 'blocks', 'block', 'public.blocks', 'id', 'orig_id');

insert into duplication.edges (tree, level, parent_level, column_name)
values
('episode', 'parts', 'episodes', 'episode_id'),
('episode', 'items', 'parts', 'part_id'),
('episode', 'blocks', 'items', 'item_id');

insert into duplication.column_rules (tree, level, column_name, rule)
values
('episode', null, 'created_at', 'default'),
('episode', null, 'updated_at', 'default');
"""

DOWNGRADE = """
do $$
declare
    v_drop text;
begin
    for v_drop in
        select format('drop routine if exists %s cascade', p.oid::regprocedure)
        from pg_catalog.pg_proc as p
        where p.pronamespace = 'duplication'::regnamespace
    loop
        execute v_drop;
    end loop;
end
$$;
drop table duplication.events, duplication.attempts, duplication.id_map, duplication.pieces,
duplication.batches, duplication.edge_runs, duplication.level_runs, duplication.duplications,
duplication.column_rules, duplication.edges, duplication.levels, duplication.trees,
duplication.settings cascade;
"""


def upgrade() -> None:
    """Create the tables and register the built-in tree."""
    find_driver(op.get_bind()).execute(TABLES.encode())
    find_driver(op.get_bind()).execute(BUILT_IN_TREE.encode())


def downgrade() -> None:
    """Drop the engine: its routines and views go with the tables they read."""
    find_driver(op.get_bind()).execute(DOWNGRADE.encode())
