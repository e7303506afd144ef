"""The reference content: the tables of the built-in episode tree.

An application that has such tables keeps its own and leaves this branch out.

Revision ID: content_0001
Revises:
"""

from alembic import op

from duplication.migrations import run_sql_of

revision = "content_0001"
down_revision = None
branch_labels = ("content",)
depends_on = None


def upgrade() -> None:
    """Create the content tables."""
    run_sql_of(__file__)


def downgrade() -> None:
    """Drop the content tables with all their rows."""
    op.execute("drop table public.blocks, public.items, public.parts, public.episodes")
