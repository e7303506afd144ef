"""What the routes share."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from duplication.web.hub import Hub
from duplication.web.page import Page
from duplication.web.view_cache import Database, ViewCache


@dataclass(frozen=True, slots=True)
class Site:
    """One server: its sessions, its feed, its page, its figures."""

    database: Database
    view_cache: ViewCache
    hub: Hub
    page: Page
    registry: CollectorRegistry


def find_site(request: Request) -> Site:
    """Return what the application was made with."""
    site: Site = request.app.state.site
    return site


ThisSite = Annotated[Site, Depends(find_site)]


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks, by a link or a form, and no program."""
    return "text/html" in request.headers.get("accept", "")
