"""The HTTP interface: ask, look, cancel, retry, discard; what is refused is refused in words."""

from __future__ import annotations

import signal
from collections.abc import Callable

import httpx
import psycopg
import pytest

from duplication.engine import Engine
from tests.driver.helpers import Run, complete
from tests.driver.web.conftest import Process, Site
from tests.support.aliases import Episode
from tests.support.calls import set_batch_rows, status, value
from tests.support.faults import kill_backend
from tests.support.waiting import eventually


def ask(site: Site, key: str, **headers: str) -> httpx.Response:
    return site.client.post("/duplications", json={"tree": "episode", "key": key}, headers=headers)


def test_a_request_is_answered_at_once_with_the_record_and_its_address(
    site: Site, db: psycopg.Connection, source: str
) -> None:
    answer = ask(site, source)
    assert answer.status_code == 202
    record = answer.json()["duplication"]
    assert (record["tree"], record["root_key"], record["status"]) == ("episode", source, "pending")
    assert answer.headers["location"] == answer.json()["url"] == f"/duplications/{record['id']}"
    assert status(db, record["id"]) == "pending"
    assert site.client.get(answer.headers["location"]).json()["duplication"] == record


def test_the_new_root_may_differ(site: Site, engine: Engine, db: psycopg.Connection, source: str) -> None:
    order = {"tree": "episode", "key": source, "overrides": {"title": "Pilot (copy)"}}
    complete(engine, site.client.post("/duplications", json=order).json()["duplication"]["id"])
    assert value(db, "select title from public.episodes where orig_id = %s", source) == "Pilot (copy)"


def test_a_repeated_click_is_harmless(site: Site, source: str) -> None:
    answers = [ask(site, source, **{"Idempotency-Key": "click-7"}).json()["url"] for _ in range(3)]
    assert len(set(answers)) == 1
    assert ask(site, source, **{"Idempotency-Key": "click-8"}).json()["url"] not in answers


def test_the_trace_of_who_asks_is_kept(site: Site, engine: Engine, source: str) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    duplication = ask(site, source, traceparent=trace).json()["duplication"]["id"]
    assert engine.find_duplication(duplication).options == {"trace": {"traceparent": trace}}


@pytest.mark.parametrize(
    ("order", "code", "sqlstate"),
    [
        ({"tree": "episode", "key": "forty-two"}, 422, "UD005"),
        ({"tree": "episode", "key": "4711"}, 404, "UD004"),
        ({"tree": "forest", "key": "1"}, 404, "UD001"),
        ({"tree": "episode", "key": "SOURCE", "overrides": {"colour": "red"}}, 422, "UD016"),
    ],
    ids=["a key of another type", "no such row", "no such tree", "no such column"],
)
def test_what_cannot_be_copied_is_refused_with_a_hint(
    site: Site, source: str, order: dict[str, str], code: int, sqlstate: str
) -> None:
    answer = site.client.post("/duplications", json=order | ({"key": source} if order["key"] == "SOURCE" else {}))
    assert answer.status_code == code
    error = answer.json()["error"]
    assert error["sqlstate"] == sqlstate
    assert error["message"]
    assert error["hint"]


@pytest.mark.parametrize(
    "order", [{}, {"tree": "episode"}, {"tree": "episode", "key": 42}, {"tree": "episode", "key": "1", "color": "red"}]
)
def test_what_is_no_order_is_refused(site: Site, db: psycopg.Connection, order: dict[str, object]) -> None:
    assert site.client.post("/duplications", json=order).status_code == 422
    assert value(db, "select count(*) from duplication.duplications") == 0


def test_duplications_are_listed_page_by_page(site: Site, engine: Engine, source: str) -> None:
    ids = [engine.request_duplication("episode", source) for _ in range(5)]
    seen: list[int] = []
    page = "/duplications?limit=2"
    while page:
        answer = site.client.get(page).json()
        seen += [record["id"] for record in answer["duplications"]]
        page = answer["next"]
    assert seen == ids[::-1]


def test_one_is_shown_with_levels_and_batches(site: Site, engine: Engine, source: str) -> None:
    duplication = engine.open_duplication("episode", source)
    complete(engine, duplication)
    found = site.client.get(f"/duplications/{duplication}").json()
    assert [(level["level"], level["rows_copied"]) for level in found["levels"]] == [
        ("episodes", 1),
        ("parts", 2),
        ("items", 4),
        ("blocks", 12),
    ]
    assert {batch["level"] for batch in found["batches"]} == {"episodes", "parts", "items", "blocks"}
    assert found["duplication"]["new_root_key"]


def test_one_that_nobody_knows_is_not_found(site: Site) -> None:
    for path in ("/duplications/4711", "/duplications/4711/events"):
        answer = site.client.get(path)
        assert (answer.status_code, answer.json()["error"]["sqlstate"]) == (404, "UD003")
    assert site.client.get("/duplications/0").status_code == 422
    assert site.client.get(f"/duplications/{2**63}").status_code == 422


