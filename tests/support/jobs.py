"""What tests of the queue's jobs do to them: as the driver does it, a call at a time."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.aliases import Connection
from tests.support.calls import value


@dataclass(frozen=True)
class Begun:
    """What begin_attempt returns."""

    attempt: int
    decision: str
    reason: str | None
    wait: object
    gate: str | None


def request(conn: Connection, source: str) -> int:
    return int(value(conn, "select duplication.request_duplication('episode', %s)", source))


def begin(
    conn: Connection, duplication: int, level: str = "episodes", *, worker: str = "w", cpu: int | None = None
) -> Begun:
    query = "select * from _duplication.begin_attempt(%s, %s, 'm', %s, %s)"
    return Begun(*(conn.execute(query, (duplication, level, worker, cpu)).fetchone() or ()))


def dispatch(conn: Connection, seen_empty: str | None = None, limit: int = 100) -> list[int]:
    query = "select duplication_id from _duplication.dispatch_jobs(%s, null, %s::interval)"
    return sorted(row[0] for row in conn.execute(query, (limit, seen_empty)))


def fail(conn: Connection, attempt: int, sqlstate: str = "40P01") -> str:
    error = f'{{"sqlstate": "{sqlstate}", "message": "deadlock detected"}}'
    return str(value(conn, "select _duplication.end_attempt(%s, 'transient', %s::jsonb)", attempt, error))


def waiting(conn: Connection, duplication: int) -> object:
    return value(conn, "select waiting_reason from duplication.duplications where id = %s", duplication)


def make_due(conn: Connection) -> None:
    conn.execute("update duplication.duplications set not_before = clock_timestamp() where not_before is not null")


def change(conn: Connection, setting: str, to: str) -> None:
    conn.execute(f"update duplication.settings set {setting} = {to}".encode())


def move_attempts_back(conn: Connection, by: str) -> None:
    conn.execute(
        "update _duplication.attempts set ended_at = ended_at - %s::interval, started_at = started_at - %s::interval",
        (by, by),
    )
