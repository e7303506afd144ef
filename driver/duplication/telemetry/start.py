"""Whether traces are wanted, by the standard variables."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from duplication.config import ConfigError

if TYPE_CHECKING:
    from duplication.telemetry.traces import Traces

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


@contextmanager
def open_traces() -> Iterator["Traces | None"]:
    """Yield where spans are told, None where nobody asks for them. Raises ConfigError when the extra is missing.

    Without the variables nothing of OpenTelemetry is loaded, so that a worker stays small.
    """
    is_off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    endpoint = next((name for name in ENDPOINTS if os.environ.get(name)), None)
    if is_off or endpoint is None:
        yield None
        return
    try:
        from duplication.telemetry.traces import Traces  # noqa: PLC0415 (an extra, loaded where it is asked for)
    except ImportError as error:
        raise ConfigError(
            f"{endpoint} asks for traces, and {error.name} is missing", hint="pip install 'episode-duplication[otel]'"
        ) from error
    traces = Traces()
    try:
        yield traces
    finally:
        traces.close()
