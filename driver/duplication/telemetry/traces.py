"""Traces: one duplication is one trace, from the application's own span to the last batch.

Needs the extra `otel`. The root's ids are derived from the duplication, so that every worker knows them without having
been told, also after a crash.
"""

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from duplication.errors import DuplicationError
from duplication.jobs import Job
from duplication.models import Batch, Duplication

FLUSH_SECONDS = 1.5
CHOSEN: ContextVar[tuple[int, int] | None] = ContextVar("CHOSEN", default=None)
"""Trace id and span id of the span that is begun next; None for any."""


class ChosenIds(RandomIdGenerator):
    """Ids at random, but for those that are chosen."""

    def generate_trace_id(self) -> int:
        """Return the next trace's id."""
        chosen = CHOSEN.get()
        return chosen[0] if chosen else super().generate_trace_id()

    def generate_span_id(self) -> int:
        """Return the next span's id."""
        chosen = CHOSEN.get()
        return chosen[1] if chosen else super().generate_span_id()


class Traces:
    """Tells spans to the collector that the standard variables name. Safe to use from several threads."""

    def __init__(self) -> None:
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "duplication"}), id_generator=ChosenIds(), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("duplication")
        self._propagator = TraceContextTextMapPropagator()

    def close(self) -> None:
        """Tell what is left, but do not wait long for a collector that is away."""
        thread = threading.Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        thread.join(FLUSH_SECONDS)

    def carry(self, context: Context | None = None) -> dict[str, str]:
        """Return what tells another process of the current span, or of that of a context."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier, context)
        return carrier

    @contextmanager
    def follow_request(self, tree: str, key: str) -> Iterator[dict[str, str]]:
        """Span a request of the command line; yields what is to be put into its options."""
        with self._tracer.start_as_current_span("request", attributes={"tree": tree, "episode_id": key}):
            yield self.carry()

    def follow_dispatch(self, installation: str, duplication: Duplication, level: str) -> dict[str, str]:
        """Span the sending of a job; for the first one, the request before it. Returns the message's attributes."""
        root = find_root(installation, duplication)
        if duplication.started_at is None:
            self._span_request(root, duplication)
        span = self._tracer.start_span(
            "dispatch", below(root), SpanKind.PRODUCER, {"duplication_id": duplication.id, "level": level}
        )
        span.end()
        return self.carry(trace.set_span_in_context(span, Context()))

    def _span_request(self, root: SpanContext, duplication: Duplication) -> None:
        token = CHOSEN.set((root.trace_id, root.span_id))
        try:
            span = self._tracer.start_span(
                f"duplicate {duplication.tree}",
                self._asked_by(duplication),
                SpanKind.SERVER,
                {
                    "duplication_id": duplication.id,
                    "episode_id": duplication.root_key,
                    "tree": duplication.tree,
                    "requested_by": duplication.requested_by or "",
                },
                start_time=to_nanoseconds(duplication.requested_at),
            )
        finally:
            CHOSEN.reset(token)
        span.end()

    def _asked_by(self, duplication: Duplication) -> Context:
        """Return the application's own span as a context; an empty one where there is none."""
        return self._propagator.extract(list_trace(duplication), Context())

    @contextmanager
    def follow_job(self, job: Job, duplication: Duplication, carried: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """Span a job, below what its message carries, else below the root; yields what the log says of it."""
        root = find_root(job.installation, duplication)
        context = self._propagator.extract(dict(carried), Context())
        if trace.get_current_span(context).get_span_context().trace_id != root.trace_id:
            context = below(root)
        attributes: dict[str, AttributeValue] = {
            "job_class": f"duplicate_{job.level}",
            "duplication_id": duplication.id,
            "org_episode_id": duplication.root_key,
            "started_at": (duplication.started_at or datetime.now().astimezone()).isoformat(),
        }
        with self._tracer.start_as_current_span(
            f"duplicate_{job.level}", context, SpanKind.CONSUMER, attributes
        ) as span:
            yield {"trace_id": trace.format_trace_id(span.get_span_context().trace_id)}

    @contextmanager
    def follow_call(self, routine: str) -> Iterator[None]:
        """Span a call of the engine."""
        with self._tracer.start_as_current_span(routine, kind=SpanKind.CLIENT, attributes={"db.system": "postgresql"}):
            yield

    def add_batch(self, batch: Batch) -> None:
        """Tell a batch as a span, with the times that the database has recorded."""
        span = self._tracer.start_span(
            "batch",
            attributes={
                "level": batch.level,
                "batch_no": batch.batch_no,
                "rows": batch.rows,
                "backend_pid": batch.backend_pid,
            },
            start_time=to_nanoseconds(batch.started_at),
        )
        span.end(to_nanoseconds(batch.ended_at))

    def add_event(self, name: str, attributes: Mapping[str, str | None]) -> None:
        """Tell what happens within the current span."""
        trace.get_current_span().add_event(name, {key: value or "" for key, value in attributes.items()})

    def add_error(self, error: DuplicationError) -> None:
        """Tell what the current span has met, and that it is why it ends."""
        span = trace.get_current_span()
        span.record_exception(error, {"sqlstate": error.sqlstate or ""})
        span.set_status(Status(StatusCode.ERROR, error.message))


def find_root(installation: str, duplication: Duplication) -> SpanContext:
    """Return the root span of a duplication: its trace is the application's own, where there is one."""
    digest = hashlib.sha256(f"{installation}/{duplication.id}".encode()).digest()
    asked_by = trace.get_current_span(
        TraceContextTextMapPropagator().extract(list_trace(duplication), Context())
    ).get_span_context()
    trace_id = asked_by.trace_id if asked_by.is_valid else int.from_bytes(digest[:16], "big")
    return SpanContext(
        trace_id, int.from_bytes(digest[16:24], "big"), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )


def list_trace(duplication: Duplication) -> dict[str, str]:
    """Return the trace that the application has put into the request's options."""
    given = duplication.options.get("trace", {})
    return {name: given[name] for name in ("traceparent", "tracestate") if isinstance(given.get(name), str)}


def below(span: SpanContext) -> Context:
    """Return a context for the children of a span."""
    return trace.set_span_in_context(NonRecordingSpan(span), Context())


def to_nanoseconds(time: datetime) -> int:
    """Return a time as OpenTelemetry counts it."""
    return int(time.timestamp() * 1_000_000) * 1000
