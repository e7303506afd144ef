"""References to rows that no filter names, and that are not in the copy since what is above them is left out."""

from __future__ import annotations

import psycopg
import pytest

from tests.engine.shapes.conftest import Make
from tests.engine.shapes.shape import TREE, Shape, at, copy, discard
from tests.support.calls import duplicate
from tests.support.graph import Edge, Graph, Level, Reference

TABLES = """
    create table boards (id serial primary key, mark text);
    create table bodies (id serial primary key, mark text);
    create table cards (
        id serial primary key, board_id integer references boards, parent_id integer references cards,
        body_id integer references bodies, deleted boolean not null default false, mark text
    );
    create index on cards (board_id);
    create index on cards (parent_id);
    create index on cards (body_id);
    create table notes (id serial primary key, card_id integer references cards, mark text);
    create index on notes (card_id);
    create table uses (note_id integer references notes, image_id integer);
    create index on uses (note_id);
    create table images (id serial primary key, mark text);
    create table links (
        id serial primary key, board_id integer references boards, card_id integer references cards,
        note_id integer references notes, body_id integer references bodies, image_id integer references images,
        mark text
    );
    create index on links (board_id);
    insert into boards values (1, 'b1'), (2, 'b2');
    insert into bodies values (11, 'o1'), (12, 'o2'), (13, 'o3');
    insert into cards values
    (21, 1, null, 11, false, 'c1'), (22, 1, null, 12, true, 'deleted'), (23, 2, null, 13, true, 'deleted other'),
    (24, null, 22, null, false, 'below the deleted one'), (25, null, 24, null, false, 'deeper');
    insert into notes values (31, 21, 'n1'), (32, 22, 'n2'), (33, 23, 'n3'), (34, 25, 'n4');
    insert into images values (41, 'i1'), (42, 'i2'), (43, 'i3'), (44, 'i4');
    insert into uses values (31, 41), (32, 42), (33, 43), (34, 44);
    insert into links values (51, 1, 21, 31, 11, 41, 'into the copy'), (52, 1, 23, 33, 13, 43, 'out of the tree');
    insert into links (id, board_id, mark) values (53, 1, 'to what is left out');
"""
LEFT_OUT = {
    "a row below it": "note_id = 32",
    "a row of its own level below it": "card_id = 24",
    "a row further below": "card_id = 25",
    "a row below such a row": "note_id = 34",
    "what it owns": "body_id = 12",
    "what is owned further below": "image_id = 44",
}
TARGETS = {"card_id": "cards", "note_id": "notes", "body_id": "bodies", "image_id": "images"}


def graph(unmapped: str) -> Graph:
    links = [Reference([name], target, unmapped=unmapped, by_rule=True) for name, target in TARGETS.items()]
    return [
        Level("boards", at("boards")),
        Level(
            "cards", at("cards"), edges=[Edge("boards", "board_id"), Edge("cards", "parent_id")], filter="not deleted"
        ),
        Level("bodies", at("bodies"), edges=[Edge("cards", "body_id", kind="owned")]),
        Level("notes", at("notes"), edges=[Edge("cards", "card_id")]),
        Level("uses", at("uses"), key=None, edges=[Edge("notes", "note_id")]),
        Level("images", at("images"), edges=[Edge("uses", "image_id", kind="owned")]),
        Level("links", at("links"), edges=[Edge("boards", "board_id")], references=links),
    ]


@pytest.mark.parametrize("change", LEFT_OUT.values(), ids=LEFT_OUT.keys())
def test_a_reference_to_what_is_below_a_row_left_out_is_an_error(make: Make, change: str) -> None:
    conn = make(Shape("links", graph("error"), f"{TABLES}; update links set {change} where id = 53"))

    with pytest.raises(psycopg.Error) as caught:
        duplicate(conn, 1, TREE)

    assert caught.value.sqlstate == "UD017"


@pytest.mark.parametrize("change", LEFT_OUT.values(), ids=LEFT_OUT.keys())
def test_a_reference_to_what_is_below_a_row_left_out_becomes_null(make: Make, change: str) -> None:
    shape = Shape("links", graph("null"), f"{TABLES}; update links set {change} where id = 53")
    conn = make(shape, 2)

    duplication, before = copy(conn, shape)

    discard(conn, shape, duplication, before)
