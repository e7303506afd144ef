"""The first release. Its tables are in sql/schema: see env.py.

Revision ID: engine_0001
Revises:
"""

from alembic import op

from duplication.migrations import find_driver

revision = "engine_0001"
down_revision = None
branch_labels = ("engine",)
depends_on = None

# alembic's own table is needed until the end of the downgrade
DOWNGRADE = """
drop schema duplication cascade;
do $$
declare
    v_drop text;
begin
    for v_drop in
        select format('drop routine if exists %s cascade', p.oid::regprocedure)
        from pg_catalog.pg_proc as p
        where p.pronamespace = '_duplication'::regnamespace
        union all
        select format('drop table if exists %s cascade', c.oid::regclass)
        from pg_catalog.pg_class as c
        where c.relnamespace = '_duplication'::regnamespace and c.relkind = 'r' and c.relname <> 'alembic_version'
        union all
        select format('drop type if exists %s cascade', t.oid::regtype)
        from pg_catalog.pg_type as t
        left join pg_catalog.pg_class as c on c.oid = t.typrelid
        where t.typnamespace = '_duplication'::regnamespace and (t.typtype = 'd' or c.relkind = 'c')
    loop
        execute v_drop;
    end loop;
end
$$;
"""


def upgrade() -> None:
    """Do nothing: a new installation is made of sql/schema."""


def downgrade() -> None:
    """Drop the engine."""
    find_driver(op.get_bind()).execute(DOWNGRADE.encode())
