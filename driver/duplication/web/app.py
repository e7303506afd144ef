"""The application."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CollectorRegistry, Gauge

from duplication import errors
from duplication.engine import Engine
from duplication.web import checks, duplications, events, pages
from duplication.web.guard import Guard
from duplication.web.hub import Hub
from duplication.web.page import Page
from duplication.web.site import Site, find_site, wants_page
from duplication.web.view_cache import Database, ViewCache

STATIC = Path(__file__).parent / "static"
STATUS_CODES: dict[type[errors.DuplicationError], int] = {
    errors.UnknownDuplication: 404,
    errors.UnknownTree: 404,
    errors.OriginalEpisodeNotFound: 404,
    errors.WrongStatus: 409,
    errors.CopyReferenced: 409,
    errors.EngineDisabled: 409,
    errors.InvalidKey: 422,
    errors.InvalidOption: 422,
    errors.ConnectionLost: 503,
    errors.EngineVersionMismatch: 503,
}
"""What an error is in HTTP; any other is 500."""


def create_app(
    connect: Callable[[], Engine], registry: CollectorRegistry, token: str | None = None, copy_url: str | None = None
) -> FastAPI:
    """Return the application.

    Parameters: connect, opens a session; registry, what /metrics tells besides; token, which every request has to show;
    copy_url, the address of a copy in the application that uses it, with {tree} and {key}.
    """
    app = FastAPI(
        title="duplication",
        description="Deep copies of trees of rows: ask for them, follow them.",
        lifespan=run_hub,
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
    )
    database = Database(connect)
    app.state.site = Site(database, ViewCache(database), Hub(connect), Page(copy_url), registry)
    add_gauges(registry, app.state.site.hub)
    app.add_middleware(Guard, token=token)
    app.add_exception_handler(errors.DuplicationError, refuse)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for part in (duplications, events, pages, checks):
        app.include_router(part.router)
    return app


@asynccontextmanager
async def run_hub(app: FastAPI) -> AsyncIterator[None]:
    """Read the feed while the application runs."""
    task = asyncio.create_task(app.state.site.hub.run())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def add_gauges(registry: CollectorRegistry, hub: Hub) -> None:
    """Have /metrics tell of the hub as well."""
    lag = Gauge("duplication_feed_lag_seconds", "Since the feed was last read to its end.", registry=registry)
    lag.set_function(lambda: hub.lag_seconds)
    streams = Gauge("duplication_open_streams", "Readers that follow the feed.", registry=registry)
    streams.set_function(lambda: hub.number_of_streams)


async def refuse(request: Request, error: Exception) -> Response:
    """Answer with an error: to a person as a page, to a program as a document."""
    if not isinstance(error, errors.DuplicationError):
        raise error
    code = STATUS_CODES.get(type(error), 500)
    if wants_page(request):
        return HTMLResponse(find_site(request).page.show_error(error), code)
    return JSONResponse({"error": error.as_dict()}, code)
