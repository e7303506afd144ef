"""A copy that one step starts and completes is written once.

Revision ID: engine_0007
Revises: engine_0006
"""

from alembic import op

from duplication.migrations import find_driver

revision = "engine_0007"
down_revision = "engine_0006"
branch_labels = None
depends_on = None

UPGRADE = """
-- steps end before the routines that they call are replaced
lock table duplication.duplications in access exclusive mode;

-- their parameters or results have changed: what replaces them is applied after the revisions
drop function if exists
    duplication.complete_duplication(bigint),
    duplication.copy_batch(duplication.trees, duplication.level_runs, integer),
    duplication.copy_levels(duplication.duplications, text, boolean, boolean, boolean),
    duplication.finish_level(duplication.duplications, duplication.level_runs),
    duplication.may_alter_inserts(regclass),
    duplication.start_duplication(bigint),
    duplication.start_level(duplication.duplications, text, boolean);
"""

DOWNGRADE = """
lock table duplication.duplications in access exclusive mode;
-- statements of planning that do not return how many rows there were are compiled anew
update duplication.duplications set status = 'pending' where status = 'in_progress';
drop function if exists
    duplication.add_parent_pieces(bigint, text, bigint, bigint[], bigint[]),
    duplication.complete_duplication(duplication.duplications),
    duplication.copy_batch(duplication.trees, duplication.level_runs, boolean, integer),
    duplication.copy_levels(duplication.duplications, text, boolean, boolean),
    duplication.find_new_root(duplication.level_runs),
    duplication.finish_level(duplication.duplications, duplication.level_runs, bigint),
    duplication.run_prepared(text, text, bigint, bigint, bigint),
    duplication.save_duplication(duplication.duplications),
    duplication.start_duplication(duplication.duplications),
    duplication.start_level(duplication.duplications, duplication.level_runs),
    duplication.trigger_effect(regclass),
    duplication.turn_share(duplication.batches, integer);
"""


def upgrade() -> None:
    """Drop the routines that are replaced."""
    find_driver(op.get_bind()).execute(UPGRADE.encode())


def downgrade() -> None:
    """Have copies begin anew where they are, and drop what the revision before has other forms of."""
    find_driver(op.get_bind()).execute(DOWNGRADE.encode())
