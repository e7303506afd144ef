"""A server, in a process of its own where that matters, and who asks it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
import pytest
import uvicorn

from duplication.engine import Engine
from duplication.telemetry.metrics import make_database_registry
from duplication.web.app import create_app
from duplication.web.server import listen
from tests.driver.helpers import Command, Start
from tests.driver.web.streams import Stream
from tests.support.waiting import eventually


@dataclass
class Site:
    """A server that answers."""

    url: str
    client: httpx.Client

    @contextmanager
    def stream(self, path: str = "/events", **headers: str) -> Iterator[Stream]:
        """Follow a stream, until the block ends or the server closes it."""
        with httpx.stream("GET", self.url + path, headers=headers, timeout=30, trust_env=False) as answer:
            assert answer.status_code == 200, answer.read()
            yield Stream(answer)


@dataclass
class Process(Site):
    """A running `duplication serve`."""

    process: Command


@pytest.fixture
def serve(start: Start) -> Iterator[Callable[..., Process]]:
    """Starts `duplication serve`; its options are those of the command, the variables go before them by name."""
    with ExitStack() as stack:

        def site(*options: str, port: int = 0, **variables: str) -> Process:
            process = start("serve", "--port", str(port), *options, **variables)
            eventually(lambda: "Serving" in process.said or process.process.poll() is not None, "it serves")
            found = re.search(r"Serving (http://\S+)", process.said)
            assert found, process.said
            client = stack.enter_context(httpx.Client(base_url=found[1], trust_env=False, timeout=30))
            return Process(found[1], client, process)

        yield site


@pytest.fixture
def site(dsn: str) -> Iterator[Site]:
    """A server in a thread of this process, which is there at once."""

    def connect() -> Engine:
        return Engine.connect(dsn)

    app = create_app(connect, make_database_registry(connect))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    with listen("127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
                yield Site(url, client)
        finally:
            server.should_exit = True
            thread.join()
