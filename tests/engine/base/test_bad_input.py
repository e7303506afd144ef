"""Bad input gets an error of ours, with a hint, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support.calls import copy_level, finish, open_duplication, value
from tests.support.content import make_episode
from tests.support.snapshots import refused

# Duplications in every status, by name; the statements below mention them as {name}.
Prepared = dict[str, int]

LEVEL_CALLS = {
    "duplicate_level": "call duplication.duplicate_level({id}, 'episodes')",
    "duplicate_episode": "call duplication.duplicate_episode({id})",
    "duplicate_parts": "call duplication.duplicate_parts({id})",
    "duplicate_items": "call duplication.duplicate_items({id})",
    "duplicate_blocks": "call duplication.duplicate_blocks({id})",
}
UNKNOWN_TREE = {
    "requested": "select duplication.request_duplication('nosuch', '1')",
    "opened": "select _duplication.open_duplication('nosuch', '1')",
    "duplicated": "call duplication.duplicate('nosuch', '1')",
    "continued": "call duplication.duplicate('nosuch', '{source}', {in_progress})",
    "null": "select duplication.request_duplication(null, '1')",
    "shown": "select duplication.copy_statement('nosuch', 'parts')",
}
UNKNOWN_LEVEL = {
    "called": "call duplication.duplicate_level({pending}, 'nosuch')",
    "called while copying": "call duplication.duplicate_level({in_progress}, 'nosuch')",
    "shown": "select duplication.copy_statement('episode', 'nosuch')",
    "attempted": "select _duplication.begin_attempt({pending}, 'nosuch', 'message', 'worker')",
}
UNKNOWN_DUPLICATION = {
    **{name: call.format(id=987654321) for name, call in LEVEL_CALLS.items()},
    "duplicate": "call duplication.duplicate('episode', '{source}', 987654321)",
    "null": "call duplication.duplicate_level(null, 'parts')",
    "next_level": "select _duplication.next_level(987654321)",
    "cancel": "select duplication.cancel(987654321)",
    "cancel null": "select duplication.cancel(null)",
    "retry": "select duplication.retry(987654321)",
    "discard": "call duplication.discard(987654321)",
    "verify": "select * from duplication.verify(987654321)",
    "begin_attempt": "select _duplication.begin_attempt(987654321, 'parts', 'message', 'worker')",
}
NO_ROOT = {
    "requested": "select duplication.request_duplication('episode', '987654321')",
    "opened": "select _duplication.open_duplication('episode', '987654321')",
    "duplicated": "call duplication.duplicate('episode', '987654321')",
    "negative": "select duplication.request_duplication('episode', '-1')",
}
KEYS = ["abc", "", " ", "1.5", "1e3", "0x", "99999999999999999999", "1; select 1", "'", "NULL", "[1]"]
OUT_OF_ORDER = {
    "parts first": "call duplication.duplicate_parts({pending})",
    "items before parts": "call duplication.duplicate_items({in_progress})",
    "blocks before parts": "call duplication.duplicate_level({in_progress}, 'blocks', '5 s')",
    "blocks before items": "call duplication.duplicate_blocks({at_items})",
}
OPTIONS = {
    "unknown": '{"nosuch": 1}',
    "unknown beside a known one": '{"idempotency_key": "a", "Overrides": {}}',
    "a list": "[]",
    "a string": '"overrides"',
    "null in json": "null",
    "idempotency key not a string": '{"idempotency_key": 7}',
    "trace not an object": '{"trace": "00-1"}',
    "overrides not an object": '{"overrides": ["title"]}',
    "overrides a column that there is not": '{"overrides": {"nosuch": 1}}',
    "overrides a column in the wrong case": '{"overrides": {"Title": "x"}}',
    "overrides a system column": '{"overrides": {"ctid": "(0,1)"}}',
    "overrides the key": '{"overrides": {"id": 7}}',
    "overrides the provenance": '{"overrides": {"orig_id": 7}}',
    "overrides with a value of another type": '{"overrides": {"position": "first"}}',
    "overrides with a value too big": '{"overrides": {"position": 99999999999}}',
    "overrides with null where none may be": '{"overrides": {"title": null}}',
}
# What a status does not allow.
WRONG_STATUS = {
    **{
        f"{name}: copy": "call duplication.duplicate_level({" + name + "}, 'episodes')"
        for name in ("cancelled", "failed", "discarded")
    },
    **{
        f"{name}: continue by id": "call duplication.duplicate('episode', '{source}', {" + name + "})"
        for name in ("cancelled", "failed", "discarded")
    },
    **{
        f"{name}: retry": "select duplication.retry({" + name + "})"
        for name in ("pending", "in_progress", "completed", "cancelled", "discarded")
    },
    **{f"{name}: cancel": "select duplication.cancel({" + name + "})" for name in ("completed", "failed", "discarded")},
    **{f"{name}: discard": "call duplication.discard({" + name + "})" for name in ("pending", "in_progress")},
    **{f"{name}: verify": "select * from duplication.verify({" + name + "})" for name in ("pending", "discarded")},
}
OTHER = {
    "a kind of piece that there is not": "select duplication.copy_statement('episode', 'blocks', 'nosuch')",
    "an attempt that there is not": "select _duplication.end_attempt(987654321, 'done')",
    "an outcome that there is not": "select _duplication.end_attempt({attempt}, 'nosuch')",
    "no outcome": "select _duplication.end_attempt({attempt}, null)",
    "a lasting outcome without its error": "select _duplication.end_attempt({attempt}, 'lasting')",
    "a duplication of another root": "call duplication.duplicate('episode', '{other}', {in_progress})",
    "a budget below zero": "call duplication.duplicate_level({in_progress}, 'parts', '-1 s')",
}
CASES = [
    pytest.param(sqlstate, statement, id=f"{topic}: {name}")
    for topic, sqlstate, statements in [
        ("unknown tree", "UD001", UNKNOWN_TREE),
        ("unknown level", "UD002", UNKNOWN_LEVEL),
        ("unknown duplication", "UD003", UNKNOWN_DUPLICATION),
        ("no such root", "UD004", NO_ROOT),
        ("out of order", "UD006", OUT_OF_ORDER),
        ("wrong status", "UD007", WRONG_STATUS),
        ("other", "UD016", OTHER),
    ]
    for name, statement in statements.items()
]


@pytest.fixture(scope="module")
def prepared(shared: psycopg.Connection) -> Prepared:
    """An episode, and a duplication of it in each status."""
    source = make_episode(shared, parts=1, items=1, blocks=1)
    made = {"source": source, "other": make_episode(shared, parts=0)}
    for name in ("completed", "failed", "cancelled", "discarded", "in_progress", "at_items", "pending"):
        made[name] = value(shared, "select duplication.request_duplication('episode', %s)", str(source))
    finish(shared, made["completed"])
    shared.execute("alter table public.parts add constraint refused check (orig_id is null) not valid")
    with pytest.raises(psycopg.errors.CheckViolation):
        finish(shared, made["failed"])
    shared.execute("alter table public.parts drop constraint refused")
    for name in ("cancelled", "discarded"):
        copy_level(shared, made[name], "episodes")
        shared.execute("select duplication.cancel(%s)", (made[name],))
    shared.execute("call duplication.discard(%s)", (made["discarded"],))
    copy_level(shared, made["in_progress"], "episodes")
    for level in ("episodes", "parts"):
        copy_level(shared, made["at_items"], level)
    made["attempt"] = value(
        shared, "select attempt from _duplication.begin_attempt(%s, 'episodes', 'm', 'w')", made["pending"]
    )
    return made


@pytest.mark.parametrize(("sqlstate", "statement"), CASES)
def test_bad_input_is_refused(shared: psycopg.Connection, prepared: Prepared, sqlstate: str, statement: str) -> None:
    with refused(shared, sqlstate):
        shared.execute(statement.format(**prepared))


@pytest.mark.parametrize("key", [*KEYS, None])
def test_a_key_that_is_not_of_the_keys_type_is_refused(
    shared: psycopg.Connection, prepared: Prepared, key: str | None
) -> None:
    for statement in (
        "select duplication.request_duplication('episode', %s::text)",
        "call duplication.duplicate('episode', %s::text)",
    ):
        with refused(shared, "UD005") as caught:
            shared.execute(statement, (key,))
        assert "bigint" in (caught.value.diag.message_hint or "")


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_options_that_are_wrong_are_refused(shared: psycopg.Connection, prepared: Prepared, options: str) -> None:
    with refused(shared, "UD016"):
        value(
            shared,
            "select duplication.request_duplication('episode', %s, %s::jsonb)",
            str(prepared["source"]),
            options,
        )


def test_options_that_are_null_are_refused(shared: psycopg.Connection, prepared: Prepared) -> None:
    with refused(shared, "UD016"):
        value(shared, "select duplication.request_duplication('episode', %s, null)", str(prepared["source"]))


@pytest.mark.parametrize("key", ["{source}", "0{source}", "000{source}", " {source} ", "+{source}"])
def test_a_key_is_brought_to_its_types_own_form(shared: psycopg.Connection, prepared: Prepared, key: str) -> None:
    made = value(shared, "select duplication.request_duplication('episode', %s)", key.format(**prepared))

    assert value(shared, "select root_key from duplication.duplications where id = %s", made) == str(prepared["source"])


@pytest.fixture
def notices(shared: psycopg.Connection) -> Iterator[list[str]]:
    heard: list[str] = []

    def hear(notice: psycopg.errors.Diagnostic) -> None:
        heard.append(notice.message_primary or "")

    shared.add_notice_handler(hear)
    yield heard
    shared.remove_notice_handler(hear)


@pytest.mark.parametrize(
    ("name", "level", "next_level"), [("at_items", "parts", "items"), ("completed", "items", None)]
)
def test_a_level_that_is_done_says_so_and_is_no_error(
    shared: psycopg.Connection, prepared: Prepared, notices: list[str], name: str, level: str, next_level: str | None
) -> None:
    assert copy_level(shared, prepared[name], level) == (True, next_level)

    assert any(level in notice and "done" in notice for notice in notices), notices


def test_without_a_level_the_one_is_copied_that_comes_next(shared: psycopg.Connection) -> None:
    made = open_duplication(shared, make_episode(shared, parts=1, items=1, blocks=1))

    calls = [copy_level(shared, made, None) for _ in range(5)]

    assert calls == [(True, "parts"), (True, "items"), (True, "blocks"), (True, None), (True, None)]


def test_a_root_deleted_after_the_request_is_named(shared: psycopg.Connection) -> None:
    source = make_episode(shared, parts=1, items=1, blocks=1)
    made = open_duplication(shared, source)
    shared.execute("delete from public.episodes where id = %s", (source,))

    with pytest.raises(psycopg.Error, match=str(source)) as caught:
        copy_level(shared, made, "episodes")

    assert caught.value.sqlstate == "UD004"
    assert caught.value.diag.message_hint
