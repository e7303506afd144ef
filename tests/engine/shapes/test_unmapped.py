"""References to rows of the source that are not in the copy: filtered out, or added after planning."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
import pytest

from tests.engine.shapes.conftest import Make
from tests.engine.shapes.shape import TREE, Shape, at, copy, discard, last_duplication
from tests.support.calls import copy_level, duplicate, finish, next_level, open_duplication, value
from tests.support.graph import Edge, Graph, Level, Reference, snapshot

TABLES = """
    create table boards (id serial primary key, pinned_id integer, mark text);
    create table cards (
        id serial primary key, board_id integer not null references boards, deleted boolean not null default false,
        next_id integer references cards, mark text
    );
    create index on cards (board_id);
    alter table boards add foreign key (pinned_id) references cards;
    create table notes (
        id serial primary key, board_id integer references boards, card_id integer references cards,
        about integer, seen integer[], mark text
    );
    create index on notes (board_id);
    create index on notes (card_id);
    insert into boards (id, mark) values (1, 'b1'), (2, 'b2');
    insert into cards (id, board_id, deleted, mark) values
    (11, 1, false, 'c1'), (12, 1, true, 'deleted'), (13, 2, false, 'other'), (14, 2, true, 'deleted other'),
    (15, 1, false, 'c5');
    insert into notes (id, board_id, card_id, mark) values
    (21, 1, null, 'n1'), (22, 1, 11, 'n2'), (23, null, 12, 'below the deleted one'), (24, 2, 13, 'other'),
    (25, null, 15, 'n5');
