"""Finds the SQL that comes with the package, and migrates a database with it."""

from pathlib import Path
from typing import Any

import psycopg
from alembic import command
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


def find_driver(connection: Connection) -> "psycopg.Connection[Any]":
    """Return psycopg's own connection: SQLAlchemy would take `:name` and `%` in a script for parameters."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"psycopg was expected, not {type(driver)}")
    return driver
