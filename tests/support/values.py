"""Columns of every common type, and hypothesis strategies for what may be in them."""

from __future__ import annotations

import datetime
import ipaddress
import json
import string
from decimal import Decimal

import psycopg
from hypothesis import strategies as st
from psycopg.types.range import Range

# What goes wrong where text is quoted, formatted, split or compared by somebody.
AWKWARD = "'\"\\%$:;{}[](),|\t\n\r\x01\x7f\u00a0ßéя中\u202e\ufeff🦊"

TYPES = """
create type public.mood as enum ('calm', 'so-so', 'it''s "wild"');
create domain public.short_text as varchar(12) check (value <> 'forbidden');
create type public.pair as (a integer, "B" text);
"""

text = st.text(alphabet=st.sampled_from(string.ascii_letters + string.digits + " " + AWKWARD), max_size=12)
any_text = st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
integers = st.integers(-(2**31), 2**31 - 1)
days = st.dates(datetime.date(1, 1, 1), datetime.date(9999, 1, 1))
numbers = st.decimals(allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12)
special_numbers = st.sampled_from(
    [Decimal("NaN"), "Infinity", "-Infinity", "1e-30", "123456789012345678901234567890.10"]
)

# column type -> what may be in it, as psycopg or the type's input function takes it
COLUMNS: dict[str, st.SearchStrategy[object]] = {
    "text": text | any_text,
    "char(8)": st.text(string.ascii_letters + " ", max_size=8),
    "boolean": st.booleans(),
    "smallint": st.integers(-(2**15), 2**15 - 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "numeric": numbers | special_numbers,
    "numeric(12,3)": st.decimals(places=3, min_value=-(10**8), max_value=10**8),
    "real": st.floats(width=32),
    "double precision": st.floats() | st.sampled_from([-0.0, 5e-324, 0.1 + 0.2]),
    "bytea": st.binary(max_size=8),
    "jsonb": json_values.map(json.dumps),
    "json": json_values.map(json.dumps),
    "date": days | st.sampled_from(["infinity", "-infinity", "0044-03-15 BC"]),
    "time": st.times(),
    "timetz": st.sampled_from(["00:00:00+14", "23:59:59.999999-11:30", "24:00:00+00"]),
    "timestamp": st.datetimes() | st.just("infinity"),
    "timestamptz": st.datetimes(timezones=st.just(datetime.UTC)) | st.sampled_from(["infinity", "-infinity"]),
    "interval": st.sampled_from(["1 mon", "30 days", "-00:00:00.000001", "1 year -2 mons +3 days 04:05:06.7"]),
    "uuid": st.uuids(),
    "inet": st.ip_addresses() | st.just(ipaddress.ip_interface("10.1.2.3/8")),
    "cidr": st.sampled_from(["10.0.0.0/8", "2001:db8::/32"]),
    "macaddr": st.just("08:00:2b:01:02:03"),
    "point": st.sampled_from(["(1.5,-2)", "(NaN,Infinity)"]),
    "bit varying(9)": st.text("01", max_size=9),
    "tsvector": st.sampled_from(["'a':1A 'b':2", "'it''s' 'q\\\\x'"]),
    "text[]": st.lists(st.none() | text, max_size=4),
    "integer[]": st.lists(st.none() | integers, max_size=4) | st.sampled_from(["[0:1]={1,2}", "{{1,2},{3,4}}"]),
    "jsonb[]": st.sampled_from(["{}", '{"{\\"a\\": [1, null]}",NULL}']),
    "int4range": st.sampled_from([Range(1, 5, "[)"), Range(None, 7, "()"), Range(empty=True), Range(None, None, "()")]),
    "tstzrange": st.sampled_from(["[2020-01-01 00:00+00,2021-01-01 00:00+00)", "empty", "(,infinity]"]),
    "int4multirange": st.sampled_from(["{}", "{[1,3),[5,8)}"]),
    "public.mood": st.sampled_from(["calm", "so-so", 'it\'s "wild"']),
    "public.mood[]": st.sampled_from(["{}", "{calm,NULL}"]),
    "public.short_text": st.text(string.ascii_letters + "é'\\", max_size=9).filter(lambda s: s != "forbidden"),
    "public.pair": st.sampled_from(['(1,"a ""b"", c")', "(,)"]),
    "oid": st.integers(0, 2**32 - 1),
    "money": st.sampled_from(["12.34", "-0.01"]),
}
NAMES = [f'{kind[:5]} "Column" {n}%' for n, kind in enumerate(COLUMNS)]

values: st.SearchStrategy[list[object]] = st.tuples(*(st.none() | kind for kind in COLUMNS.values())).map(list)


def add_columns(conn: psycopg.Connection, table: str) -> None:
    """Give a table a column of each type, with names that have to be quoted."""
    columns = ", ".join(
        f'add column "{name.replace(chr(34), chr(34) * 2)}" {kind}' for name, kind in zip(NAMES, COLUMNS, strict=True)
    )
    conn.execute(f"alter table {table} {columns}")
