"""A server in a process of its own, and who asks it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
import pytest

from tests.driver.helpers import Command
from tests.driver.web.streams import Stream
from tests.support.waiting import eventually

Start = Callable[..., Command]


@dataclass
class Site:
    """A running `duplication serve`."""

    process: Command
    url: str
    client: httpx.Client

    @contextmanager
    def stream(self, path: str = "/events", **headers: str) -> Iterator[Stream]:
        """Follow a stream, until the block ends or the server closes it."""
        with httpx.stream("GET", self.url + path, headers=headers, timeout=30, trust_env=False) as answer:
            assert answer.status_code == 200, answer.read()
            yield Stream(answer)


@pytest.fixture
def serve(start: Start) -> Iterator[Callable[..., Site]]:
    """Starts a server; its options are those of the command, the variables go before them by name."""
    with ExitStack() as stack:

        def site(*options: str, port: int = 0, **variables: str) -> Site:
            process = start("serve", "--port", str(port), *options, **variables)
            eventually(lambda: "Serving" in process.said or process.process.poll() is not None, "it serves")
            found = re.search(r"Serving (http://\S+)", process.said)
            assert found, process.said
            url = found[1]
            client = stack.enter_context(httpx.Client(base_url=url, trust_env=False, timeout=30))
            return Site(process, url, client)

        yield site


@pytest.fixture
def site(serve: Callable[..., Site]) -> Site:
    return serve()
