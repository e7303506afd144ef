"""The feed over HTTP: in order, none missed, none twice, whoever comes late, goes, reads slowly, or restarts."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack

import psycopg
import pytest

from duplication.engine import Engine
from tests.driver.web.conftest import Process, Site
from tests.driver.web.streams import Told
from tests.support.aliases import Episode
from tests.support.calls import value
from tests.support.waiting import eventually


@pytest.fixture
def source(episode: Episode) -> str:
    return str(episode(parts=1, items=1, blocks=1))


def say(db: psycopg.Connection, duplication: int, *words: str) -> None:
    """Events of the test's own."""
    for word in words:
        db.execute("select _duplication.emit_feedback(%s, 'test', %s)", (duplication, word))


def words(events: list[Told]) -> list[str]:
    return [event.data["payload"]["message"] for event in events if event.event == "duplication.feedback"]


def test_a_reader_is_told_first_where_it_begins_and_then_what_comes(site: Site, engine: Engine, source: str) -> None:
    with site.stream() as stream:
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        first = stream.next()
        assert (first.event, first.data["duplication_id"]) == ("reset", None)
        duplication = engine.request_duplication("episode", source)
        told = stream.next()
    assert told.event == told.data["type"] == "duplication.requested"
    assert told.data["payload"] == {"id": duplication, "tree": "episode", "key": source}
    assert told.id


def test_a_reader_may_have_every_event_as_a_plain_message(site: Site, engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    for path in ("/events", f"/duplications/{duplication}/events"):
        with site.client.stream("GET", f"{path}?after=0&named=false") as answer:
            lines = [line.partition(": ") for line, _ in zip(answer.iter_lines(), range(2), strict=False)]
        assert [name for name, _, _ in lines] == ["id", "data"]
        assert json.loads(lines[1][2])["type"] == "duplication.requested"


def test_who_comes_back_is_told_what_it_missed(site: Site, db: psycopg.Connection, engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    with site.stream() as stream:
        stream.next()
        say(db, duplication, "one", "two")
        last = [stream.next(), stream.next()][-1]
    say(db, duplication, "three", "four")
    with site.stream(**{"Last-Event-ID": last.id}) as stream:
        missed = [stream.next(), stream.next()]
        say(db, duplication, "five")
        assert words([*missed, stream.next()]) == ["three", "four", "five"]


def test_each_event_is_a_place_to_come_back_to(site: Site, db: psycopg.Connection, engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    with db.transaction():
        say(db, duplication, *"abcde")
    with site.stream("/events?after=0") as stream:
        seen = [stream.next() for _ in range(6)]
    for n, event in enumerate(seen[:-1]):
        with site.stream(**{"Last-Event-ID": event.id}) as stream:
            assert [stream.next().data for _ in seen[n + 1 :]] == [later.data for later in seen[n + 1 :]]


def test_a_restarted_server_goes_on_where_the_reader_was(
    serve: Callable[..., Process], db: psycopg.Connection, engine: Engine, source: str
) -> None:
    duplication = engine.request_duplication("episode", source)
    first = serve()
    with first.stream() as stream:
        stream.next()
        say(db, duplication, "one")
        last = stream.next()
    first.process.process.kill()
    first.process.wait()
    say(db, duplication, "two")
    second = serve(port=int(first.url.rpartition(":")[2]))
    with second.stream(**{"Last-Event-ID": last.id}) as stream:
        told = stream.next()
        say(db, duplication, "three")
        assert words([told, stream.next()]) == ["two", "three"]


def test_a_reader_of_one_is_told_of_no_other(site: Site, db: psycopg.Connection, engine: Engine, source: str) -> None:
    ours, other = (engine.request_duplication("episode", source) for _ in range(2))
    say(db, other, "before")
    with site.stream(f"/duplications/{ours}/events?after=0") as stream:
        assert stream.next().event == "duplication.requested"
        say(db, other, "not this")
        say(db, ours, "this")
        assert words([stream.next()]) == ["this"]


@pytest.mark.parametrize("cursor", ["forty-two", "999999999:999999999:"], ids=["nonsense", "of another database"])
def test_a_cursor_that_is_none_of_ours_gets_a_reset(site: Site, cursor: str) -> None:
    with site.stream(**{"Last-Event-ID": cursor}) as stream:
        assert stream.next().event == "reset"


def test_a_cursor_older_than_what_was_purged_gets_a_reset(
    site: Site, db: psycopg.Connection, engine: Engine, source: str
) -> None:
    duplication = engine.request_duplication("episode", source)
    with site.stream("/events?after=0") as stream:
        old = stream.next().id
    say(db, duplication, "gone soon")
    db.execute("update duplication.settings set purge_events_after = '0 s'")
    eventually(
        lambda: engine.purge() and value(db, "select count(*) from duplication.events") == 0, "the events are purged"
    )
    with site.stream(**{"Last-Event-ID": old}) as stream:
        assert stream.next().event == "reset"
        say(db, duplication, "new")
        assert words([stream.next()]) == ["new"]


def test_a_slow_reader_misses_nothing_and_holds_up_nobody(
    site: Site, db: psycopg.Connection, engine: Engine, source: str
) -> None:
    duplication = engine.request_duplication("episode", source)
    number = 12_000
    with site.stream() as slow, site.stream() as quick:
        slow.next(), quick.next()
        for page in range(0, number, 3000):
            db.execute(
                """
                select _duplication.emit_feedback(%s, 'test', format('%%s %%s', n, repeat('.', 200)))
                from generate_series(%s::integer, %s::integer) as n
                """,
                (duplication, page + 1, page + 3000),
            )
        expected = [str(n) for n in range(1, number + 1)]
        assert [words([quick.next()])[0].split()[0] for _ in expected] == expected
        assert [words([slow.next()])[0].split()[0] for _ in expected] == expected


def test_one_session_feeds_all_readers(site: Site, db: psycopg.Connection, engine: Engine, source: str) -> None:
    with ExitStack() as stack:
        streams = [stack.enter_context(site.stream()) for _ in range(30)]
        for stream in streams:
            assert stream.next().event == "reset"
        sessions = "select count(*) from pg_stat_activity where application_name = 'duplication' and pid <> %s"
        assert value(db, sessions, engine._connection.info.backend_pid) == 1
        assert "duplication_open_streams 30.0" in site.client.get("/metrics").text
        duplication = engine.request_duplication("episode", source)
        assert {stream.next().data["duplication_id"] for stream in streams} == {duplication}
    eventually(lambda: "duplication_open_streams 0.0" in site.client.get("/metrics").text, "all have left")
