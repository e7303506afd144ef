"""A thousand duplications while something goes wrong every few seconds: `make soak ARGS="--seed 7"`.

The seed decides what there is to copy, what goes wrong and when, so a run that failed can be had again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import platform
import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
from moto.server import ThreadedMotoServer

from duplication.engine import Engine
from duplication.local.embedded import queue_server
from tests.faults.catalog import FAULTS
from tests.faults.checks import (
    check_every_row_is_accounted_for,
    check_no_row_is_doubled,
    check_nobody_at_work,
    check_statuses,
)
from tests.faults.farm import Farm, make_farm, read_digests
from tests.support.calls import value, verify
from tests.support.content import Shape
from tests.support.server import CrashServer, temporary_home

SOURCES = 20
CURSED = 2
"""Sources that cannot be copied: a trigger refuses one of their parts."""
REFUSE = """
create function public.refuse() returns trigger language plpgsql
as $$ begin raise exception using errcode = '23514', message = 'no such part today'; end $$;
create trigger refuse before insert on public.parts
for each row when (new.orig_id = any (array{}::bigint[])) execute function public.refuse()
"""
ENGINE_TABLES = (
    "duplication.duplications",
    "duplication.events",
    "_duplication.level_runs",
    "_duplication.edge_runs",
    "_duplication.pieces",
    "_duplication.batches",
    "_duplication.id_map",
    "_duplication.attempts",
)


def main() -> None:
    """Run it, print the figures as JSON, and fail if anything is not as promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--duplications", type=int, default=1000)
    parser.add_argument("--queue", choices=["ministack", "moto"], default="ministack")
    options = parser.parse_args()
    with temporary_home() as home, contextlib.ExitStack() as stack:
        server = CrashServer(home, autovacuum="on", autovacuum_naptime="5s")
        stack.callback(server.close)
        endpoint = stack.enter_context(open_queue(options.queue, home))
        farm = stack.enter_context(make_farm(server, endpoint, home, options.seed, DUPLICATION_POLL_SECONDS="1"))
        print(json.dumps(soak(farm, options.duplications) | vars(options), indent=2))


@contextlib.contextmanager
def open_queue(name: str, home: Path) -> Iterator[str]:
    """The endpoint of one of two SQS servers, written by different people."""
    if name == "ministack":
        with queue_server(home / "queue") as endpoint:
            yield endpoint
        return
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def soak(farm: Farm, number: int) -> dict[str, object]:
    """Ask for so many copies, strike until all are over, and check everything; returns the figures."""
    farm.away_seconds, farm.locked_seconds = 3, 4
    cursed = load(farm)
    for _ in range(number):
        farm.request(farm.random.choice(farm.sources))
    began = time.monotonic()
    farm.start()
    with Memory(farm) as memory:
        struck = strike_until_the_end(farm)
    seconds = time.monotonic() - began
    check_nobody_at_work(farm)
    statuses = dict(Counter(farm.statuses().values()))
    with farm.session() as conn:
        failed = check_copies(farm, conn, cursed)
        return {
            "postgres": value(conn, "show server_version"),
            "python": platform.python_version(),
            "seconds": round(seconds),
            "statuses": statuses,
            "failed, though it could be copied": failed,
            "faults": sum(struck.values()),
            "of each": dict(sorted(struck.items())),
            "deliveries": value(conn, "select count(*) from _duplication.attempts"),
            "lost attempts": value(conn, "select count(*) from _duplication.attempts where outcome = 'lost'"),
            "memory": memory.figures(),
            "bloat": measure_bloat(conn),
        }


def load(farm: Farm) -> set[int]:
    """Make sources of mixed size and shape; returns those that cannot be copied."""
    farm.load([make_shape(farm.random) for _ in range(SOURCES)])
    cursed = farm.sources[-CURSED:]
    farm.tell("update duplication.settings set max_active = 8")
    farm.tell("drop trigger take_time on public.blocks")
    with farm.session() as conn:
        parts = conn.execute(
            "select min(id) from public.parts where episode_id = any(%s) group by episode_id", (cursed,)
        )
        conn.execute(REFUSE.format([row[0] for row in parts]).encode())
    return set(cursed)


