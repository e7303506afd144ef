"""What a generated example has in it, to see that nothing is missing from what is generated."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.schemas.model import Pick, Ref, Rows, Schema
from tests.support.schemas.rows import walk


def features(schema: Schema, rows: Rows, root: int) -> list[str]:
    """Each thing that the example has, once."""
    return sorted({*_of_tables(schema), *_of_refs(schema), *_of_rows(schema, rows, root)})


def _of_tables(schema: Schema) -> Iterator[str]:
    yield f"tables: {len(schema.tables)}"
    yield "names: quoted" if schema.is_quoted else "names: plain"
    yield "keys: equal in all levels" if schema.has_equal_keys else "keys: other in each level"
    for table in schema.tables:
        yield f"key: {table.key.label if table.key else 'none'}"
        yield f"orig: {'yes' if table.orig else 'no'}"
        if table.filter:
            yield "level with a filter"
        if sum(table.number in ref.edges for ref in schema.refs()) > 1:
            yield "level with several edges"
        if table.is_orig_checked:
            yield "orig: with a foreign key"
        if table.plan_rows:
            yield "level with plan_rows"


def _of_refs(schema: Schema) -> Iterator[str]:
    for ref in schema.refs():
        yield from _of_edges(schema, ref)
        if not ref.edges:
            constraint = "fk" if ref.foreign_key is not None else "rule"
            null = "not null" if ref.not_null else "null"
            yield f"reference: {ref.form} by {constraint}, {null}, unmapped {ref.unmapped}"
            yield from (f"reference: to {_where(ref, target)}" for target in ref.targets)
        if ref.is_nulled:
            yield "reference: made null by a rule"
        if ref.form == "poly" and ref.type == "text":
            yield "reference: poly as text"
        if ref.owner in ref.targets and ref.is_hard:
            yield "circle: not null, of one level"
        if _is_in_circle(schema, ref):
            yield "circle: of several levels"


def _of_edges(schema: Schema, ref: Ref) -> Iterator[str]:
    for target, kind in ref.edges.items():
        constraint = "" if ref.foreign_key is not None else " without fk"
        yield f"edge: {kind}, {ref.form}{constraint}"
        if target == ref.owner:
            yield f"edge: to itself{', not null' if ref.is_hard else ''}"
        elif kind == "below" and target > ref.owner:
            yield "edge: levels below each other"
        if kind == "owned" and schema.tables[ref.owner].key is None:
            yield "edge: owned by a join table"


def _where(ref: Ref, target: int) -> str:
    return "itself" if target == ref.owner else "an earlier level" if target < ref.owner else "a later level"


def _is_in_circle(schema: Schema, ref: Ref) -> bool:
    if ref.foreign_key is None or ref.targets == [ref.owner]:
        return False
    found, todo = set(ref.targets), list(ref.targets)
    while todo:
        table = schema.tables[todo.pop()]
        further = {t for other in table.all_refs() if other.foreign_key is not None for t in other.targets} - found
        found |= further
        todo += further
    return ref.owner in found


def _of_rows(schema: Schema, rows: Rows, root: int) -> Iterator[str]:
    inside = walk(schema, rows, root)
    left_out = walk(schema, rows, root, filtered=False) - inside
    yield f"copied rows: {next(text for most, text in _SIZES if len(inside) <= most)}"
    yield f"copied levels: {len({pick.table for pick in inside})}"
    if left_out:
        yield "rows left out by a filter"
    if sum(map(len, rows)) > len(inside) + len(left_out):
        yield "rows outside"
    for ref in schema.refs():
        for number, row in enumerate(rows[ref.owner]):
            yield from _of_value(ref, row.refs[ref.column], Pick(ref.owner, number) in inside, inside, left_out)


_SIZES = ((1, "1"), (5, "2 to 5"), (15, "6 to 15"), (1000, "more"))


def _of_value(ref: Ref, value: object, is_inside: bool, inside: set[Pick], left_out: set[Pick]) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, Pick):
            continue
        if not is_inside:
            if one in inside:
                owned = ref.edges.get(one.table) == "owned"
                yield "rows outside own rows of the copy" if owned else "rows outside name rows of the copy"
        elif one in inside:
            yield "rows of the copy name each other" if one.table not in ref.edges else "rows below"
        elif one in left_out:
            yield f"rows of the copy name rows left out, by {ref.form}"
        else:
            yield f"rows of the copy name rows outside, by {ref.form}"
