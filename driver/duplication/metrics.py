"""Figures for Prometheus."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from duplication.engine import Engine
from duplication.errors import DuplicationError

STATUSES = ("pending", "in_progress", "completed", "failed", "cancelled", "discarding", "discarded")


class DatabaseCollector(Collector):
    """What is asked of the database each time that somebody asks for the figures.

    Parameters: connect, opens a session.
    """

    def __init__(self, connect: Callable[[], Engine]) -> None:
        self._connect = connect

    def collect(self) -> Iterator[Metric]:
        """Yield the figures; of a database that does not answer, only that."""
        up = GaugeMetricFamily("duplication_database_up", "Whether the database answers.")
        try:
            with self._connect() as engine:
                counts = {count.status: count for count in engine.count_statuses()}
        except DuplicationError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        statuses = GaugeMetricFamily("duplication_duplications", "Duplications by status.", labels=["status"])
        for status in STATUSES:
            statuses.add_metric([status], counts[status].count if status in counts else 0)
        yield statuses
        oldest = GaugeMetricFamily("duplication_oldest_pending_seconds", "Since the oldest pending one was requested.")
        pending = counts.get("pending")
        seconds = (datetime.now(UTC) - pending.oldest_requested_at).total_seconds() if pending else 0.0
        oldest.add_metric([], max(0.0, seconds))
        yield oldest


def make_database_registry(connect: Callable[[], Engine]) -> CollectorRegistry:
    """Return a registry of what the database tells. Parameters: connect, opens a session."""
    registry = CollectorRegistry()
    # what is registered is asked at once, for its names: not here
    registry.register(DatabaseCollector(connect))
    return registry
