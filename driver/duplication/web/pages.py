"""What a person sees in a browser."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from duplication.jobs import MAX_ID
from duplication.web.duplications import Id
from duplication.web.site import ThisSite

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

MOST_RECENT = 20


@router.get("/")
def show_overview(site: ThisSite, before: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None) -> str:
    """Show what is unfinished, and what was asked for lately."""
    with site.database.session() as engine:
        # taken before the state: what happens in between is told again, and not missed
        position = engine.feed_position()
        unfinished = [] if before else [site.view_cache.look_at(engine, found) for found in engine.list_unfinished()]
        failed = [] if before else [site.view_cache.look_at(engine, found) for found in engine.list_failed()]
        recent = [site.view_cache.look_at(engine, found) for found in engine.list_duplications(MOST_RECENT, before)]
    return site.page.show_overview(position, unfinished, failed, recent, before)


@router.get("/duplications/{duplication_id}/section")
def show_section(site: ThisSite, duplication_id: Id) -> str:
    """Show the part of the page that is about one duplication."""
    return site.page.show_section(site.view_cache.look(duplication_id))
