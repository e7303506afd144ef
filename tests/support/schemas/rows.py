"""Strategies for what is in the tables: a few trees, which name each other's rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from hypothesis import assume
from hypothesis import strategies as st

from tests.support.schemas.model import NOWHERE, OTHER, Pick, Ref, Row, Rows, Schema, Table, Target

# How many: simple first, and mostly more than a small batch holds.
ROOTS = (1, 1, 2, 3)
OTHERS = (0, 1, 2, 3, 3, 4, 4, 5, 5, 6)


def key_of(schema: Schema, rows: Rows, pick: Pick) -> str:
    """The key that a row has before it is there."""
    table = schema.tables[pick.table]
    if table.key_ref is not None:
        parent = rows[pick.table][pick.row].refs[table.key_ref.column]
        assert isinstance(parent, Pick)
        return key_of(schema, rows, parent)
    number = pick.row + 1 + (0 if schema.has_equal_keys else 1000 * (pick.table + 1))
    match schema.key_type(pick.table).family:
        case "int":
            return str(number)
        case "uuid":
            return str(UUID(int=number))
        case _:
            return f'{number} it\'s, {{a}} "key" \\'


@st.composite
def rows(draw: st.DrawFn, schema: Schema) -> tuple[Rows, int]:
    """Rows for every table, and which of the root's is to be copied."""
    counts = row_counts(draw, schema)
    content: Rows = [[Row({}) for _ in range(count)] for count in counts]
    root = draw(st.sampled_from(range(counts[0])))
    for table in schema.tables:
        draw_plain_values(draw, schema, content, table)
    content[0][root].is_filtered = False
    for table in schema.tables:
        draw_values(draw, schema, content, root, [ref for ref in table.refs if ref.edges])
    # when it is known what the tree is; and siblings when their parents are
    others = [ref for table in schema.tables for ref in table.refs if not ref.edges]
    draw_values(draw, schema, content, root, [ref for ref in others if ref.beside is None])
    draw_values(draw, schema, content, root, [ref for ref in others if ref.beside is not None])
    keep_distinct(schema, content)
    mend(schema, content, root)
    keep_distinct(schema, content)
    keep_siblings(schema, content)
    return content, root


def draw_plain_values(draw: st.DrawFn, schema: Schema, content: Rows, table: Table) -> None:
    """What names nothing, and keys that are the parent's."""
    shuffled: list[int] = []
    if table.key_ref is not None:
        shuffled = draw(st.permutations(range(len(content[table.key_ref.targets[0]]))))
    for number, row in enumerate(content[table.number]):
        if table.key_ref is not None:
            row.refs[table.key_ref.column] = Pick(table.key_ref.targets[0], shuffled[number])
        row.is_filtered = table.filter is not None and draw(st.sampled_from([False, False, True]))
        row.tenant = 1 if schema.is_single_tenant else draw(st.sampled_from([1, 1, 2]))
        if table.orig is not None and draw(st.sampled_from([False, False, True])):
            row.orig = key_of(schema, content, Pick(table.number, draw(st.sampled_from(range(number + 1)))))


def draw_values(draw: st.DrawFn, schema: Schema, content: Rows, root: int, refs: Sequence[Ref]) -> None:
    """Rows more often name those of the tree, as far as that is known; and, where they may, what is left out of it."""
    near = walk(schema, content, root, filtered=False)
    left_out = near - walk(schema, content, root)
    for ref in refs:
        wanted = left_out if left_out and ref.unmapped == "null" and not ref.edges else near
        for number, row in enumerate(content[ref.owner]):
            row.refs[ref.column] = draw_value(draw, schema, content, ref, number, wanted)


def row_counts(draw: st.DrawFn, schema: Schema) -> list[int]:
    """How many rows each table has: enough that what must not be null can be something."""
    counts = [draw(st.sampled_from(OTHERS if table.number else ROOTS)) for table in schema.tables]
    for table in schema.tables:
        if table.key_ref is not None:
            counts[table.number] = min(counts[table.number], counts[table.key_ref.targets[0]])
    needs = [(ref.owner, ref.targets[0]) for ref in schema.refs() if ref.not_null and ref.form not in ("poly", "array")]
    for _ in schema.tables:
        for owner, target in needs:
            if counts[owner]:
                counts[target] = max(counts[target], 1)
    return counts


