"""Brings a database to the newest revision and then applies every routine file, all in one transaction.

A new installation applies the tables as they are now, sql/schema, and is stamped with the newest revision. Revisions
are for installations that are behind. Routines, views and grants live in sql/procedures, one file each, written so that
they can be applied again and again: in the order of their paths, once the engine's branch is at its head.
"""

from collections.abc import Collection
from pathlib import Path

import psycopg
from alembic import context
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine, make_url, text

from duplication.config import load_settings
from duplication.migrations import MigrationFailed, find_driver

SQL = Path(__file__).parent.parent


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
        # Two migrations at once: the second waits here and then finds nothing left to do. A key of its own, since
        # _duplication.lock_key() may not be there yet.
        connection.execute(text("select pg_advisory_xact_lock(hashtextextended('duplication:migrate', 0))"))
        if connection.scalar(text("select to_regclass('_duplication.level_runs') is null")):
            apply_files(connection, "schema")
            migration.stamp(ScriptDirectory.from_config(context.config), "engine@head")
    with context.begin_transaction():
        context.run_migrations()
    if moves and is_at_engine_head(migration.get_current_heads()):
        apply_files(connection, "procedures")


def is_at_engine_head(heads: Collection[str]) -> bool:
    """Tell whether the engine's newest revision is among the revisions the database is at."""
    script = ScriptDirectory.from_config(context.config)
    try:
        revision = script.get_revision("engine@head")
    except CommandError:
        return False
    return revision.revision in heads


def apply_files(connection: Connection, folder: str) -> None:
    """Apply every file below a folder of sql/ in the order of its path.

    Raises MigrationFailed with the file and the line at fault.
    """
    driver = find_driver(connection)
    # A routine may call one whose file comes later.
    driver.execute("set local check_function_bodies to off")
    for path in sorted((SQL / folder).rglob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        try:
            driver.execute(sql.encode())
        except psycopg.Error as error:
            position = int(error.diag.statement_position or 0)
            line = sql.count("\n", 0, max(position - 1, 0)) + 1
            raise MigrationFailed.from_database(error, f"sql/{path.relative_to(SQL)}:{line}") from error


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
