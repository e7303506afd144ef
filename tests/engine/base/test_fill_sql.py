"""SQL is made of templates whose holes say what is put in: SQL, an identifier or a literal."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.calls import value

HOSTILE = [
    "plain",
    "Plain",
    "",
    "O'Brien",
    'a "b" \\ c',
    "50 %",
    "%s",
    "%1$s",
    "$1",
    "{name}",
    "{'name'}",
    "ж中🦊",
    "--",
    "a\nb",
]


def fill(conn: psycopg.Connection, template: str, *values: str | None) -> str:
    return str(value(conn, f"select _duplication.fill_sql(%s{', %s' * len(values)})", template, *values))


@pytest.mark.parametrize("name", [name for name in HOSTILE if name])
def test_an_identifier_is_quoted(shared: psycopg.Connection, name: str) -> None:
    cursor = shared.execute(fill(shared, 'select 1 as {"name"}', "name", name).encode())

    assert cursor.description is not None
    assert cursor.description[0].name == name


@pytest.mark.parametrize("text", HOSTILE)
def test_a_literal_is_quoted(shared: psycopg.Connection, text: str) -> None:
    assert shared.execute(fill(shared, "select {'text'}", "text", text).encode()).fetchone() == (text,)


def test_a_literal_of_null_is_null(shared: psycopg.Connection) -> None:
    assert fill(shared, "select {'text'}", "text", None) == "select NULL"


@pytest.mark.parametrize("text", HOSTILE)
def test_sql_is_put_in_as_it_is(shared: psycopg.Connection, text: str) -> None:
    assert fill(shared, "select {sql} from x", "sql", text) == f"select {text} from x"


def test_a_line_for_which_there_is_no_sql_is_left_out(shared: psycopg.Connection) -> None:
    template = "\nselect a{more}\nfrom x\n    {joins}\nwhere true{filter}\n"

    assert fill(shared, template, "more", None, "joins", None, "filter", None) == "select a\nfrom x\nwhere true"


def test_a_name_may_have_several_holes_each_filled_in_its_own_way(shared: psycopg.Connection) -> None:
    template = """{x}, {"x"}, {'x'}, {x}"""

    assert fill(shared, template, "x", "A b") == """A b, "A b", 'A b', A b"""


def test_a_value_is_not_searched_for_holes(shared: psycopg.Connection) -> None:
    assert fill(shared, "{a} {b}", "a", "{b} %2$s", "b", "{a}") == "{b} %2$s {a}"


@pytest.mark.parametrize("text", ["'{}'", "'{1,2}'", "'{\"a\": 1}'", "100 % {A}", "x ~ '^[a-z]{2}$'", "{ a }"])
def test_other_braces_stay(shared: psycopg.Connection, text: str) -> None:
    assert fill(shared, text + " {x}", "x", "1") == text + " 1"


@pytest.mark.parametrize(
    ("template", "values", "problem"),
    [
        ("{a} {b}", ["a", "1"], "the hole {b} has no value"),
        ("{a} {'b'}", ["a", "1"], "the hole {'b'} has no value"),
        ('{a} {"b"}', ["a", "1"], 'the hole {"b"} has no value'),
        ("{a} {\"b'}", ["a", "1", "b", "1"], "the value 'b' has no hole"),
        ("{a}", ["a", "1", "b", "2"], "the value 'b' has no hole"),
        ("{a}", ["a", "1", "a", "2"], "the value 'a' has no hole"),
        ("{a} {}", ["a", "1", "", "2"], "the value '' has no hole"),
        ("{a} {}", ["a", "1", None, "2"], "the value NULL has no hole"),
        ("{a} {b}", ["a", "1", "b"], "the value 'b' has no hole, or the hole no value"),
        ('{"a"}', ["a", None], 'the identifier {"a"} is null'),
        ("{a} {'a'} {\"a\"}", ["a", None], 'the identifier {"a"} is null'),
    ],
)
def test_a_mistake_is_an_error_that_names_the_hole(
    shared: psycopg.Connection, template: str, values: list[str | None], problem: str
) -> None:
    with pytest.raises(psycopg.errors.InternalError_) as raised:
        fill(shared, template, *values)

    assert problem in str(raised.value)
