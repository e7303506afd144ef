"""Brings a database to the newest revision and then applies every routine file, all in one transaction.

sql/foundation, which the tables need, is applied first. On a new installation sql/schema then makes the tables as they
are now, and the newest revision is stamped. Revisions are for older installations. duplication.version() tells how old;
alembic's table does not, since a restore of the structure alone leaves it empty. Routines, views and grants live in
sql/procedures, one file each. They are applied anew every time, in the order of their paths, once the engine's branch
is at its head.
"""

import psycopg
from alembic import context
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine, make_url, text

from duplication.config import load_settings
from duplication.migrations import apply_file, engine_revision, find_driver, list_files, newest_version, read_file


def find_dsn() -> str:
    """Return libpq's form of the configured URL, or of the environment when none is configured."""
    url = context.config.get_main_option("sqlalchemy.url")
    if not url:
        return load_settings().dsn
    if "://" in url and "+" in url.partition("://")[0]:
        return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return url


def run_migrations(connection: Connection) -> None:
    """Run the command alembic was started with and, where it moved something, bring the routines up to date."""
    context.configure(connection=connection, version_table_schema="_duplication")
    migration = context.get_context()
    # `alembic current` and its like come through here too and must not write anything.
    moves = "destination_rev" in migration.opts
    if moves:
        installed = find_or_install(connection)
        migration.stamp(ScriptDirectory.from_config(context.config), engine_revision(installed))
    with context.begin_transaction():
        context.run_migrations()
    if moves and engine_revision(newest_version()) in migration.get_current_heads():
        apply_files(connection, "procedures")


def find_or_install(connection: Connection) -> int:
    """Return the version of the tables that are there; where there are none, they are made."""
    driver = find_driver(connection)
    driver.execute("select set_config('duplication.newest_version', %s, true)", (str(newest_version()),))
    driver.execute(read_file("migrations/begin.sql").encode())
    apply_files(connection, "foundation")
    installed = connection.scalar(text("select current_setting('duplication.installed_version')"))
    if not installed:
        apply_files(connection, "schema")
    return int(installed or newest_version())


def apply_files(connection: Connection, folder: str) -> None:
    """Apply every file below a folder of sql/ in the order of its path."""
    for name in list_files(folder):
        apply_file(connection, name)


if context.is_offline_mode():
    raise CommandError(
        "Offline mode (--sql) is not supported: the routines are applied by this script, not by revisions"
    )

dsn = find_dsn()
engine = create_engine(
    "postgresql+psycopg://",
    # A creator takes a DSN in any of libpq's forms; SQLAlchemy's URL takes only one.
    creator=lambda: psycopg.connect(dsn, fallback_application_name="duplication migrate"),
    poolclass=NullPool,
)
with engine.begin() as transaction:
    run_migrations(transaction)