def draw_value(
    draw: st.DrawFn, schema: Schema, content: Rows, ref: Ref, number: int, wanted: set[Pick]
) -> Target | list[Target]:
    family = schema.key_type(ref.targets[0]).family
    null: list[Target] = [] if ref.not_null else [None]
    found = list(targets(schema, content, ref, number))
    picks: list[Target] = [*found, *(pick for pick in found if pick in wanted for _ in range(2))]
    if ref.form == "array":
        one = st.sampled_from([*picks, NOWHERE[family], None])
        many = st.lists(one, max_size=4)
        return draw(many if ref.not_null else st.none() | many)
    if ref.foreign_key is None:
        picks = [*picks, NOWHERE[family]]
    return draw(st.sampled_from([*null, *picks]))


def targets(schema: Schema, content: Rows, ref: Ref, number: int) -> Iterator[Pick]:
    """The rows that a row may name."""
    row = content[ref.owner][number]
    for target in ref.targets:
        is_own = target == ref.owner and target in ref.edges and not schema.has_data_circles
        last = number + (1 if ref.not_null else 0) if is_own else len(content[target])
        for other in range(last):
            if is_possible(ref, row, content[target][other]):
                yield Pick(target, other)


def is_possible(ref: Ref, row: Row, other: Row) -> bool:
    """Whether the constraint lets one row name the other."""
    if ref.form == "composite":
        return row.tenant == other.tenant
    if ref.beside is not None:
        parent = row.refs[ref.beside[0].column]
        return parent is not None and parent == other.refs[ref.beside[1].column]
    return True


def walk(schema: Schema, content: Rows, root: int, *, filtered: bool = True) -> set[Pick]:
    """The rows of the tree below a root; those that the filters leave out, and what is below these, if wanted."""
    reached: dict[Pick, list[Pick]] = {}
    for ref in schema.refs():
        for number, row in enumerate(content[ref.owner]):
            value = row.refs.get(ref.column)
            if isinstance(value, Pick) and value.table in ref.edges:
                here = Pick(ref.owner, number)
                above, below = (value, here) if ref.edges[value.table] == "below" else (here, value)
                reached.setdefault(above, []).append(below)
    found: set[Pick] = set()
    todo = [Pick(0, root)]
    while todo:
        pick = todo.pop()
        if pick not in found and not (filtered and content[pick.table][pick.row].is_filtered):
            found.add(pick)
            todo += reached.get(pick, [])
    return found


def mend(schema: Schema, content: Rows, root: int) -> None:
    """No reference of the copy that must not be lost names a row of the tree that is left out."""
    for _ in range(20):
        inside = walk(schema, content, root)
        left_out = walk(schema, content, root, filtered=False) - inside
        mended = [mend_row(schema, content, pick, left_out) for pick in sorted(inside)]
        if not any(mended):
            return
    assume(False)


def mend_row(schema: Schema, content: Rows, pick: Pick, left_out: set[Pick]) -> bool:
    row = content[pick.table][pick.row]
    is_mended = False
    for ref in schema.tables[pick.table].all_refs():
        value = row.refs[ref.column]
        kept: Target | list[Target]
        if ref.unmapped == "null" or ref.is_nulled:
            continue
        if isinstance(value, list):
            kept = [element for element in value if element not in left_out]
        elif value in left_out:
            kept = other_value(schema, content, ref, pick, left_out)
        else:
            continue
        is_mended |= kept != value
        row.refs[ref.column] = kept
    return is_mended


def other_value(schema: Schema, content: Rows, ref: Ref, pick: Pick, left_out: set[Pick]) -> Target:
    if not ref.not_null:
        return None
    if ref.foreign_key is None:
        return NOWHERE[schema.key_type(ref.targets[0]).family]
    others = [other for other in targets(schema, content, ref, pick.row) if other not in left_out]
    assume(others)
    return others[0]


def keep_distinct(schema: Schema, content: Rows) -> None:
    """Tables without a key of one column may have a key of several."""
    for table in schema.tables:
        if table.key is None and table.primary_key and "position" not in table.primary_key:
            found = {tuple(row.refs[column] for column in table.primary_key): row for row in content[table.number]}
            content[table.number] = list(found.values())


def keep_siblings(schema: Schema, content: Rows) -> None:
    """Rows may have been mended to have other parents."""
    for ref in (ref for ref in schema.refs() if ref.beside is not None):
        for row in content[ref.owner]:
            value = row.refs[ref.column]
            if isinstance(value, Pick) and not is_possible(ref, row, content[value.table][value.row]):
                row.refs[ref.column] = None


def type_of(value: Target) -> str:
    """What the type column of a polymorphic pair says."""
    return f"T{value.table}" if isinstance(value, Pick) else OTHER
