"""What a supervisor asks."""

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from duplication.web.site import ThisSite

router = APIRouter()

LATE_SECONDS = 10


@router.get("/healthz", response_class=PlainTextResponse, responses={503: {"description": "The feed is not read."}})
async def check_health(site: ThisSite) -> PlainTextResponse:
    """Tell whether the database answers."""
    if site.hub.lag_seconds > LATE_SECONDS:
        return PlainTextResponse("The feed is not being read: the database does not answer\n", 503)
    return PlainTextResponse("ok\n")


@router.get("/metrics", response_class=PlainTextResponse)
def report_metrics(site: ThisSite) -> Response:
    """Tell figures, for Prometheus."""
    return Response(generate_latest(site.registry), media_type=CONTENT_TYPE_LATEST)
