"""Structured logs: one line an event, of the channel `duplication`, with the job that it is about."""

import logging
import sys

import structlog

from duplication.errors import DuplicationError

CHANNEL = "duplication"
OTHERS = ("botocore", "urllib3", "opentelemetry")
"""Libraries that tell more than anybody wants to know."""


class TellOnce(logging.Filter):
    """Lets a warning of OpenTelemetry pass once from each place: it repeats itself while the collector is away."""

    def __init__(self) -> None:
        super().__init__()
        self._told: set[tuple[str, int]] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is new."""
        if not record.name.startswith("opentelemetry"):
            return True
        place = record.pathname, record.lineno
        is_new = place not in self._told
        self._told.add(place)
        return is_new


def configure_logging(level: str, form: str) -> None:
    """Log to stderr.

    Parameters: level, of what this package tells; form, `json`, `text`, or `auto`: text on a terminal, JSON elsewhere.
    """
    is_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.types.Processor] = (
        [
            leave_out_known,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
        if is_text
        else [describe_exception, name_channel, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
        if is_text
        else structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last)
    )
    handler.addFilter(TellOnce())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(CHANNEL).setLevel(level)
    for name in OTHERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def leave_out_known(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Leave out the trace of an error that is told in words: it is for bugs, where people read."""
    error = event.get("exc_info")
    if isinstance(error, tuple) and isinstance(error[1], DuplicationError):
        del event["exc_info"]
    return event


def name_channel(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Take the record's channel over, and leave out what only the formatting needs."""
    event["channel"] = event.pop("_record").name
    event.pop("_from_structlog", None)
    return event


def describe_exception(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Replace an exception by its class, its message and its trace."""
    error = event.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = {
            "class": type(error).__name__,
            "message": str(error),
            "trace": structlog.processors.ExceptionRenderer()(None, "", {"exc_info": error})["exception"],
        }
    return event
