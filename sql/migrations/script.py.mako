"""${message}: the SQL file of the same name.

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
"""

from duplication.migrations import run_sql_of

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Run the SQL file."""
    run_sql_of(__file__)


def downgrade() -> None:
    """Do nothing: the engine can only be removed as a whole, which the first revision does."""
