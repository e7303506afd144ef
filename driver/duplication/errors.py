"""From SQLSTATE to exception.

The engine raises errors of SQLSTATE class UD, each of which is a class here. Everything is decided by the SQLSTATE;
a message is for people and is never looked at.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


class DuplicationError(Exception):
    """Base of everything this package raises on purpose.

    Attributes: message; sqlstate, detail, hint, context and relation as the database gave them, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        sqlstate: str | None = None,
        detail: str | None = None,
        hint: str | None = None,
        context: str | None = None,
        relation: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.sqlstate = sqlstate
        self.detail = detail
        self.hint = hint
        self.context = context
        self.relation = relation

    def as_dict(self) -> dict[str, str | None]:
        """Return what is known of the error, in the form the engine stores it in."""
        return {
            "sqlstate": self.sqlstate,
            "message": self.message,
            "detail": self.detail,
            "hint": self.hint,
            "context": self.context,
            "relation": self.relation,
        }


class DatabaseError(DuplicationError):
    """The database refused or failed, with a SQLSTATE that has no class of its own here."""


class ConnectionLost(DatabaseError):
    """The session is gone, or could not be had: nothing more can be asked of it."""


class EngineVersionMismatch(DatabaseError):
    """The engine in the database is not there, or is of a version that this driver does not work with."""


class UnknownTree(DatabaseError):
    """UD001: no tree of this name is registered."""


class UnknownLevel(DatabaseError):
    """UD002: the tree has no such level."""


class UnknownDuplication(DatabaseError):
    """UD003: there is no duplication of this id."""


class OriginalEpisodeNotFound(DatabaseError):
    """UD004: the row to duplicate does not exist."""


class InvalidKey(DatabaseError):
    """UD005: the key is not of the root key's type."""


class LevelOutOfOrder(DatabaseError):
    """UD006: a level was called before its predecessors were done."""


class WrongStatus(DatabaseError):
    """UD007: the duplication's status does not allow this (cancelled, failed, completed …)."""


class EngineDisabled(DatabaseError):
    """UD008: the feature flag is off."""


class NewEpisodeIdMissing(DatabaseError):
    """UD009: the new root row is not there any more."""


class InvalidTree(DatabaseError):
    """UD010: the tree's definition does not fit the catalog."""


class RowNotCopied(DatabaseError):
    """UD011: a trigger swallowed a planned row, or changed its key."""


class ColumnsChanged(DatabaseError):
    """UD012: a table was altered while its level was being copied."""


class CopyReferenced(DatabaseError):
    """UD013: rows outside the copy point at it, so it is not discarded."""


class CountMismatch(DatabaseError):
    """UD014: the final check by counts failed."""


class InsideTransaction(DatabaseError):
    """UD015: a procedure that commits was called inside a transaction."""


class InvalidOption(DatabaseError):
    """UD016: an option or argument has a bad value."""


class ReferenceNotMapped(DatabaseError):
    """UD017: a reference's target is in the source's tree and not in the copy."""


CLASSES: dict[str, type[DatabaseError]] = {
    "UD001": UnknownTree,
    "UD002": UnknownLevel,
    "UD003": UnknownDuplication,
    "UD004": OriginalEpisodeNotFound,
    "UD005": InvalidKey,
    "UD006": LevelOutOfOrder,
    "UD007": WrongStatus,
    "UD008": EngineDisabled,
    "UD009": NewEpisodeIdMissing,
    "UD010": InvalidTree,
    "UD011": RowNotCopied,
    "UD012": ColumnsChanged,
    "UD013": CopyReferenced,
    "UD014": CountMismatch,
    "UD015": InsideTransaction,
    "UD016": InvalidOption,
    "UD017": ReferenceNotMapped,
    # After a failover this session is with the standby; another one may find the primary.
    "25006": ConnectionLost,
    # With these the server ends the session: admin shutdown, crash shutdown, cannot connect now, idle timeout.
    "57P01": ConnectionLost,
    "57P02": ConnectionLost,
    "57P03": ConnectionLost,
    "57P05": ConnectionLost,
}


def error_from(error: psycopg.Error) -> DatabaseError:
    """Translate a psycopg error.

    Parameters: error, as psycopg raised it.
    Returns an exception of the class its SQLSTATE stands for; DatabaseError for any other SQLSTATE; ConnectionLost
    where there is none because the connection broke.
    """
    diag = error.diag
    sqlstate = diag.sqlstate or error.sqlstate
    relation = f"{diag.schema_name}.{diag.table_name}" if diag.schema_name and diag.table_name else None
    return find_class(error, sqlstate)(
        diag.message_primary or str(error).strip() or type(error).__name__,
        sqlstate=sqlstate,
        detail=diag.message_detail,
        hint=diag.message_hint,
        context=diag.context,
        relation=relation,
    )


def find_class(error: psycopg.Error, sqlstate: str | None) -> type[DatabaseError]:
    """Return the exception class for a SQLSTATE, or for the lack of one."""
    if sqlstate is None:
        lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return ConnectionLost if lost else DatabaseError
    if sqlstate.startswith("08"):
        return ConnectionLost
    return CLASSES.get(sqlstate, DatabaseError)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise what psycopg raises inside the block as an exception of this module."""
    try:
        yield
    except psycopg.Error as error:
        raise error_from(error) from error
