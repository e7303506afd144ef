"""A network that stands still, and tells neither side, keeps nobody for ever."""

from __future__ import annotations

import psycopg
from psycopg.conninfo import make_conninfo

from duplication.engine import Engine
from duplication.queue import Queue
from tests.driver.helpers import Start
from tests.driver.watching import BATCHWISE, copied_rows, gate_at_first_block, outcomes, wait_for_completion
from tests.support.aliases import Episode
from tests.support.calls import set_batch_rows
from tests.support.faults import wait_until_idle
from tests.support.proxy import Proxy
from tests.support.waiting import eventually


def test_a_call_without_an_answer_is_cut_off_and_its_job_goes_on(
    db: psycopg.Connection, dsn: str, engine: Engine, queue: Queue, start: Start, episode: Episode
) -> None:
    """The server has done its part, and waits for the next call of a session that will never make one."""
    source = str(episode())
    set_batch_rows(db, 5)
    db.execute("update duplication.settings set lease = '1 s'")
    duplication = engine.request_duplication("episode", source)
    with Proxy(db.info.port) as network, gate_at_first_block(db, dsn) as gate:
        through = make_conninfo(dsn, port=network.port)
        worker = start("worker", **BATCHWISE | {"DUPLICATION_DSN": through, "DUPLICATION_STALL_SECONDS": "1"})
        (backend,) = gate.wait_for()
        assert network.stall() >= 2, "of the one who works and of the one who dispatches"
        gate.open()
        wait_until_idle(db, [backend])
        eventually(lambda: "has not returned for" in worker.said, "the call is given up")
        wait_for_completion(engine, duplication)
    assert copied_rows(db) == [1, 3, 6, 24]
    assert outcomes(db, duplication, "blocks")[:2] == ["lost", "done"]
