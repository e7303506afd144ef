"""Which faults are run, and a server and a queue for them."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from duplication.local.embedded import queue_server
from tests.support.server import CrashServer, temporary_home


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--handful", type=int, default=0, help="so many of the faults, chosen by the seed (0: all)")
    parser.addoption("--faults-seed", type=int, default=1, help="what chance is made from")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    handful = config.getoption("--handful")
    if handful:
        chance = random.Random(config.getoption("--faults-seed"))  # noqa: S311 (a choice of tests)
        chosen = chance.sample(items, min(handful, len(items)))
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--faults-seed"))


@pytest.fixture(scope="session")
def server() -> Iterator[CrashServer]:
    """Is crashed again and again."""
    with temporary_home() as home:
        started = CrashServer(home)
        try:
            yield started
        finally:
            started.close()


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The queue server."""
    with temporary_home() as home, queue_server(home) as url:
        yield url


@pytest.fixture
def home() -> Iterator[Path]:
    with temporary_home() as made:
        yield made


def report(name: str, version: str, **figures: float) -> None:
    """Keep what was measured, and on what, where somebody wants it."""
    directory = os.environ.get("FAULTS_REPORT")
    if directory:
        Path(directory).mkdir(parents=True, exist_ok=True)
        (Path(directory) / f"{name}.json").write_text(json.dumps(figures))
        (Path(directory) / "version").write_text(version)
