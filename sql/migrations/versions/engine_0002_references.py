"""References inside a tree: owned rows, filtered edges, declared references, late columns and their relink.

Revision ID: engine_0002
Revises: engine_0001
"""

from alembic import op

from duplication.migrations import find_driver

revision = "engine_0002"
down_revision = "engine_0001"
branch_labels = None
depends_on = None

UPGRADE = """
-- Their parameters or results have changed since: what replaces them is applied after the revisions.
drop function if exists
    duplication.changed_columns_clause(text, text, jsonb),
    duplication.copied_clause(text, text, text),
    duplication.copy_order(text),
    duplication.copy_statement(text, text, text, jsonb),
    duplication.create_duplication(text, text, jsonb, text),
    duplication.finish_plan(bigint, text, bigint),
    duplication.is_copied_condition(text, text, text),
    duplication.level_columns(text, text, text, jsonb),
    duplication.level_problems(text, text),
    duplication.plan_parents(bigint, text, bigint, bigint),
    duplication.plan_root(bigint),
    duplication.plan_rows(bigint, text, bigint, bigint),
    duplication.resolve_level(text, text),
    duplication.skip_missing_rows(bigint, text, bigint, bigint),
    duplication.verify_added_rows(bigint, text, text[]),
    duplication.verify_children(bigint, text, bigint, bigint, text[]),
    duplication.verify_level(bigint, text, jsonb, jsonb),
    duplication.verify_planned_rows(bigint, text, bigint, bigint, text[], text[]),
    duplication.verify_unplanned_rows(bigint, text, bigint, bigint, text[]);

alter table duplication.levels
    add constraint level_name_is_not_that_of_a_relink check (name !~ '^relink ');

alter table duplication.edges
    add kind text not null default 'below'
        constraint kind_is_known check (kind in ('below', 'owned')),
    add row_filter text,
    add constraint owned_rows_are_of_another_level check (kind = 'below' or level <> parent_level);

alter table duplication.column_rules
    add target_level text,
    add row_filter text,
    add unmapped text not null default 'error'
        constraint unmapped_is_known check (unmapped in ('error', 'null')),
    drop constraint column_rule_is_known,
    drop constraint column_has_one_rule,
    add constraint column_rule_is_known check (rule in ('default', 'keep', 'null', 'remap', 'set')),
    add constraint column_has_one_rule unique nulls not distinct (tree, level, column_name, target_level),
    add constraint only_remap_has_a_target check (
        (rule = 'remap') = (target_level is not null)
        and (rule = 'remap' or (row_filter is null and unmapped = 'error'))
    ),
    add constraint target_level_is_known foreign key (tree, target_level)
        references duplication.levels (tree, name) on delete cascade;

alter table duplication.level_runs
    add mapped boolean not null default true,
    add refers_to_itself boolean not null default false,
    add late_columns text[] not null default '{}',
    add relinks text collate "C";
-- runs there were before
update duplication.level_runs as r
set mapped = false
where exists (
    select from duplication.batches as b
    where b.duplication_id = r.duplication_id and b.level = r.level and b.kind = 'parents'
) or exists (
    select from duplication.pieces as p
    where p.duplication_id = r.duplication_id and p.level = r.level and p.kind = 'parents'
);
"""

DOWNGRADE = """
delete from duplication.column_rules where rule = 'remap';
alter table duplication.level_runs drop mapped, drop refers_to_itself, drop late_columns, drop relinks;
alter table duplication.column_rules
    drop constraint column_rule_is_known,
    drop constraint column_has_one_rule,
    drop constraint only_remap_has_a_target,
    drop constraint target_level_is_known,
    drop target_level,
    drop row_filter,
    drop unmapped,
    add constraint column_rule_is_known check (rule in ('default', 'keep', 'null', 'set')),
    add constraint column_has_one_rule unique nulls not distinct (tree, level, column_name);
alter table duplication.levels drop constraint level_name_is_not_that_of_a_relink;
delete from duplication.edges where kind = 'owned';
alter table duplication.edges drop kind, drop row_filter;
"""


def upgrade() -> None:
    """Add what a tree of any shape needs."""
    find_driver(op.get_bind()).execute(UPGRADE.encode())


def downgrade() -> None:
    """Take it away again, with the declarations that need it."""
    find_driver(op.get_bind()).execute(DOWNGRADE.encode())
