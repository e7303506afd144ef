"""How soon each event is at each of many open streams of `duplication serve`.

Usage: streams.py [--streams 1000] [--events 20]. Starts a PostgreSQL server and a `duplication serve` of its own.
"""

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import click
import psutil
import psycopg

from duplication.engine import Engine
from duplication.local.demo import run_command
from duplication.local.demo_page import wait_for_address
from duplication.local.embedded import postgres_server
from duplication.local.sample import load_episode
from duplication.migrations import migrate

SAY = "select _duplication.emit_feedback(%s, 'benchmark', %s)"


async def follow(address: str, number: int, ready: asyncio.Event, seen: list[float]) -> None:
    """Read a stream until it has told so many events; keep how long each was on its way, from its commit."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET /events HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
    told = 0
    while told < number:
        line = await reader.readline()
        if not line:
            raise ConnectionError("the stream ended")
        if not line.startswith(b"data: "):
            continue
        event = json.loads(line[6:])
        if event["type"] == "reset":
            ready.set()
            continue
        seen.append(time.time() - datetime.fromisoformat(event["created_at"]).timestamp())
        told += 1
    writer.close()


async def measure(address: str, dsn: str, duplication: int, streams: int, events: int) -> list[float]:
    """Open the streams, emit events a second apart, return how long each took to each stream."""
    seen: list[float] = []
    ready = [asyncio.Event() for _ in range(streams)]
    readers = [asyncio.create_task(follow(address, events, one, seen)) for one in ready]
    begun = time.monotonic()
    await asyncio.gather(*(one.wait() for one in ready))
    click.echo(f"{streams} streams opened in {time.monotonic() - begun:.1f} s")
    with psycopg.connect(dsn, autocommit=True) as conn:
        for number in range(events):
            await asyncio.sleep(0.3)
            await asyncio.to_thread(conn.execute, SAY, (duplication, f"event {number}"))
    await asyncio.gather(*readers)
    return seen


def report(seen: list[float], server: psutil.Process, sessions: int) -> None:
    """Print what was measured."""
    seen.sort()
    usage = server.cpu_times()
    click.echo(
        f"{len(seen)} deliveries: median {median(seen):.2f} s, 99 % within {seen[int(len(seen) * 0.99)]:.2f} s, "
        f"the last {seen[-1]:.2f} s after the event"
    )
    click.echo(
        f"The server: {server.memory_info().rss / 2**20:.0f} MB, {usage.user + usage.system:.1f} s of CPU, "
        f"{sessions} session with the database"
    )


@click.command()
@click.option("--streams", default=1000, show_default=True)
@click.option("--events", default=20, show_default=True)
def main(streams: int, events: int) -> None:
    """Measure, and print."""
    files = max(
        resource.getrlimit(resource.RLIMIT_NOFILE)[0], min(4 * streams, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    )
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duplication-streams-")))
        home.chmod(0o755)
        dsn = stack.enter_context(postgres_server(home)).dsn
        migrate(dsn, with_content=True)
        with Engine.connect(dsn) as engine:
            duplication = engine.request_duplication("episode", load_episode(engine, 1, 1, 1))
        variables: Mapping[str, str] = {"DUPLICATION_DSN": dsn, "NO_PROXY": "127.0.0.1"}
        serving = stack.enter_context(run_command(home, variables, "serve", "--port", "0"))
        address = wait_for_address(serving, home / "serve.log")
        seen = asyncio.run(measure(address, dsn, duplication, streams, events))
        with psycopg.connect(dsn) as conn:
            query = "select count(*) from pg_stat_activity where application_name = 'duplication'"
            (sessions,) = conn.execute(query).fetchone() or (0,)
        report(seen, psutil.Process(serving.pid), sessions)
    sys.exit(0)


if __name__ == "__main__":
    main()
