"""Foreign keys may be checked for each batch at once; a small copy takes fewer calls.

Revision ID: engine_0006
Revises: engine_0005
"""

from alembic import op

from duplication.migrations import find_driver

revision = "engine_0006"
down_revision = "engine_0005"
branch_labels = None
depends_on = None

UPGRADE = """
alter table duplication.settings
    add foreign_keys_per_set integer
        constraint foreign_keys_per_set_is_positive check (foreign_keys_per_set > 0);
alter table duplication.level_runs
    add per_row_reason text,
    -- the columns' fingerprint is for those who go on with a level: one that a single step copies has none
    drop constraint started_has_a_statement,
    add constraint started_has_a_statement check (started_at is null or statement is not null);

-- Runs there were before go on where they are, with statements for id_map as it is now. Before events are locked:
-- whoever changes a duplication writes an event afterwards.
update duplication.duplications set status = 'pending' where status = 'in_progress';

-- A list in a table's constraint is read anew for each statement, in a domain's once for a session.
create domain duplication.event_type as text
    constraint type_is_known check (value in (
        'duplication.requested', 'duplication.started', 'duplication.feedback', 'duplication.progress',
        'duplication.waiting', 'duplication.relinking', 'duplication.failed', 'duplication.retried',
        'duplication.cancelled', 'duplication.completed', 'duplication.discarding', 'duplication.discarded'
    ));
alter table duplication.events
    drop constraint type_is_known,
    alter type type duplication.event_type;

-- A run's numbers say which it is. Named by duplication and level, its entries went anywhere into the index by original
-- key, since levels are not planned in the order of their names.
alter table duplication.id_map
    add run bigint not null generated always as (number >> 34) stored,
    drop constraint row_is_planned_once,
    drop duplication_id,
    drop level,
    add constraint row_is_planned_once unique (run, orig_key);

-- their parameters or results have changed since: what replaces them is applied after the revisions
drop function if exists
    duplication.advance_level(bigint, text, boolean, boolean),
    duplication.aim_batch(bigint, text, integer),
    duplication.canonical_key(text, text),
    duplication.check_call(bigint, text),
    duplication.check_columns(duplication.level_runs),
    duplication.check_root(text, text),
    duplication.copy_batch(bigint, text),
    duplication.copy_levels(bigint, text, boolean, boolean, boolean),
    duplication.create_duplication(text, text, jsonb, text),
    duplication.emit_feedback(bigint, text, text, bigint, bigint),
    duplication.finish_level(bigint, text),
    duplication.fits_one_batch(bigint, text),
    duplication.has_pieces_left(bigint, text),
    duplication.insert_rows(duplication.level_runs, text, bigint, bigint, bigint),
    duplication.last_copied_piece(bigint, text),
    duplication.next_edge(bigint),
    duplication.plan_batch(bigint),
    duplication.plan_edge(duplication.edge_runs, integer),
    duplication.plan_parents(bigint, text, text, text, bigint, bigint),
    duplication.plan_root(bigint),
    duplication.relation_fingerprint(regclass),
    duplication.skip_empty_levels(bigint),
    duplication.start_level(bigint, text, boolean, boolean),
    duplication.table_and_partitions(regclass),
    duplication.take_pieces(bigint, text, integer),
    duplication.tell_dropped_references(duplication.level_runs, text, bigint, bigint),
    duplication.tree_fingerprint(text);
"""

DOWNGRADE = """
alter table duplication.settings drop foreign_keys_per_set;
update duplication.duplications set status = 'pending' where status = 'in_progress';
update duplication.level_runs set fingerprint = '' where started_at is not null and fingerprint is null;
alter table duplication.level_runs
    drop per_row_reason,
    drop constraint started_has_a_statement,
    add constraint started_has_a_statement check (
        started_at is null or (statement is not null and fingerprint is not null)
    );
alter table duplication.events
    alter type type text,
    add constraint type_is_known check (type in (
        'duplication.requested', 'duplication.started', 'duplication.feedback', 'duplication.progress',
        'duplication.waiting', 'duplication.relinking', 'duplication.failed', 'duplication.retried',
        'duplication.cancelled', 'duplication.completed', 'duplication.discarding', 'duplication.discarded'
    ));
drop domain duplication.event_type;
alter table duplication.id_map add duplication_id bigint, add level text collate "C";
update duplication.id_map as m
set duplication_id = r.duplication_id, level = r.level
from duplication.level_runs as r
where r.id = m.run;
-- there is no foreign key: of a duplication that was deleted by hand
delete from duplication.id_map where duplication_id is null;
alter table duplication.id_map
    alter duplication_id set not null,
    alter level set not null,
    drop constraint row_is_planned_once,
    drop run,
    add constraint row_is_planned_once unique (duplication_id, level, orig_key);
drop function if exists
    duplication.advance_level(bigint, text, boolean, boolean),
    duplication.aim_batch(duplication.batches, integer),
    duplication.canonical_key(duplication.levels, text),
    duplication.check_call(duplication.duplications, text),
    duplication.check_order(bigint, text),
    duplication.check_references(oid, text),
    duplication.check_root(duplication.levels, text),
    duplication.checks_per_set(duplication.level_runs, bigint),
    duplication.copy_batch(duplication.trees, duplication.level_runs, integer),
    duplication.copy_levels(duplication.duplications, text, boolean, boolean, boolean),
    duplication.count_writes(regclass),
    duplication.create_duplication(duplication.levels, text, jsonb, text),
    duplication.emit_feedback(bigint, text, text, bigint, bigint, boolean),
    duplication.enforced_keys(regclass),
    duplication.find_root(text),
    duplication.find_run(bigint, text),
    duplication.finish_level(duplication.duplications, duplication.level_runs),
    duplication.give_up_sets(duplication.level_runs, text),
    duplication.has_pieces_left(bigint, text, integer),
    duplication.insert_rows(duplication.trees, duplication.level_runs, text, bigint, bigint, bigint),
    duplication.key_reason(pg_constraint),
    duplication.lock_columns(duplication.level_runs),
    duplication.lock_referenced(regclass),
    duplication.lock_tree(text),
    duplication.next_edge(bigint),
    duplication.next_run(bigint),
    duplication.per_row_reason(regclass),
    duplication.plan_batch(duplication.duplications),
    duplication.plan_edge(text, duplication.edge_runs, integer),
    duplication.plan_parents(bigint, text, text, text, bigint, bigint, integer),
    duplication.plan_root(duplication.duplications),
    duplication.prepare_statement(text, text[]),
    duplication.relation_fingerprint(regclass[]),
    duplication.run_checked(duplication.level_runs, text, text, bigint, bigint),
    duplication.run_untriggered(text, text[], text, bigint, bigint, bigint),
    duplication.save_run(duplication.level_runs),
    duplication.skip_empty_levels(bigint),
    duplication.start_level(duplication.duplications, text, boolean),
    duplication.table_and_partitions(regclass[]),
    duplication.take_pieces(bigint, text, integer, integer),
    duplication.tell_dropped_references(text, duplication.level_runs, text, bigint, bigint),
    duplication.tree_fingerprint(text, regclass[]);
"""


def upgrade() -> None:
    """Add the setting, and drop the routines that are replaced."""
    find_driver(op.get_bind()).execute(UPGRADE.encode())


def downgrade() -> None:
    """Take the setting away again, and what the revision before has other forms of."""
    find_driver(op.get_bind()).execute(DOWNGRADE.encode())
