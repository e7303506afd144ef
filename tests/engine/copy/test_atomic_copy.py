"""A whole copy in the caller's transaction: all or nothing, and nothing else of the transaction changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.engine.shapes.shape import TREE, Shape, make, remove
from tests.engine.shapes.test_edges import COMMENTS, DEEP, FOLDER_IN_FOLDER, OWNED_THROUGH_JOIN
from tests.engine.shapes.test_references import CYCLE_BESIDE, CYCLE_OF_THREE, LATER, SELF_WITHOUT_NULL
from tests.support.calls import duplicate, set_batch_rows, status, value, verify
from tests.support.graph import Snapshot, assert_copied, assert_nothing_new, snapshot
from tests.support.linked import EXAM, ROOT, prepare
from tests.support.snapshots import contents
from tests.support.waiting import Background, eventually

ENGINE = (
    "duplication.duplications",
    "duplication.events",
    *(f"_duplication.{table}" for table in ("level_runs", "edge_runs", "pieces", "batches", "id_map", "attempts")),
)


@pytest.fixture
def exam(shared: psycopg.Connection) -> Iterator[Snapshot]:
    """The exam, in the module's database, and what its tables hold."""
    yield prepare(shared, EXAM)
    shared.execute("delete from duplication.duplications; delete from _duplication.id_map")
    shared.execute("drop table public.exams, public.questions, public.answers cascade")
    shared.execute("drop function if exists public.refuse() cascade")
    shared.execute("delete from duplication.trees where name = 'exam'")
    shared.execute("update duplication.settings set lock_timeout = '2 s', batch_rows = 5000")


@pytest.fixture
def conn(shared: psycopg.Connection) -> Iterator[psycopg.Connection]:
    with psycopg.connect(shared.info.dsn, autocommit=True) as conn:
        yield conn


@contextmanager
def repeatable_read(conn: psycopg.Connection) -> Iterator[None]:
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read")
        yield


def copy_atomically(
    conn: psycopg.Connection, root: object = ROOT, tree: str = "exam", options: dict[str, object] | None = None
) -> str:
    return str(
        value(conn, "select duplication.duplicate_atomically(%s, %s, %s)", tree, str(root), Jsonb(options or {}))
    )


def recorded(conn: psycopg.Connection) -> dict[str, int]:
    """The rows of the engine's record that there are."""
    counts = {table: int(value(conn, f"select count(*) from {table}")) for table in ENGINE}
    return {table: count for table, count in counts.items() if count}


def last(conn: psycopg.Connection) -> int:
    return int(value(conn, "select max(id) from duplication.duplications"))


def test_returns_the_key_of_the_new_root(conn: psycopg.Connection, exam: Snapshot) -> None:
    copy = copy_atomically(conn)

    assert_copied(conn, EXAM.graph, ROOT, exam)
    assert value(conn, "select mark from public.exams where id = %s", int(copy)) == "e1"
    assert int(copy) != ROOT
    assert status(conn, last(conn)) == "completed"
    assert value(conn, "select new_root_key from duplication.duplications") == copy


def test_can_be_verified_and_discarded_afterwards(conn: psycopg.Connection, exam: Snapshot) -> None:
    copy_atomically(conn)

    assert verify(conn, last(conn)) == []
    conn.execute("call duplication.discard(%s)", (last(conn),))
    assert status(conn, last(conn)) == "discarded"
    assert_nothing_new(conn, EXAM.graph, exam)


def test_is_there_for_the_caller_and_for_nobody_else_until_commit(
    conn: psycopg.Connection, shared: psycopg.Connection, exam: Snapshot
) -> None:
    with repeatable_read(conn):
        copy = copy_atomically(conn)
        assert value(conn, "select count(*) from public.questions where exam_id = %s", int(copy)) == 30
        assert verify(conn, last(conn)) == []
        assert_nothing_new(shared, EXAM.graph, exam)
        assert recorded(shared) == {}

    assert_copied(shared, EXAM.graph, ROOT, exam)


def test_is_rolled_back_with_the_transaction(conn: psycopg.Connection, exam: Snapshot) -> None:
    before = contents(conn)
    with conn.transaction(force_rollback=True):
        copy_atomically(conn)
        assert recorded(conn).keys() >= set(ENGINE) - {"_duplication.pieces", "_duplication.attempts"}

    assert contents(conn) == before


