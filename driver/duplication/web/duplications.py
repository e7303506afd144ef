"""Asking for copies, and what can be done with them."""

import logging
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Header, Query, Request, Response
from fastapi import Path as PathPart
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from duplication.display.overview import View
from duplication.errors import DuplicationError
from duplication.jobs import MAX_ID
from duplication.models import Batch, Duplication, LevelProgress
from duplication.web.site import Site, ThisSite, wants_page
from duplication.web.view_cache import Database

logger = logging.getLogger("duplication")
router = APIRouter()

FIRST_SECONDS = 0.001
DISCARD_SECONDS = 5.0

Id = Annotated[int, PathPart(ge=1, le=MAX_ID, description="The duplication's id.")]


class CopyRequest(BaseModel):
    """What is asked for: the copy of one row, and of the tree below it."""

    model_config = ConfigDict(extra="forbid")

    tree: str = Field(examples=["episode"])
    key: str = Field(description="The root row's key, as text.", examples=["42"])
    overrides: dict[str, Any] = Field(default_factory=dict, description="Columns of the new root, and their values.")


class Refusal(BaseModel):
    """Why it was not done: sqlstate, message, detail, hint, context, relation, as far as there are any."""

    error: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class CopyDetails:
    """One duplication with its levels and latest batches, and where to ask about it."""

    duplication: Duplication
    levels: list[LevelProgress]
    batches: list[Batch]
    rows_per_second: float | None
    seconds_left: float | None
    url: str
    events_url: str


DETAILS = TypeAdapter(CopyDetails)


@dataclass(frozen=True, slots=True)
class CopyList:
    """Some duplications, the newest first, and the address of the next ones."""

    duplications: list[Duplication]
    next: str | None


def refusals(*codes: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI tells of refusals."""
    words = {
        404: "There is no such thing.",
        409: "Its status does not allow it.",
        422: "A bad value.",
        503: "No database.",
    }
    return {code: {"model": Refusal, "description": words[code]} for code in (*codes, 503)}


@router.post("/duplications", status_code=202, response_model=CopyDetails, responses=refusals(404, 422))
def request_duplication(
    site: ThisSite,
    request: Request,
    wanted: CopyRequest,
    idempotency_key: Annotated[str | None, Header(max_length=255, description="The same key, the same copy.")] = None,
    traceparent: Annotated[str | None, Header(description="The trace that this belongs to.")] = None,
) -> Response:
    """Ask for a copy. A worker makes it; this answers at once."""
    options: dict[str, Any] = {"overrides": wanted.overrides} if wanted.overrides else {}
    if idempotency_key is not None:
        options["idempotency_key"] = idempotency_key
    if traceparent is not None:
        options["trace"] = {"traceparent": traceparent}
    with site.database.session() as engine:
        duplication_id = engine.request_duplication(wanted.tree, wanted.key, options)
    return answer(site, request, duplication_id, 202)


@router.get("/duplications", response_model=CopyList, responses=refusals())
def list_duplications(
    site: ThisSite,
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    before: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> CopyList:
    """List duplications, the newest first."""
    with site.database.session() as engine:
        found = engine.list_duplications(limit, before)
    return CopyList(found, f"/duplications?limit={limit}&before={found[-1].id}" if len(found) == limit else None)


@router.get("/duplications/{duplication_id}", response_model=CopyDetails, responses=refusals(404))
def show_duplication(site: ThisSite, request: Request, duplication_id: Id) -> Response | CopyDetails:
    """Show one, with its levels and latest batches."""
    view = site.view_cache.look(duplication_id)
    return HTMLResponse(site.page.show_one(view)) if wants_page(request) else describe(view)


@router.post("/duplications/{duplication_id}/cancel", response_model=CopyDetails, responses=refusals(404, 409))
def cancel(site: ThisSite, request: Request, duplication_id: Id) -> Response:
    """Stop it at its next batch; what is copied is kept."""
    with site.database.session() as engine:
        engine.cancel(duplication_id)
    return answer(site, request, duplication_id)


@router.post("/duplications/{duplication_id}/retry", response_model=CopyDetails, responses=refusals(404, 409))
def retry(site: ThisSite, request: Request, duplication_id: Id) -> Response:
    """Let it go on from where it failed."""
    with site.database.session() as engine:
        engine.retry(duplication_id)
    return answer(site, request, duplication_id)


@router.post(
    "/duplications/{duplication_id}/discard", status_code=202, response_model=CopyDetails, responses=refusals(404, 409)
)
def discard(site: ThisSite, request: Request, duplication_id: Id) -> Response:
    """Delete what it copied; goes on when asked again."""
    rest = BackgroundTasks()
    with site.database.session() as engine:
        # A call as short as can be: what is refused is refused here, the deleting goes on behind the answer.
        if not engine.discard(duplication_id, FIRST_SECONDS):
            rest.add_task(discard_rest, site.database, duplication_id)
    response = answer(site, request, duplication_id, 202)
    response.background = rest
    return response


def answer(site: Site, request: Request, duplication_id: int, code: int = 200) -> Response:
    """Answer a person's form with the page, a program with the record as it is now."""
    site.view_cache.forget(duplication_id)
    if wants_page(request):
        return RedirectResponse("/", 303)
    details = describe(site.view_cache.look(duplication_id))
    return Response(DETAILS.dump_json(details), code, {"Location": details.url}, "application/json")


def describe(view: View) -> CopyDetails:
    """Return what a program is told about a duplication."""
    url = f"/duplications/{view.duplication.id}"
    return CopyDetails(
        view.duplication, view.levels, view.batches, view.rows_per_second, view.seconds_left, url, f"{url}/events"
    )


def discard_rest(database: Database, duplication_id: int) -> None:
    """Delete what is left of a copy, call by call."""
    try:
        with database.session() as engine:
            while not engine.discard(duplication_id, DISCARD_SECONDS):
                pass
    except DuplicationError as error:
        # It is `discarding` in the database: whoever asks again goes on.
        logger.warning("The discard of duplication %d was broken off: %s", duplication_id, error.message)
