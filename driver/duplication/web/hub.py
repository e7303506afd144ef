"""One session reads the feed; any number of streams pass it on."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime

from duplication.engine import Engine
from duplication.errors import ConnectionLost, EngineVersionMismatch, InvalidOption
from duplication.feed import POLL_SECONDS
from duplication.models import Event
from duplication.outages import Outages
from duplication.signals import Backoff

PAGE = 500
MOST_WAITING = 4 * PAGE
STALL_SECONDS = 30


class Stream:
    """What one reader still has to be told.

    Parameters: after, the cursor of the last event the reader has seen, None for what comes from now on; only, the one
    duplication that it asks for, None for all.
    """

    def __init__(self, after: str | None, only: int | None) -> None:
        self.after = after
        self.only = only
        self._waiting: deque[Event] = deque()
        self._told = asyncio.Event()

    @property
    def has_room(self) -> bool:
        """Whether another page may be given to it."""
        return len(self._waiting) <= MOST_WAITING - PAGE

    def give(self, events: Sequence[Event]) -> None:
        """Have the reader told of these, as far as they are for it."""
        self._waiting += [event for event in events if self.only is None or event.duplication_id in {self.only, None}]
        self._told.set()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            self._told.clear()
            await self._told.wait()
        return self._waiting.popleft()


class Hub:
    """Reads the feed for all streams. Lives in one event loop; only the calls of the database are made in threads.

    Parameters: connect, opens a session.
    """

    def __init__(self, connect: Callable[[], Engine]) -> None:
        self._connect = connect
        self._outages = Outages()
        self._position: str | None = None
        self._streams: set[Stream] = set()
        self._newcomers: set[Stream] = set()
        self._came = asyncio.Event()
        self._read_at: float | None = None

    @property
    def number_of_streams(self) -> int:
        """How many readers there are."""
        return len(self._streams) + len(self._newcomers)

    @property
    def lag_seconds(self) -> float:
        """How long ago the feed was last read to its end; infinite when it never was."""
        return float("inf") if self._read_at is None else time.monotonic() - self._read_at

    def join(self, stream: Stream) -> None:
        """Let a stream have what its reader has missed, and everything from then on."""
        self._newcomers.add(stream)
        self._came.set()

    def leave(self, stream: Stream) -> None:
        """Forget a stream."""
        self._newcomers.discard(stream)
        self._streams.discard(stream)

    async def run(self) -> None:
        """Read the feed until cancelled, over any loss of the database."""
        backoff = Backoff(limit_seconds=10)
        while True:
            asked_at = time.monotonic()
            try:
                with closing(await asyncio.to_thread(self._connect)) as engine:
                    while True:
                        asked_at = time.monotonic()
                        await self._look_in_time(engine)
                        self._outages.end("The database", asked_at)
                        backoff.reset()
                        await self._rest()
            except (ConnectionLost, EngineVersionMismatch) as error:
                self._outages.begin("The database", error.message, asked_at)
                await asyncio.sleep(backoff.next_wait())

    async def _look_in_time(self, engine: Engine) -> None:
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await self._look(engine)
        except TimeoutError:
            # The network stands still: the thread that waits for an answer is let go.
            engine.cut_off()
            raise ConnectionLost(f"no answer within {STALL_SECONDS} s") from None

    async def _look(self, engine: Engine) -> None:
        # Whoever came before this look has seen no more than it sees: so nothing is told twice.
        newcomers = [stream for stream in self._newcomers if stream.has_room]
        if self._position is None:
            self._position = await asyncio.to_thread(engine.feed_position)
        while events := await asyncio.to_thread(engine.read_events, self._position, PAGE):
            self._position = events[-1].cursor
            self._distribute(events)
        self._read_at = time.monotonic()
        await self._catch_up(engine, newcomers, self._position)

    def _distribute(self, events: Sequence[Event]) -> None:
        for stream in list(self._streams):
            if stream.has_room:
                stream.give(events)
                stream.after = events[-1].cursor
            else:
                # A slow reader is told the rest from the database, when it has taken what waits for it.
                self._streams.discard(stream)
                self._newcomers.add(stream)

    async def _catch_up(self, engine: Engine, newcomers: Sequence[Stream], position: str) -> None:
        pages: dict[tuple[str | None, int | None], list[Event]] = {}
        for stream in newcomers:
            asked = stream.after, stream.only
            if asked not in pages:
                pages[asked] = await asyncio.to_thread(read_page, engine, *asked, position)
            if page := pages[asked]:
                stream.give(page)
                stream.after = page[-1].cursor
            if stream in self._newcomers and (not page or page[-1].type == "reset"):
                self._newcomers.discard(stream)
                self._streams.add(stream)

    async def _rest(self) -> None:
        """Wait for the next look: not long when somebody has come, or is still catching up."""
        if any(stream.has_room for stream in self._newcomers):
            return
        self._came.clear()
        try:
            await asyncio.wait_for(self._came.wait(), POLL_SECONDS)
        except TimeoutError:
            return


def read_page(engine: Engine, after: str | None, only: int | None, position: str) -> list[Event]:
    """Return what a reader has missed until a position; a reset for one whose cursor is none, or not one of ours."""
    if after is not None:
        try:
            return engine.read_events(after, PAGE, only, position)
        except InvalidOption:
            pass
    return [Event(position, None, "reset", {}, datetime.now(UTC))]