def test_cancel_retry_and_discard_tell_the_new_status(
    site: Site, engine: Engine, db: psycopg.Connection, source: str
) -> None:
    cancelled = engine.request_duplication("episode", source)
    answer = site.client.post(f"/duplications/{cancelled}/cancel")
    assert (answer.status_code, answer.json()["duplication"]["status"]) == (200, "cancelled")

    failed = engine.request_duplication("episode", source)
    db.execute("alter table public.blocks add constraint no_copies check (orig_id is null)")
    with pytest.raises(Exception, match="no_copies"):
        complete(engine, failed)
    db.execute("alter table public.blocks drop constraint no_copies")
    answer = site.client.post(f"/duplications/{failed}/retry")
    assert (answer.status_code, answer.json()["duplication"]["status"]) == (200, "pending")

    complete(engine, failed)
    assert site.client.post(f"/duplications/{failed}/discard").status_code == 202
    eventually(lambda: status(db, failed) == "discarded", "it is discarded behind the answer")
    assert value(db, "select count(*) from public.blocks where orig_id is not null") == 0


def test_a_large_copy_is_discarded_behind_the_answer(
    site: Site, engine: Engine, db: psycopg.Connection, episode: Episode
) -> None:
    duplication = engine.open_duplication("episode", str(episode(parts=5, items=5, blocks=20)))
    set_batch_rows(db, 10)
    complete(engine, duplication)
    site.client.post(f"/duplications/{duplication}/discard")
    eventually(lambda: status(db, duplication) == "discarded", "it is discarded")


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_what_the_status_does_not_allow_is_refused(site: Site, engine: Engine, source: str, action: str) -> None:
    duplication = engine.open_duplication("episode", source)
    complete(engine, duplication)
    answer = site.client.post(f"/duplications/{duplication}/{action}")
    assert (answer.status_code, answer.json()["error"]["sqlstate"]) == (409, "UD007")


def test_every_path_is_documented(site: Site) -> None:
    document = site.client.get("/openapi.json").json()
    assert {"CopyRequest", "CopyDetails", "CopyList", "Refusal"} <= document["components"]["schemas"].keys()
    paths = document["paths"]
    documented = {(path, method) for path, methods in paths.items() for method in methods}
    assert documented == {
        ("/duplications", "get"),
        ("/duplications", "post"),
        ("/duplications/{duplication_id}", "get"),
        ("/duplications/{duplication_id}/cancel", "post"),
        ("/duplications/{duplication_id}/retry", "post"),
        ("/duplications/{duplication_id}/discard", "post"),
        ("/duplications/{duplication_id}/events", "get"),
        ("/events", "get"),
        ("/healthz", "get"),
        ("/metrics", "get"),
    }


def test_figures_are_told_for_every_status(site: Site, engine: Engine, source: str) -> None:
    engine.request_duplication("episode", source)
    figures = site.client.get("/metrics").text
    assert 'duplication_duplications{status="pending"} 1.0' in figures
    assert 'duplication_duplications{status="failed"} 0.0' in figures
    assert "duplication_database_up 1.0" in figures
    for name in ("duplication_feed_lag_seconds", "duplication_open_streams", "duplication_oldest_pending_seconds"):
        assert f"\n{name} " in figures


def test_health_is_that_of_the_feed(site: Site) -> None:
    eventually(lambda: site.client.get("/healthz").status_code == 200, "the feed is read")


def test_a_killed_session_is_made_up_for(
    serve: Callable[..., Process], engine: Engine, db: psycopg.Connection, source: str
) -> None:
    site = serve()
    eventually(lambda: site.client.get("/healthz").status_code == 200, "the feed is read")
    (backend,) = db.execute(
        "select pid from pg_stat_activity where application_name = 'duplication' and pid <> %s",
        (engine._connection.info.backend_pid,),
    ).fetchone() or (0,)
    with site.stream() as stream:
        assert stream.next().event == "reset"
        kill_backend(db, backend)
        duplication = engine.request_duplication("episode", source)
        assert stream.next().data["duplication_id"] == duplication
    assert "is back" in site.process.said or "trying again" in site.process.said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_asked_also_with_readers(serve: Callable[..., Process], number: signal.Signals) -> None:
    site = serve()
    with site.stream() as stream:
        stream.next()
        site.process.send(number)
        with pytest.raises((StopIteration, httpx.RemoteProtocolError)):
            stream.next()
    assert site.process.wait() == 0
    assert "Traceback" not in site.process.said


def test_a_port_that_is_taken_is_an_error(site: Site, run: Run) -> None:
    port = site.url.rpartition(":")[2]
    assert "cannot be listened on" in run("serve", "--port", port, code=2).output
