"""`duplication demo --serve`: the overview page on a demo in which an application keeps asking for copies."""

import os
import random
import re
import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console

from duplication.engine import Engine
from duplication.local.demo import Demo, Shape, print_how_to_connect, run_command, start_demo
from duplication.local.processes import ServerFailed
from duplication.local.sample import hold_series, load_episode, load_troubles

SHAPES = tuple(
    Shape(*sizes)
    for sizes in (
        (3, 2, 5),
        (10, 5, 20),
        (60, 30, 50),
        (1, 1, 1),
        (60, 30, 30),
        (5, 40, 20),
        (2, 3, 4000),
        (40, 30, 20),
        (12, 12, 12),
        (50, 30, 50),
        (4, 0, 0),
        (20, 10, 50),
    )
)
REFUSED, HELD = 11, 1
"""Which of them meets a constraint of the application, and which a lock of its."""
HELD_SECONDS = 90
PAUSE_SECONDS = 2.0
KEPT = 24
START_SECONDS = 30


def run_demo_page(console: Console) -> None:
    """Start everything, ask for a dozen copies, serve the page, and go on asking until Ctrl-C or SIGTERM.

    Raises DuplicationError.
    """
    with start_demo(console, "--concurrency", "3") as demo:
        console.print(f"Loading {len(SHAPES)} sample episodes …")
        keys = [load_episode(demo.engine, shape.parts, shape.items, shape.blocks) for shape in SHAPES]
        load_troubles(demo.engine, refused=keys[REFUSED], held=keys[HELD])
        with serve_page(demo) as address, suppress(KeyboardInterrupt):
            application = Engine.connect(demo.server.dsn, application_name="application")
            with application, hold_series(application):
                for key in keys:
                    demo.engine.request_duplication("episode", key)
                print_how_to_connect(console, demo)
                console.print(f"\nThe page: {address}", markup=False, soft_wrap=True)
                open_page(address)
                keep_asking(demo, keys, HELD_SECONDS)
            keep_asking(demo, keys, None)
        console.print("Stopping …")


@contextmanager
def serve_page(demo: Demo) -> Iterator[str]:
    """Run `duplication serve` while the block lasts; yields its address. Raises ServerFailed."""
    with run_command(demo.home, demo.variables, "serve", "--port", "0") as server:
        yield wait_for_address(server, demo.home / "serve.log")


def wait_for_address(server: "subprocess.Popen[bytes]", log: Path) -> str:
    """Return the address that a server says it serves. Raises ServerFailed."""
    end = time.monotonic() + START_SECONDS
    while not (found := re.search(r"http://127\.0\.0\.1:[1-9]\d*", log.read_text())):
        if server.poll() is not None or time.monotonic() > end:
            raise ServerFailed("The page could not be served", detail=log.read_text()[-2000:])
        time.sleep(0.1)
    return found[0]


def open_page(address: str) -> None:
    """Open the page, unless the only browser to be had would take over the terminal."""
    if sys.platform in {"darwin", "win32"} or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(address)


def keep_asking(demo: Demo, keys: list[str], seconds: float | None) -> None:
    """Ask for a copy of some episode now and then, and discard old ones, for so many seconds or for ever."""
    end = None if seconds is None else time.monotonic() + seconds
    plain = [key for number, key in enumerate(keys) if number not in {REFUSED, HELD}]
    while end is None or time.monotonic() < end:
        time.sleep(PAUSE_SECONDS)
        demo.check_worker()
        demo.engine.request_duplication("episode", random.choice(plain))  # noqa: S311 (no secret)
        for old in demo.engine.list_duplications(100)[KEPT:]:
            if "whole" in old.traits:
                demo.engine.discard(old.id)