def test_is_rolled_back_to_a_savepoint(conn: psycopg.Connection, exam: Snapshot) -> None:
    with repeatable_read(conn):
        with conn.transaction(force_rollback=True):
            copy_atomically(conn)
        copy_atomically(conn)

    assert_copied(conn, EXAM.graph, ROOT, exam)
    assert recorded(conn)["duplication.duplications"] == 1


def test_several_in_one_transaction_are_several_copies(conn: psycopg.Connection, exam: Snapshot) -> None:
    with repeatable_read(conn):
        first, second = copy_atomically(conn), copy_atomically(conn)
        copy_atomically(conn, first)

    assert first != second
    assert value(conn, "select count(*) from public.questions") == 130
    assert [
        difference
        for (key,) in conn.execute("select id from duplication.duplications order by id")
        for difference in verify(conn, key)
    ] == []


SHAPES = [COMMENTS, DEEP, FOLDER_IN_FOLDER, OWNED_THROUGH_JOIN, CYCLE_BESIDE, CYCLE_OF_THREE, LATER, SELF_WITHOUT_NULL]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_copies_any_shape(shared: psycopg.Connection, conn: psycopg.Connection, shape: Shape) -> None:
    make(shared, shape)
    try:
        set_batch_rows(shared, shape.batch_rows)
        before = snapshot(conn, shape.graph)
        with repeatable_read(conn):
            copy_atomically(conn, shape.root, TREE)
        assert_copied(conn, shape.graph, shape.root, before)
        assert verify(conn, last(conn)) == []
        conn.execute("call duplication.discard(%s)", (last(conn),))
        assert_nothing_new(conn, shape.graph, before)
    finally:
        remove(shared)


@pytest.mark.parametrize(
    ("level", "told"),
    [("read uncommitted", True), ("read committed", True), ("repeatable read", False), ("serializable", False)],
)
def test_a_notice_says_when_the_copy_may_be_of_several_moments(
    conn: psycopg.Connection, exam: Snapshot, level: str, told: bool
) -> None:
    notices: list[str] = []
    conn.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
    with conn.transaction():
        conn.execute(f"set transaction isolation level {level}")
        copy_atomically(conn)

    assert any("repeatable read" in notice for notice in notices) == told
    assert_copied(conn, EXAM.graph, ROOT, exam)


def test_in_repeatable_read_it_is_of_one_moment(
    conn: psycopg.Connection, shared: psycopg.Connection, exam: Snapshot
) -> None:
    with repeatable_read(conn):
        conn.execute("select from public.exams")
        shared.execute("update public.questions set mark = 'changed' where id = 102")
        shared.execute("delete from public.answers where id = 203")
        shared.execute("insert into public.answers (id, question_id) values (999, 102)")
        copy_atomically(conn)
        # as the source was at that moment, and the caller sees it so still
        assert_copied(conn, EXAM.graph, ROOT, exam)

    assert value(conn, "select count(*) from public.questions where mark = 'q2'") == 1
    found = {(difference[0], difference[1], difference[3]) for difference in verify(conn, last(conn))}
    assert found == {("questions", "102", "different"), ("answers", "203", "extra"), ("answers", "999", "missing")}


SETTINGS = {
    "lock_timeout": "'123s'",
    "synchronous_commit": "remote_write",
    "search_path": '"$user", trap, pg_catalog',
    "row_security": "on",
    "jit": "on",
    "enable_seqscan": "on",
    "enable_bitmapscan": "on",
    "enable_sort": "on",
    "enable_hashjoin": "on",
    "enable_mergejoin": "on",
}


@pytest.mark.parametrize("scope", ["session", "local"])
def test_settings_are_as_before(conn: psycopg.Connection, exam: Snapshot, scope: str) -> None:
    before = {name: value(conn, f"show {name}") for name in SETTINGS}
    with conn.transaction():
        for name, setting in SETTINGS.items():
            conn.execute(f"set {scope} {name} to {setting}")
        inside = {name: value(conn, f"show {name}") for name in SETTINGS}
        copy_atomically(conn)
        assert {name: value(conn, f"show {name}") for name in SETTINGS} == inside

    assert {name: value(conn, f"show {name}") for name in SETTINGS} == (inside if scope == "session" else before)
    conn.execute("reset all")


def test_settings_are_as_before_when_it_failed(conn: psycopg.Connection, exam: Snapshot) -> None:
    refuse(conn)
    with repeatable_read(conn):
        conn.execute("set local lock_timeout = '77 s'")
        with pytest.raises(psycopg.errors.CheckViolation), conn.transaction():
            copy_atomically(conn)
        assert value(conn, "show lock_timeout") == "77s"


