"""The faults, and what may come of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults import neighbours, networks, servers, surroundings, workers
from tests.faults.farm import Farm


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes: strike, does it in the middle of a run, and returns when it is over; early, it begins with the run;
    may_fail, copies may end otherwise than completed; differs, `verify` may name what it did to the victim; needs,
    something around the farm; repeatable, it can happen again and again in a soak.
    """

    strike: Callable[[Farm], None]
    early: bool = False
    may_fail: bool = False
    differs: bool = False
    needs: str = ""
    repeatable: bool = False

    @property
    def name(self) -> str:
        return self.strike.__name__

    @property
    def shows(self) -> str:
        return " ".join(inspect.getdoc(self.strike).split())  # type: ignore[union-attr]


FAULTS = [
    Fault(workers.worker_killed_in_a_call, repeatable=True),
    Fault(workers.worker_killed_between_send_and_delete, repeatable=True),
    Fault(workers.worker_frozen, repeatable=True),
    Fault(workers.backends_terminated, repeatable=True),
    Fault(workers.many_dispatchers, early=True),
    Fault(servers.server_crashes_in_a_batch),
    Fault(servers.server_crashes_in_planning, early=True),
    Fault(servers.server_crashes_in_a_discard, may_fail=True),
    Fault(servers.server_crashes_any_time, repeatable=True),
    Fault(servers.server_away, repeatable=True),
    Fault(servers.statement_timeout),
    Fault(servers.no_connection_to_be_had, repeatable=True),
    Fault(servers.disk_full, early=True, may_fail=True, needs="disk"),
    Fault(servers.clock_moved_back, needs="clock"),
    Fault(networks.queue_away, repeatable=True),
    Fault(networks.queue_stalls, repeatable=True),
    Fault(networks.database_stalls, repeatable=True),
    Fault(networks.every_message_twice, early=True, repeatable=True),
    Fault(networks.messages_reordered, early=True, repeatable=True),
    Fault(networks.messages_lost, early=True, repeatable=True),
    Fault(networks.visibility_expired, early=True, repeatable=True),
    Fault(neighbours.deadlock),
    Fault(neighbours.table_locked, may_fail=True, repeatable=True),
    Fault(neighbours.referenced_row_locked, may_fail=True, repeatable=True),
    Fault(neighbours.source_row_deleted, differs=True),
    Fault(neighbours.source_row_moved, differs=True, may_fail=True),
    Fault(neighbours.column_added),
    Fault(neighbours.column_dropped),
    Fault(neighbours.root_deleted, may_fail=True, differs=True),
    Fault(neighbours.new_root_deleted, may_fail=True, differs=True),
    Fault(neighbours.flag_switched, repeatable=True),
    Fault(neighbours.cancels_race_completion, early=True, may_fail=True),
    Fault(neighbours.discards_race_workers, may_fail=True),
    Fault(surroundings.through_a_pooler, early=True, needs="pooler"),
    Fault(surroundings.restored_from_a_dump),
]
