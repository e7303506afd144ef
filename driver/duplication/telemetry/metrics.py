"""Figures for Prometheus."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from duplication.config import ConfigError
from duplication.engine import Engine
from duplication.errors import DuplicationError
from duplication.models import Batch

logger = logging.getLogger("duplication")

BATCH_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 2.0, 5.0, 15.0, 60.0)


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
                counts = engine.count_statuses()
        except DuplicationError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        statuses = GaugeMetricFamily("duplication_duplications", "Duplications by status.", labels=["status"])
        for count in counts:
            statuses.add_metric([count.status], count.count)
        yield statuses
        oldest = GaugeMetricFamily("duplication_oldest_pending_seconds", "Since the oldest pending one was requested.")
        since = [count.oldest_requested_at for count in counts if "startable" in count.traits]
        now = datetime.now(UTC)
        oldest.add_metric([], max((now - (at or now)).total_seconds() for at in [*since, now]))
        yield oldest


def make_database_registry(connect: Callable[[], Engine]) -> CollectorRegistry:
    """Return a registry of what the database tells. Parameters: connect, opens a session."""
    registry = CollectorRegistry()
    # what is registered is asked at once, for its names: not here
    registry.register(DatabaseCollector(connect))
    return registry


class WorkerMetrics:
    """What a worker counts itself. Safe to use from several threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.received = self._counter("jobs_received", "Jobs that came from the queue.", "level")
        self.jobs_refused = self._counter("jobs_refused", "Jobs that had to wait or to stop, by the gate.", "gate")
        self.ended = self._counter("jobs_ended", "Jobs that ran, by what came of them.", "outcome")
        self.rows = self._counter("rows_copied", "Rows that were copied.", "level")
        self.batches = self._counter("batches_copied", "Batches that were copied.", "level")
        self.batch_seconds = Histogram(
            "duplication_batch_seconds",
            "How long a batch's transaction took, by the database's clock.",
            ["level"],
            buckets=BATCH_BUCKETS,
            registry=self.registry,
        )
        self.dead_letters = Gauge(
            "duplication_dead_letters", "Messages that the queue has given up on.", registry=self.registry
        )

    def _counter(self, name: str, documentation: str, label: str) -> Counter:
        return Counter(f"duplication_{name}", documentation, [label], registry=self.registry)

    def count_batch(self, batch: Batch) -> None:
        """Count a batch that was copied."""
        self.batches.labels(batch.level).inc()
        self.rows.labels(batch.level).inc(batch.rows)
        self.batch_seconds.labels(batch.level).observe((batch.ended_at - batch.started_at).total_seconds())


@contextmanager
def serve_metrics(metrics: WorkerMetrics, connect: Callable[[], Engine], host: str, port: int | None) -> Iterator[None]:
    """Serve what a worker counts and what the database tells, while the block lasts. Raises ConfigError.

    Parameters: metrics; connect, opens a session; host, port, where to listen, None for nowhere.
    """
    if port is None:
        yield
        return
    metrics.registry.register(DatabaseCollector(connect))
    try:
        server, thread = start_http_server(port, host, metrics.registry)
    except OSError as error:
        raise ConfigError(f"{host}:{port} cannot be listened on for metrics: {error.strerror or error}") from error
    try:
        logger.info("Metrics are served on http://%s:%d/metrics", host, server.server_port)
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