def test_a_callers_deferred_constraint_is_checked_when_the_caller_wants(
    conn: psycopg.Connection, exam: Snapshot
) -> None:
    """It is violated while the copy is made, and mended before the commit."""
    conn.execute("""
        create table public.rooms (id integer primary key);
        create table public.seats (
            id integer primary key, room_id integer references public.rooms deferrable initially deferred
        );
    """)
    try:
        with repeatable_read(conn):
            conn.execute("insert into public.seats values (1, 5)")
            copy_atomically(conn)
            conn.execute("insert into public.rooms values (5)")
            # and those that come later are deferred as well
            conn.execute("insert into public.seats values (2, 6)")
            conn.execute("insert into public.rooms values (6)")
        assert value(conn, "select count(*) from public.seats") == 2

        conn.execute("begin")
        conn.execute("insert into public.seats values (3, 7)")
        copy_atomically(conn)
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            conn.execute("commit")
    finally:
        conn.execute("drop table public.seats, public.rooms")
    assert_copied(conn, EXAM.graph, ROOT, exam)


def test_constraints_that_the_caller_made_immediate_stay_so(conn: psycopg.Connection, exam: Snapshot) -> None:
    conn.execute("""
        create table public.seats (
            id integer primary key, exam_id integer references public.exams deferrable initially deferred
        )
    """)
    try:
        conn.execute("begin")
        conn.execute("set constraints all immediate")
        copy_atomically(conn)
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            conn.execute("insert into public.seats values (1, 999999)")
        conn.execute("rollback")
        with conn.transaction():
            conn.execute("insert into public.seats values (1, 1)")
            copy_atomically(conn)
    finally:
        conn.execute("drop table public.seats")


def test_the_contents_own_deferred_constraints_are_checked_at_commit(conn: psycopg.Connection, exam: Snapshot) -> None:
    conn.execute("""
        alter table public.answers add unique (question_id, id) deferrable initially deferred;
        alter table public.questions alter constraint questions_answer_id_fkey deferrable initially deferred;
    """)

    with repeatable_read(conn):
        copy_atomically(conn)

    assert_copied(conn, EXAM.graph, ROOT, exam)


def test_an_idempotency_key_gives_the_copy_that_there_is(conn: psycopg.Connection, exam: Snapshot) -> None:
    options: dict[str, object] = {"idempotency_key": "k"}
    with repeatable_read(conn):
        first = copy_atomically(conn, options=options)
        assert copy_atomically(conn, options=options) == first
    with conn.transaction():
        assert copy_atomically(conn, options=options) == first

    assert_copied(conn, EXAM.graph, ROOT, exam)
    with pytest.raises(psycopg.Error) as caught:
        copy_atomically(conn, 2, options=options)
    assert caught.value.sqlstate == "UD016"


def test_an_idempotency_key_of_a_copy_that_is_not_whole_is_refused(conn: psycopg.Connection, exam: Snapshot) -> None:
    requested = value(conn, "select duplication.request_duplication('exam', '1', '{\"idempotency_key\": \"k\"}')")

    with pytest.raises(psycopg.Error) as caught:
        copy_atomically(conn, options={"idempotency_key": "k"})

    assert caught.value.sqlstate == "UD016"
    assert str(requested) in str(caught.value)
    assert status(conn, requested) == "pending"
    assert_nothing_new(conn, EXAM.graph, exam)


def test_two_sessions_with_one_idempotency_key_make_one_copy(
    conn: psycopg.Connection, shared: psycopg.Connection, exam: Snapshot
) -> None:
    with psycopg.connect(conn.info.dsn, autocommit=True) as other:
        with conn.transaction():
            first = copy_atomically(conn, options={"idempotency_key": "k"})
            waiting = Background(copy_atomically, other, options={"idempotency_key": "k"})
            eventually(lambda: waits_for_a_transaction(shared, other), "the second waits for the first")

        assert waiting.result() == first
    assert_copied(conn, EXAM.graph, ROOT, exam)


def test_a_request_that_comes_meanwhile_with_the_key_is_left_to_the_queue(
    conn: psycopg.Connection, shared: psycopg.Connection, exam: Snapshot
) -> None:
    with psycopg.connect(conn.info.dsn, autocommit=True) as other:
        with conn.transaction():
            requested = value(
                conn, "select duplication.request_duplication('exam', '1', '{\"idempotency_key\": \"k\"}')"
            )
            waiting = Background(copy_atomically, other, options={"idempotency_key": "k"})
            eventually(lambda: waits_for_a_transaction(shared, other), "the second waits for the first")
        error = waiting.error()

    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "UD016"
    assert status(conn, requested) == "pending"


