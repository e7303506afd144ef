"""Finds the SQL that comes with the package, and migrates a database with it."""

from pathlib import Path
from typing import Any

import psycopg
from alembic import command, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from duplication.errors import DuplicationError, error_from


class MigrationFailed(DuplicationError):
    """A revision or a routine file could not be applied; nothing of the migration was kept."""

    @classmethod
    def from_database(cls, error: psycopg.Error, place: str | None = None) -> "MigrationFailed":
        """Return the failure a database error stands for; place says which file and line."""
        fields = error_from(error).as_dict()
        message = fields.pop("message") or ""
        return cls(f"{place}: {message}" if place else message, **fields)


def find_sql_home() -> Path:
    """Return the directory of the SQL: inside an installed package, beside the driver in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "sql"
    return installed if installed.is_dir() else package.parent.parent / "sql"


def migrate(dsn: str, *, with_content: bool = False) -> list[str]:
    """Bring a database to the newest revision and apply all routines, in one transaction.

    Parameters: dsn, in any of libpq's forms (empty: libpq's variables); with_content, to make the reference content
    tables too.
    Returns the revisions reached. Raises MigrationFailed.
    """
    config = Config()
    config.set_main_option("script_location", str(find_sql_home() / "migrations").replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", dsn.replace("%", "%%"))
    branches = ["engine", "content"] if with_content else ["engine"]
    try:
        command.upgrade(config, "heads" if with_content else "engine@head")
        script = ScriptDirectory.from_config(config)
        return [script.get_revision(f"{branch}@head").revision for branch in branches]
    except psycopg.Error as error:
        raise MigrationFailed.from_database(error) from error
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.Error):
            raise MigrationFailed.from_database(error.orig) from error
        raise
    except CommandError as error:
        raise MigrationFailed(str(error)) from error


def list_files(folder: str) -> list[str]:
    """Return every SQL file below a folder of the SQL, in the order in which they are applied."""
    home = find_sql_home()
    return sorted(str(path.relative_to(home)) for path in (home / folder).rglob("*.sql"))


def read_file(name: str) -> str:
    """Return the text of a file of the SQL."""
    return (find_sql_home() / name).read_text(encoding="utf-8")


def engine_revision(version: int) -> str:
    """Return the revision that makes an engine of this version."""
    return f"engine_{version:04}"


def newest_version() -> int:
    """Return the version of the engine that comes with the package."""
    return max(revision_version(path.name) for path in (find_sql_home() / "migrations/versions").glob("engine_*.py"))


def revision_version(file: str) -> int:
    """Return the version that a file of the engine's revisions makes."""
    return int(Path(file).name.split("_")[1])


def apply_file(connection: Connection, name: str) -> None:
    """Run a file of the SQL.

    Raises MigrationFailed with the file and the line at fault.
    """
    sql = read_file(name)
    try:
        find_driver(connection).execute(sql.encode())
    except psycopg.Error as error:
        position = int(error.diag.statement_position or 0)
        line = sql.count("\n", 0, max(position - 1, 0)) + 1
        raise MigrationFailed.from_database(error, f"sql/{name}:{line}") from error


def run_sql_of(module: str) -> None:
    """Run the SQL file of a revision, which is named like its module."""
    apply_file(op.get_bind(), f"migrations/versions/{Path(module).stem}.sql")


def find_driver(connection: Connection) -> "psycopg.Connection[Any]":
    """Return psycopg's own connection: SQLAlchemy would take `:name` and `%` in a script for parameters."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"psycopg was expected, not {type(driver)}")
    return driver
