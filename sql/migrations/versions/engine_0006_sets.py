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
    add per_row_reason text;

-- their parameters or results have changed since: what replaces them is applied after the revisions
drop function if exists
    duplication.aim_batch(bigint, text, integer),
    duplication.check_columns(duplication.level_runs),
    duplication.copy_batch(bigint, text),
    duplication.finish_level(bigint, text),
    duplication.fits_one_batch(bigint, text),
    duplication.has_pieces_left(bigint, text),
    duplication.insert_rows(duplication.level_runs, text, bigint, bigint, bigint),
    duplication.last_copied_piece(bigint, text),
    duplication.next_edge(bigint),
    duplication.plan_edge(duplication.edge_runs, integer),
    duplication.plan_parents(bigint, text, text, text, bigint, bigint),
    duplication.plan_root(bigint),
    duplication.relation_fingerprint(regclass),
    duplication.skip_empty_levels(bigint),
    duplication.start_level(bigint, text, boolean, boolean),
    duplication.table_and_partitions(regclass),
    duplication.take_pieces(bigint, text, integer),
    duplication.tell_dropped_references(duplication.level_runs, text, bigint, bigint);
"""

DOWNGRADE = """
alter table duplication.settings drop foreign_keys_per_set;
alter table duplication.level_runs drop per_row_reason;
drop function if exists
    duplication.aim_batch(duplication.batches, integer),
    duplication.check_order(bigint, text),
    duplication.check_references(oid, text),
    duplication.checks_per_set(duplication.level_runs, bigint),
    duplication.copy_batch(text, duplication.level_runs, integer),
    duplication.count_writes(regclass),
    duplication.enforced_keys(regclass),
    duplication.finish_level(duplication.duplications, text),
    duplication.give_up_sets(duplication.level_runs, text),
    duplication.has_pieces_left(bigint, text, integer),
    duplication.insert_rows(duplication.trees, duplication.level_runs, text, bigint, bigint, bigint),
    duplication.key_reason(pg_constraint),
    duplication.lock_columns(duplication.level_runs),
    duplication.lock_referenced(regclass),
    duplication.next_edge(bigint),
    duplication.next_run(bigint),
    duplication.per_row_reason(regclass),
    duplication.plan_edge(text, duplication.edge_runs, integer),
    duplication.plan_parents(bigint, text, text, text, bigint, bigint, integer),
    duplication.plan_root(duplication.duplications),
    duplication.relation_fingerprint(regclass[]),
    duplication.run_checked(duplication.level_runs, text, text, bigint, bigint),
    duplication.run_untriggered(text, text[], text, bigint, bigint, bigint),
    duplication.skip_empty_levels(bigint),
    duplication.start_level(duplication.duplications, text, boolean),
    duplication.table_and_partitions(regclass[]),
    duplication.take_pieces(bigint, text, integer, integer),
    duplication.tell_dropped_references(text, duplication.level_runs, text, bigint, bigint);
"""


def upgrade() -> None:
    """Add the setting, and drop the routines that are replaced."""
    find_driver(op.get_bind()).execute(UPGRADE.encode())


def downgrade() -> None:
    """Take the setting away again, and what the revision before has other forms of."""
    find_driver(op.get_bind()).execute(DOWNGRADE.encode())
