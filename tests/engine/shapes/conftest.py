"""One database for the shapes of a module, each of which has it for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.engine.shapes import shape as shapes
from tests.engine.shapes.shape import Shape
from tests.support.calls import set_batch_rows

Make = Callable[..., psycopg.Connection]


@pytest.fixture
def make(shared: psycopg.Connection) -> Iterator[Make]:
    """Creates and registers a shape; skips what the server is too old for."""

    def made(shape: Shape, batch_rows: int = 5000) -> psycopg.Connection:
        if shared.info.server_version < shape.since * 10000:
            pytest.skip(f"needs PostgreSQL {shape.since}")
        with psycopg.connect(shared.info.dsn, autocommit=True) as conn:
            shapes.make(conn, shape)
        set_batch_rows(shared, batch_rows)
        return shared

    yield made
    shapes.remove(shared)
