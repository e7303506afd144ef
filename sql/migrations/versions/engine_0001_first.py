"""The first release. A new installation is made of sql/schema: see env.py.

Revision ID: engine_0001
Revises:
"""

from alembic import op

from duplication.migrations import apply_file

revision = "engine_0001"
down_revision = None
branch_labels = ("engine",)
depends_on = None


def upgrade() -> None:
    """Do nothing: no installation is older."""


def downgrade() -> None:
    """Drop the engine."""
    apply_file(op.get_bind(), "migrations/remove.sql")