def waits_for_a_transaction(conn: psycopg.Connection, other: psycopg.Connection) -> bool:
    """Whether another session waits for a transaction to end."""
    return bool(
        value(
            conn,
            "select exists (select from pg_locks where pid = %s and locktype = 'transactionid' and not granted)",
            other.info.backend_pid,
        )
    )


def test_an_unfinished_duplication_of_the_same_root_is_left_alone(conn: psycopg.Connection, exam: Snapshot) -> None:
    """Unlike duplicate, which goes on with it: what is there of it is committed."""
    opened = value(conn, "select _duplication.open_duplication('exam', '1')")

    copy_atomically(conn)

    assert status(conn, opened) == "pending"
    assert_copied(conn, EXAM.graph, ROOT, exam)


def test_columns_of_the_root_are_overridden(conn: psycopg.Connection, exam: Snapshot) -> None:
    copy = copy_atomically(conn, options={"overrides": {"mark": "mine"}})

    assert value(conn, "select mark from public.exams where id = %s", int(copy)) == "mine"
    assert value(conn, "select hardest_id from public.exams where id = %s", int(copy)) > 2000
    assert verify(conn, last(conn)) == []


@pytest.mark.parametrize(
    ("arguments", "sqlstate"),
    [
        (("nothing", "1", "{}"), "UD001"),
        (("exam", "777", "{}"), "UD004"),
        (("exam", "x", "{}"), "UD005"),
        (("exam", None, "{}"), "UD005"),
        (("exam", "1", '{"wrong": 1}'), "UD016"),
        (("exam", "1", '{"overrides": {"id": 5}}'), "UD016"),
        (("exam", "1", "[]"), "UD016"),
    ],
    ids=["unknown tree", "missing root", "bad key", "no key", "unknown option", "override of the key", "no object"],
)
def test_what_is_asked_for_wrongly_leaves_nothing(
    conn: psycopg.Connection, exam: Snapshot, arguments: tuple[str | None, ...], sqlstate: str
) -> None:
    before = contents(conn)

    with pytest.raises(psycopg.Error) as caught:
        conn.execute("select duplication.duplicate_atomically(%s, %s, %s::jsonb)", arguments)

    assert caught.value.sqlstate == sqlstate
    assert caught.value.diag.message_hint
    assert contents(conn) == before


def refuse(conn: psycopg.Connection) -> None:
    """Let one row of the third level fail, half way."""
    conn.execute("""
        create function public.refuse() returns trigger language plpgsql
        as $$ begin raise exception 'not this one' using errcode = 'check_violation'; end $$;
        create trigger refuse before insert on public.answers for each row when (new.orig_id = 241)
        execute function public.refuse()
    """)


def test_one_row_that_fails_leaves_nothing_and_the_transaction_can_go_on(
    conn: psycopg.Connection, exam: Snapshot
) -> None:
    refuse(conn)
    before = contents(conn)
    with repeatable_read(conn):
        with pytest.raises(psycopg.errors.CheckViolation, match="not this one"), conn.transaction():
            copy_atomically(conn)
        assert contents(conn) == before
        conn.execute("drop trigger refuse on public.answers")
        copy_atomically(conn)

    assert_copied(conn, EXAM.graph, ROOT, exam)


def test_a_function_or_a_block_may_call_it(conn: psycopg.Connection, exam: Snapshot) -> None:
    conn.execute("""
        do $$
        declare
            v_key text := duplication.duplicate_atomically('exam', '1');
        begin
            update public.exams set mark = 'in a block' where id = v_key::integer;
            begin
                perform duplication.duplicate_atomically('exam', '777');
            exception when sqlstate 'UD004' then null;
            end;
        end $$
    """)

    assert value(conn, "select count(*) from public.exams where mark = 'in a block'") == 1
    assert recorded(conn)["duplication.duplications"] == 1


def test_duplicate_and_this_are_the_same_copy(conn: psycopg.Connection, exam: Snapshot) -> None:
    with repeatable_read(conn):
        copy_atomically(conn)
    assert_copied(conn, EXAM.graph, ROOT, exam)
    between = snapshot(conn, EXAM.graph)

    duplicate(conn, ROOT, "exam")

    assert_copied(conn, EXAM.graph, ROOT, between)
