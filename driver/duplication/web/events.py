"""The feed, as Server-Sent Events."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse

from duplication.display.render import encode
from duplication.models import Event
from duplication.web.duplications import Id, refusals
from duplication.web.hub import Hub, Stream
from duplication.web.site import ThisSite

router = APIRouter()

PING_SECONDS = 15

LastSeen = Annotated[str | None, Header(description="The id of the last event seen; a browser sends it by itself.")]
Named = Annotated[bool, Query(description="Whether each event has its type as its name, which a browser listens for.")]
After = Annotated[str | None, Query(description="The same, for the first time; `0` for all there is.")]


@router.get("/events", response_class=EventSourceResponse)
async def follow_all(
    site: ThisSite, last_event_id: LastSeen = None, after: After = None, named: Named = True
) -> EventSourceResponse:
    """Follow everything that happens; a `reset` says that what the reader has kept is to be loaded anew."""
    return EventSourceResponse(stream_events(site.hub, Stream(last_event_id or after, None), named), ping=PING_SECONDS)


@router.get("/duplications/{duplication_id}/events", response_class=EventSourceResponse, responses=refusals(404))
async def follow_one(
    site: ThisSite, duplication_id: Id, last_event_id: LastSeen = None, after: After = None, named: Named = True
) -> EventSourceResponse:
    """Follow what happens to one duplication."""
    await asyncio.to_thread(site.view_cache.look, duplication_id)
    stream = Stream(last_event_id or after, duplication_id)
    return EventSourceResponse(stream_events(site.hub, stream, named), ping=PING_SECONDS)


async def stream_events(hub: Hub, stream: Stream, named: bool) -> AsyncIterator[bytes]:
    """Yield what happens until the reader goes."""
    hub.join(stream)
    try:
        async for event in stream:
            yield encode_event(event, named)
    finally:
        hub.leave(stream)


def encode_event(event: Event, named: bool) -> bytes:
    """Return an event as it is sent: a cursor and a type have no line breaks, nor has JSON."""
    told = {"duplication_id": event.duplication_id, "type": event.type, "payload": event.payload}
    data = json.dumps(told | {"created_at": event.created_at}, default=encode)
    name = f"event: {event.type}\n" if named else ""
    return f"id: {event.cursor}\n{name}data: {data}\n\n".encode()