def make_shape(chance: random.Random) -> Shape:
    """From a part without anything to some hundred blocks, with gaps."""
    breadth = chance.choice([1, 2, 4, 8])
    return [
        [chance.randrange(2 * breadth + 1) for _ in range(chance.randrange(1, breadth + 1))] for _ in range(breadth)
    ]


def strike_until_the_end(farm: Farm) -> Counter[str]:
    """Something goes wrong every few seconds; returns how often what did."""
    struck: Counter[str] = Counter()
    repeatable = [fault for fault in FAULTS if fault.repeatable]
    while not farm.are_over():
        time.sleep(farm.random.uniform(1, 5))
        fault = farm.random.choice(repeatable)
        with contextlib.suppress(psycopg.OperationalError):
            fault.strike(farm)
            struck[fault.name] += 1
    return struck


def check_copies(farm: Farm, conn: psycopg.Connection, cursed: set[int]) -> int:
    """Fail unless each copy is as it was asked for; returns how many failed that could have been copied."""
    check_statuses(conn, may_fail=True)
    check_no_row_is_doubled(conn)
    check_every_row_is_accounted_for(conn)
    assert read_digests(conn) == farm.digests, "the sources are as they were"
    found = conn.execute("select id, root_key::bigint, status from duplication.duplications order by id").fetchall()
    assert [row[0] for row in found] == farm.duplications, "one for each request"
    completed = [(number, root) for number, root, status in found if status == "completed"]
    failed = [(number, root) for number, root, status in found if status == "failed"]
    assert not [number for number, root in completed if root in cursed]
    assert [number for number, _ in completed if verify(conn, number)] == [], "each equals its source"
    with Engine.connect(farm.dsn) as engine:
        for number, _ in failed:
            assert engine.discard(number)
    for level, size in sizes(conn).items():
        copies = value(conn, f"select count(*) from public.{level} where orig_id is not null")
        assert copies == sum(size.get(root, 0) for _, root in completed), f"as many {level} as were asked for"
    return len([number for number, root in failed if root not in cursed])


JOINS = {
    "episodes": "",
    "parts": " inner join public.parts as p on p.episode_id = e.id",
    "items": " inner join public.items as i on i.part_id = p.id",
    "blocks": " inner join public.blocks as b on b.item_id = i.id",
}


def sizes(conn: psycopg.Connection) -> dict[str, dict[int, int]]:
    """How many rows of each level each source has."""
    tables = "public.episodes as e"
    found: dict[str, dict[int, int]] = {}
    for level, join in JOINS.items():
        tables += join
        rows = conn.execute(f"select e.id, count(*) from {tables} where e.orig_id is null group by e.id".encode())
        found[level] = dict(rows.fetchall())
    return found


def measure_bloat(conn: psycopg.Connection) -> dict[str, str]:
    """The engine's tables with their indexes, as they are and as they would be new, in kB."""
    figures = {}
    for table in ENGINE_TABLES:
        size = f"select pg_total_relation_size('{table}') / 1024"
        before = value(conn, size)
        conn.execute(f"vacuum full {table}".encode())
        figures[table] = f"{before} / {value(conn, size)}"
    return figures


class Memory:
    """ViewCache every second how much memory the workers hold, process by process."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm
        self._seen: dict[int, list[int]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._over.wait(1):
            for station in self._farm.stations:
                pid = station.running.process.pid
                with contextlib.suppress(OSError, IndexError, StopIteration):
                    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
                    self._seen.setdefault(pid, []).append(kilobytes // 1024)

    def figures(self) -> dict[str, object]:
        """MB: the most there was; and of the process that lived longest, in its first and its last quarter."""
        longest = max(self._seen.values(), key=len)
        quarter = max(1, len(longest) // 4)
        return {
            "most": max(max(series) for series in self._seen.values()),
            "longest life, s": len(longest),
            "first quarter": statistics.median(longest[:quarter]),
            "last quarter": statistics.median(longest[-quarter:]),
        }

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


if __name__ == "__main__":
    main()
