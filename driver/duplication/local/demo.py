"""`duplication demo`: the whole thing on a database and a queue of its own, both gone afterwards."""

import json
import os
import secrets
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from duplication.display import render
from duplication.engine import Engine
from duplication.local.embedded import Server, postgres_server, queue_server
from duplication.local.processes import ServerFailed, running_process, temporary_home
from duplication.local.sample import load_episode
from duplication.migrations import migrate
from duplication.models import Duplication, LevelProgress

LOOK_SECONDS = 0.1
COMMAND = (sys.executable, "-P", "-m", "duplication")


@dataclass(frozen=True, slots=True)
class Shape:
    """How wide the sample episode is: parts, items in each part, blocks in each item."""

    parts: int
    items: int
    blocks: int


@dataclass(frozen=True, slots=True)
class Demo:
    """What a demo runs: a database, a queue, a worker. Gone when the block of start_demo ends."""

    home: Path
    server: Server
    variables: Mapping[str, str]
    worker: "subprocess.Popen[bytes]"
    engine: Engine

    def check_worker(self) -> None:
        """Raise ServerFailed when the worker has ended."""
        if self.worker.poll() is not None:
            raise ServerFailed("The worker ended", detail=(self.home / "worker.log").read_text()[-2000:])


@contextmanager
def start_demo(console: Console, *worker_options: str) -> Iterator[Demo]:
    """Run a demo's servers while the block lasts. Raises DuplicationError."""
    with ExitStack() as stack:
        home = stack.enter_context(temporary_home("duplication-demo-"))
        console.print("Starting PostgreSQL and a queue …")
        server = stack.enter_context(
            postgres_server(home, password=secrets.token_urlsafe(12), max_wal_size="4GB", shared_buffers="256MB")
        )
        variables = make_variables(server.dsn, stack.enter_context(queue_server(home)))
        migrate(server.dsn, with_content=True)
        variables["DUPLICATION_QUEUE_URL"] = create_queue(variables)
        worker = stack.enter_context(run_command(home, variables, "worker", *worker_options))
        engine = stack.enter_context(Engine.connect(server.dsn, application_name="duplication demo"))
        yield Demo(home, server, variables, worker, engine)


def run_demo(console: Console, shape: Shape, *, keep: bool) -> bool:
    """Start everything, duplicate a sample episode, verify the copy, tell what happened.

    Parameters: console, to tell it on; shape, of the episode; keep, to leave everything running until Ctrl-C.
    Returns whether the copy was made and equals its source. Raises DuplicationError.
    """
    with start_demo(console) as demo:
        key = load_sample(console, demo.engine, shape)
        duplication_id = demo.engine.request_duplication("episode", key)
        console.print(f"Duplication {duplication_id} of episode {key} is requested")
        equal = report(console, demo.engine, follow(console, demo, duplication_id))
        if keep:
            print_how_to_connect(console, demo)
            wait_for_interrupt(console)
        return equal


def make_variables(dsn: str, endpoint: str) -> dict[str, str]:
    """Return the environment variables under which the `duplication` command works with the demo's servers."""
    return {
        "DUPLICATION_DSN": dsn,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_SECRET_ACCESS_KEY": "demo",  # the embedded queue takes any
        "NO_PROXY": "127.0.0.1,localhost",
    }


def make_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for the demo's own commands: nothing of a person's own AWS or database gets in."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DUPLICATION_"))}
    closed = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return own | closed | {"no_proxy": variables["NO_PROXY"]} | dict(variables)


def create_queue(variables: Mapping[str, str]) -> str:
    """Create the queue by the `duplication` command; returns its URL."""
    done = subprocess.run(  # noqa: S603
        [*COMMAND, "queue", "create", "--json"],
        env=make_environment(variables),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServerFailed("The queue could not be created", detail=done.stderr)
    return str(json.loads(done.stdout)["queue_url"])


@contextmanager
def run_command(
    home: Path, variables: Mapping[str, str], name: str, *options: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a `duplication` command while the block lasts; what it says is in <name>.log."""
    with (
        (home / f"{name}.log").open("ab") as log,
        running_process(
            [*COMMAND, name, *options], home / f"{name}.pid", log, environment=make_environment(variables)
        ) as run,
    ):
        yield run


def load_sample(console: Console, engine: Engine, shape: Shape) -> str:
    """Load the sample episode; returns its key."""
    items = shape.parts * shape.items
    rows = 1 + shape.parts + items + items * shape.blocks
    console.print(f"Loading a sample episode of {rows:,} rows …")
    return load_episode(engine, shape.parts, shape.items, shape.blocks)


def follow(console: Console, demo: Demo, duplication_id: int) -> Duplication:
    """Show the progress until the duplication is over; returns it. Raises ServerFailed when the worker ends before."""
    with render.LevelBars(console) as bars:
        while True:
            duplication = demo.engine.find_duplication(duplication_id)
            bars.update(demo.engine.list_progress(duplication_id))
            if "active" not in duplication.traits:
                return duplication
            demo.check_worker()
            time.sleep(LOOK_SECONDS)


def report(console: Console, engine: Engine, duplication: Duplication) -> bool:
    """Tell what came of the duplication; returns whether the copy was made and equals its source."""
    levels = engine.list_progress(duplication.id)
    if "whole" not in duplication.traits:
        render.print_duplication(console, duplication, levels)
        return False
    console.print(render.make_levels_table(levels))
    console.print(summarize(duplication, levels))
    console.print("Comparing the copy with its source, row by row …")
    differences = list(engine.verify(duplication.id))
    render.print_differences(console, differences[:20], len(differences))
    return not differences


def summarize(duplication: Duplication, levels: list[LevelProgress]) -> str:
    """Return one line on the whole: the new episode, rows, time."""
    rows = sum(level.rows_copied or 0 for level in levels)
    line = f"The new episode is {duplication.new_root_key}: {rows:,} rows"
    if duplication.started_at is None or duplication.completed_at is None:
        return line
    seconds = (duplication.completed_at - duplication.started_at).total_seconds()
    return f"{line} in {seconds:.2f} s, {rows / max(seconds, 0.001):,.0f} rows/s"


def print_how_to_connect(console: Console, demo: Demo) -> None:
    """Print what to type in another terminal."""
    psql = shlex.join([str(demo.server.bindir / "psql"), demo.server.dsn])
    exports = "\n".join(f"  export {name}={shlex.quote(value)}" for name, value in demo.variables.items())
    command = shlex.quote(str(Path(sys.executable).with_name("duplication")))
    console.print(
        f"\nEverything is left running. In another terminal:\n\n  {psql}\n\n"
        f"or, for the `duplication` command:\n\n{exports}\n  {command} status\n\nCtrl-C ends it.",
        markup=False,
        soft_wrap=True,
    )


def wait_for_interrupt(console: Console) -> None:
    """Sleep until Ctrl-C or SIGTERM."""
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(60)
    console.print("Stopping …")
