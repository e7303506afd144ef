"""What makes copies fast: trees are compiled once, batches are steered by time.

Revision ID: engine_0005
Revises: engine_0004
"""

from alembic import op

from duplication.migrations import find_driver

revision = "engine_0005"
down_revision = "engine_0004"
branch_labels = None
depends_on = None

UPGRADE = """
create table duplication.compiled_trees (
    tree text primary key references duplication.trees on delete cascade,
    fingerprint text not null,
    root_level text collate "C" not null,
    plan_statement text not null
);

create table duplication.compiled_levels (
    tree text not null references duplication.compiled_trees on delete cascade,
    level text collate "C" not null,
    ordinal integer not null,
    mapped boolean not null,
    refers_to_itself boolean not null,
    late_columns text[] not null,
    relation text not null,
    fingerprint text not null,
    copy_statement text not null,
    link_statement text,
    primary key (tree, level),
    unique (tree, ordinal),
    constraint late_columns_have_a_link check ((late_columns = '{}') = (link_statement is null))
);

create table duplication.compiled_edges (
    tree text not null references duplication.compiled_trees on delete cascade,
    level text collate "C" not null,
    parent_level text collate "C" not null,
    column_name text not null,
    carrier text collate "C" not null,
    plan_statement text not null,
    primary key (tree, level, parent_level, column_name)
);

alter table duplication.settings
    add target_batch_ms integer default 200
        constraint target_batch_ms_is_positive check (target_batch_ms > 0),
    add max_batch_rows integer not null default 50000
        constraint max_batch_rows_is_positive check (max_batch_rows > 0);

alter table duplication.batches
    add aimed_rows integer
        constraint aimed_rows_is_positive check (aimed_rows > 0),
    add reason text;

alter table duplication.level_runs
    add relation text,
    add compiled_from text;

alter table duplication.edge_runs
    add carrier text collate "C";
-- runs there were before go on where they are, with what their tree is compiled to
update duplication.duplications set status = 'pending' where status = 'in_progress';

-- their parameters or results have changed since: what replaces them is applied after the revisions
drop function if exists
    duplication.check_columns(duplication.level_runs, regclass),
    duplication.next_edge(bigint),
    duplication.plan_edge(bigint, text, text, text, text),
    duplication.plan_parents(bigint, duplication.edges, bigint, bigint),
    duplication.plan_root(bigint),
    duplication.plan_rows(bigint, duplication.edges, bigint, bigint),
    duplication.advance_level(bigint, text),
    duplication.emit_progress(bigint, text),
    duplication.finish_level(bigint, text),
    duplication.start_level(bigint, text),
    duplication.skip_empty_levels(bigint);
drop procedure if exists duplication.duplicate_level(bigint, text, interval, boolean, text);
"""

DOWNGRADE = """
alter table duplication.batches drop aimed_rows, drop reason;
alter table duplication.settings drop target_batch_ms, drop max_batch_rows;
alter table duplication.edge_runs drop carrier;
alter table duplication.level_runs drop relation, drop compiled_from;
drop table duplication.compiled_edges, duplication.compiled_levels, duplication.compiled_trees;
drop function if exists
    duplication.compile_tree(text), duplication.plan_root_statement(text, text),
    duplication.tree_fingerprint(text), duplication.relation_fingerprint(regclass),
    duplication.compile_level(duplication.level_runs, duplication.duplications),
    duplication.plan_edge(duplication.edge_runs, integer), duplication.next_edge(bigint), duplication.plan_root(bigint),
    duplication.plan_statement(duplication.edges, text, boolean), duplication.restart_levels(bigint, text),
    duplication.emit_progress(bigint, text, bigint, bigint), duplication.tell_caller(text),
    duplication.start_level(bigint, text, boolean, boolean), duplication.lay_out_levels(bigint),
    duplication.copy_levels(bigint, text, boolean, boolean, boolean),
    duplication.level_batch_rows(text, text), duplication.advance_level(bigint, text, boolean, boolean),
    duplication.finish_level(bigint, text), duplication.skip_empty_levels(bigint),
    duplication.batch_period(),
    duplication.fits_one_batch(bigint, text), duplication.aim_batch(bigint, text, integer);
drop procedure if exists duplication.duplicate_level(bigint, text, interval, boolean, text, boolean);
"""


def upgrade() -> None:
    """Add the tables and the columns."""
    find_driver(op.get_bind()).execute(UPGRADE.encode())


def downgrade() -> None:
    """Take them away again."""
    find_driver(op.get_bind()).execute(DOWNGRADE.encode())
