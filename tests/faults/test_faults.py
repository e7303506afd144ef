"""Whatever goes wrong, every copy ends whole or with a reason, and nobody has to do anything."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.catalog import FAULTS, Fault
from tests.faults.checks import check_end
from tests.faults.conftest import report
from tests.faults.farm import Farm, make_farm
from tests.faults.surroundings import BUSY, clock_that_can_be_moved, level_on, pooler_before, small_disk
from tests.support.server import CrashServer


@contextlib.contextmanager
def surround(fault: Fault, server: CrashServer, endpoint: str, home: Path, seed: int) -> Iterator[Farm]:
    """A farm, and around it what the fault needs."""
    with contextlib.ExitStack() as stack:
        port = None
        if fault.needs == "clock":
            server = stack.enter_context(clock_that_can_be_moved(home))
        if fault.needs == "pooler":
            port = stack.enter_context(pooler_before(server, home))
        disk = stack.enter_context(small_disk(home)) if fault.needs == "disk" else None
        farm = stack.enter_context(make_farm(server, endpoint, home, seed, port=port))
        farm.load_and_request()
        if disk is not None:
            stack.enter_context(level_on(farm, disk))
        if fault.needs == "clock":
            farm.tell(BUSY)
        yield farm


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_every_copy_ends_whole_or_with_a_reason(
    fault: Fault, server: CrashServer, endpoint: str, home: Path, seed: int
) -> None:
    with surround(fault, server, endpoint, home, seed) as farm:
        farm.start()
        if not fault.early:
            farm.wait_for_the_middle()
        fault.strike(farm)
        recovery = farm.measure_recovery()
        since = time.monotonic()
        farm.wait_for_the_end()
        check_end(farm, may_fail=fault.may_fail, differs=fault.differs)
        version = str(farm.ask("select 'PostgreSQL ' || (current_setting('server_version_num')::int / 10000)"))
        report(fault.name, version, goes_on=recovery, over=recovery + time.monotonic() - since)