"""


def graph(unmapped: str) -> Graph:
    """Boards with cards, of which deleted ones are left out, and everything that may refer to them."""
    by_rule = unmapped == "null"
    return [
        Level(
            "boards", at("boards"), references=[Reference(["pinned_id"], "cards", unmapped=unmapped, by_rule=by_rule)]
        ),
        Level(
            "cards",
            at("cards"),
            edges=[Edge("boards", "board_id")],
            filter="not deleted",
            references=[Reference(["next_id"], "cards", unmapped=unmapped, by_rule=by_rule)],
        ),
        Level(
            "notes",
            at("notes"),
            edges=[Edge("boards", "board_id"), Edge("cards", "card_id")],
            references=[
                Reference(["card_id"], "cards", unmapped=unmapped, by_rule=by_rule),
                Reference(["about"], "cards", unmapped=unmapped, by_rule=True),
                Reference(["seen"], "cards", is_array=True, unmapped=unmapped, by_rule=True),
            ],
        ),
    ]


# what makes a row name card 12, which is filtered out -> the level, row, column and target that an error has to name
TO_A_DELETED_CARD = {
    "a foreign key to a later level": (
        "update boards set pinned_id = 12 where id = 1",
        ("boards", "1", "pinned_id", "12"),
    ),
    "a foreign key to a sibling": ("update cards set next_id = 12 where id = 15", ("cards", "15", "next_id", "12")),
    "an edge": ("update notes set card_id = 12 where id = 21", ("notes", "21", "card_id", "12")),
    "a reference by a rule": ("update notes set about = 12 where id = 22", ("notes", "22", "about", "12")),
    "an element of an array": ("update notes set seen = '{11,12,13}' where id = 22", ("notes", "22", "seen", "12")),
}
PARAMETERS = pytest.mark.parametrize(("change", "named"), TO_A_DELETED_CARD.values(), ids=TO_A_DELETED_CARD.keys())


def feedback(conn: psycopg.Connection, duplication: int, word: str) -> int:
    """How many events of the feed have a word."""
    return int(
        value(
            conn,
            """
            select count(*) from duplication.events
            where duplication_id = %s and type = 'duplication.feedback' and payload::text ~ ('\\m' || %s || '\\M')
            """,
            duplication,
            word,
        )
    )


@PARAMETERS
def test_a_reference_to_what_is_filtered_out_is_an_error(make: Make, change: str, named: tuple[str, ...]) -> None:
    shape = Shape("deleted cards", graph("error"), f"{TABLES}; {change}")
    conn = make(shape)
    before = snapshot(conn, shape.graph)

    with pytest.raises(psycopg.Error) as caught:
        duplicate(conn, 1, TREE)

    assert_names(caught.value, "UD017", named)
    discard(conn, shape, last_duplication(conn), before)


@PARAMETERS
def test_a_reference_to_what_is_filtered_out_becomes_null_and_is_told(
    make: Make, change: str, named: tuple[str, ...]
) -> None:
    shape = Shape("deleted cards", graph("null"), f"{TABLES}; {change}")
    conn = make(shape, 1)

    duplication, before = copy(conn, shape)

    assert feedback(conn, duplication, named[2]) == 1
    discard(conn, shape, duplication, before)


def test_a_reference_that_has_to_be_nulled_and_may_not_be_is_an_error(make: Make) -> None:
    shape = Shape(
        "deleted cards",
        graph("null"),
        TABLES + "update notes set about = coalesce(card_id, 12); alter table notes alter about set not null;",
    )
    conn = make(shape)
    before = snapshot(conn, shape.graph)

    with pytest.raises(psycopg.Error) as caught:
        duplicate(conn, 1, TREE)

    assert_names(caught.value, "23502", ("notes", "about"))

    discard(conn, shape, last_duplication(conn), before)


def test_nothing_is_told_where_every_reference_has_its_row(make: Make) -> None:
    shape = Shape("deleted cards", graph("null"), f"{TABLES}; update notes set about = 11, seen = '{{13,11,99}}'")
    conn = make(shape)

    duplication, before = copy(conn, shape)

    assert sum(feedback(conn, duplication, column) for column in ("pinned_id", "next_id", "about", "seen")) == 0
    discard(conn, shape, duplication, before)


def test_a_reference_to_what_is_filtered_out_of_another_tree_stays(make: Make) -> None:
    shape = Shape(
        "deleted cards",
        graph("error"),
        TABLES
        + """
        update boards set pinned_id = 14;
        update cards set next_id = 14;
        update notes set about = 14, seen = '{14,11,14}', card_id = coalesce(card_id, 14);
        """,
    )
    conn = make(shape)

    duplication, before = copy(conn, shape)

    discard(conn, shape, duplication, before)


@dataclass(frozen=True)
class Late:
    """A row of the source that comes to name card 19, which is added below board 1 when its tree is planned."""

    level: str
    key: str
    mark: str
    column: str
    added: str = "19"

    def change(self, conn: psycopg.Connection) -> None:
        conn.execute("insert into shape.cards (id, board_id, mark) values (19, 1, 'added')")
        conn.execute(f"update shape.{self.level} set {self.column} = '{self.added}' where id = {self.key}")

    def undo(self, conn: psycopg.Connection) -> None:
        conn.execute(f"update shape.{self.level} set {self.column} = null where id = {self.key}")
        conn.execute("delete from shape.cards where id = 19")

    def copied(self, conn: psycopg.Connection) -> object:
        """What the copy of the row has."""
        return value(
            conn, f"select {self.column} from shape.{self.level} where mark = %s and id <> {self.key}", self.mark
        )


ADDED = {
    "a foreign key to a sibling": Late("cards", "15", "c5", "next_id"),
    "an edge": Late("notes", "21", "n1", "card_id"),
    "a reference by a rule": Late("notes", "21", "n1", "about"),
    "an element of an array": Late("notes", "21", "n1", "seen", "{11,19}"),
}


def planned(conn: psycopg.Connection) -> int:
    """A duplication that is planned, and nothing but its root copied."""
    duplication = open_duplication(conn, 1, TREE)
    copy_level(conn, duplication, "boards")
    assert next_level(conn, duplication) == "cards"
    return duplication


@pytest.mark.parametrize("late", ADDED.values(), ids=ADDED.keys())
def test_a_reference_to_what_was_added_after_planning_is_an_error(make: Make, late: Late) -> None:
    shape = Shape("cards", graph("error"), TABLES)
    conn = make(shape)
    duplication = planned(conn)
    late.change(conn)

    with pytest.raises(psycopg.Error) as caught:
        finish(conn, duplication)

    assert_names(caught.value, "UD017", (late.level, late.key, late.column, "19"))


@pytest.mark.parametrize("late", ADDED.values(), ids=ADDED.keys())
def test_a_reference_to_a_row_added_after_planning_becomes_null_by_rule(make: Make, late: Late) -> None:
    shape = Shape("cards", graph("null"), TABLES)
    conn = make(shape)
    before = snapshot(conn, shape.graph)
    duplication = planned(conn)
    late.change(conn)

    finish(conn, duplication)

    new_card = value(conn, "select id from shape.cards where mark = 'c1' and id <> 11")
    assert late.copied(conn) == ([new_card] if late.column == "seen" else None)
    assert feedback(conn, duplication, late.column) == 1
    late.undo(conn)
    discard(conn, shape, duplication, before)


def assert_names(error: psycopg.Error, sqlstate: str, named: tuple[str, ...]) -> None:
    said = f"{error.diag.message_primary} {error.diag.message_detail} {error.diag.message_hint}"
    assert error.sqlstate == sqlstate, said
    for word in named:
        assert word in said
