"""Who may not: strangers without the token, other sites on behalf of their visitors."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import psycopg
import pytest

from duplication.engine import Engine
from tests.driver.helpers import Run
from tests.driver.web.conftest import Process, Site
from tests.support.aliases import Episode
from tests.support.calls import status

TOKEN = "a-secret-of-32-characters-or-so"
PATHS = ["/", "/duplications", "/duplications/1", "/events", "/healthz", "/metrics", "/openapi.json", "/static/page.js"]


@pytest.fixture
def duplication(engine: Engine, episode: Episode) -> int:
    return engine.request_duplication("episode", str(episode()))


@pytest.fixture
def guarded(serve: Callable[..., Process]) -> Process:
    return serve("--host", "0.0.0.0", DUPLICATION_WEB_TOKEN=TOKEN)  # noqa: S104 (what is tested)


def test_beyond_loopback_a_token_is_demanded_before_it_listens(run: Run) -> None:
    said = run("serve", "--host", "0.0.0.0", "--port", "0", code=2).output  # noqa: S104
    assert "DUPLICATION_WEB_TOKEN" in said
    assert "Serving" not in said


def test_a_short_token_is_none(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUPLICATION_WEB_TOKEN", "secret")
    said = run("serve", "--port", "0", code=2).output
    assert "shorter than" in said
    assert "'secret'" not in said


def test_every_path_demands_the_token(guarded: Process) -> None:
    for path in PATHS:
        check_that_a_token_is_demanded(guarded.url.replace("0.0.0.0", "127.0.0.1") + path)  # noqa: S104


def check_that_a_token_is_demanded(url: str) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic OnNlY3JldA=="},
        {"Authorization": "x"},
    ):
        answer = httpx.get(url, headers=headers, trust_env=False)
        assert answer.status_code == 401, (url, headers)
        assert answer.headers["www-authenticate"].startswith("Basic")


def test_the_token_is_a_bearers_or_a_password(guarded: Process, duplication: int) -> None:
    url = guarded.url.replace("0.0.0.0", "127.0.0.1") + f"/duplications/{duplication}"  # noqa: S104
    assert httpx.get(url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False).status_code == 200
    assert httpx.get(url, auth=("anybody", TOKEN), trust_env=False).status_code == 200
    assert TOKEN not in guarded.process.said


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example"])
def test_a_name_that_points_here_is_not_answered_for(site: Site, host: str) -> None:
    assert site.client.get("/duplications", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machines_own_names_are(site: Site, host: str) -> None:
    port = site.url.rpartition(":")[2]
    assert site.client.get("/duplications", headers={"Host": f"{host}:{port}"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_cannot_post(
    site: Site, db: psycopg.Connection, duplication: int, headers: dict[str, str]
) -> None:
    answer = site.client.post(f"/duplications/{duplication}/cancel", headers=headers)
    assert answer.status_code == 403
    assert status(db, duplication) == "pending"


def test_its_own_page_can(site: Site, duplication: int) -> None:
    headers = {"Origin": site.url, "Sec-Fetch-Site": "same-origin"}
    assert site.client.post(f"/duplications/{duplication}/cancel", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/duplications/4711", "/static/page.js", "/nowhere"])
def test_nothing_can_be_framed_or_sniffed_and_no_foreign_script_runs(site: Site, path: str) -> None:
    headers = site.client.get(path).headers
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
