"""A reader of Server-Sent Events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Told:
    """One event, as it was sent."""

    id: str
    event: str
    data: dict[str, Any]


class Stream:
    """What comes on a stream."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._events = self._read()

    def next(self) -> Told:
        """The next event, which has to come."""
        return next(self._events)

    def until(self, event: str) -> list[Told]:
        """All events until one of a type."""
        seen = [self.next()]
        while seen[-1].event != f"duplication.{event}":
            seen.append(self.next())
        return seen

    def _read(self) -> Iterator[Told]:
        fields: dict[str, str] = {}
        for line in self.answer.iter_lines():
            name, _, text = line.partition(": ")
            if name:
                fields[name] = text
            elif "event" in fields:
                yield Told(fields["id"], fields["event"], json.loads(fields["data"]))
                fields = {}
