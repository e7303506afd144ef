"""A generated schema as SQL that can be replayed, and as the oracle knows it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tests.support.graph import Edge, Graph, Level, Reference, Rule
from tests.support.schemas.model import MARK, Pick, Ref, Row, Rows, Schema, Table, Target, quoted
from tests.support.schemas.rows import key_of, type_of

CODE = "code"
TENANT = "tenant"
POSITION = "position"
COPIED_CODE = "s.code || '-' || copy.duplication_id"


def literal(value: object) -> str:
    """A value as SQL has it, of the type that its place gives it."""
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"


def names(columns: Iterable[str]) -> str:
    return ", ".join(map(quoted, columns))


# the tables


def definition(schema: Schema) -> str:
    """Schema, types and tables, without the foreign keys: the rows come first, in any order."""
    lines = [
        f"create schema {schema.name};",
        f"create domain {schema.name}.number as bigint check (value > -100);",
        f"create domain {schema.name}.word as text check (value <> '');",
        f"create sequence {schema.name}.shared_numbers start 20001;",
    ]
    for table in schema.tables:
        columns = ",\n    ".join([*_columns(schema, table), *_keys(schema, table)])
        lines.append(f"create table {table.relation} (\n    {columns}\n);")
    return "\n".join(lines)


def _columns(schema: Schema, table: Table) -> Iterator[str]:
    if table.key is not None:
        yield f"{quoted(table.key_column)} {table.key.type} {table.key.definition}".strip().replace("@", schema.name)
    else:
        yield f"{POSITION} integer not null"
    yield f"{MARK} text not null"
    for ref in table.refs:
        null = " not null" if ref.not_null else ""
        yield f"{quoted(ref.column)} {ref.type.replace('@', schema.name)}{null}"
        if ref.form == "poly":
            yield f"{quoted(ref.type_column)} text{null}"
    if table.filter_column is not None:
        rest = " not null default false" if table.filter_type == "boolean" else ""
        yield f"{quoted(table.filter_column)} {table.filter_type}{rest}"
    if table.is_tenanted:
        yield f"{TENANT} integer not null"
    if table.code is not None:
        default = " default gen_random_uuid()" if table.code == "default" else ""
        yield f"{CODE} {table.code_type} not null{default} unique"
    if table.orig is not None and table.key is not None:
        yield f"{quoted(table.orig)} {table.key.type.replace('@', schema.name)}"
    if table.has_generated:
        yield f"length integer generated always as (length({MARK})) stored"


def _keys(schema: Schema, table: Table) -> Iterator[str]:
    if table.primary_key:
        yield f"primary key ({names(table.primary_key)})"
    if table.key is not None:
        named = [names([ref.beside[1].column]) for ref in schema.refs() if ref.beside and table.number in ref.targets]
        named += [TENANT] if table.is_tenanted else []
        yield from (f"unique ({column}, {quoted(table.key_column)})" for column in sorted(set(named)))


def constraints(schema: Schema) -> str:
    """Foreign keys, the indexes that edges need, and where the numbers of new rows begin."""
    lines = []
    for table in schema.tables:
        for ref in table.all_refs():
            if ref.foreign_key is not None:
                lines.append(f"alter table {table.relation} add {_foreign_key(schema, ref)};")
            if ref.edges and ref is not table.key_ref:
                lines.append(f"create index on {table.relation} ({quoted(ref.column)});")
        if table.is_orig_checked and table.orig is not None:
            lines.append(
                f"alter table {table.relation} add foreign key ({names([table.orig])}) references {table.relation} "
                f"({names([table.key_column])}) on delete set null;"
            )
        if table.key is not None and "as identity" in table.key.definition:
            lines.append(
                f"alter table {table.relation} alter {quoted(table.key_column)} "
                f"restart with {_first_new_number(schema, table)};"
            )
    return "\n".join(lines)


def _first_new_number(schema: Schema, table: Table) -> int:
    return 101 if schema.has_equal_keys else 1000 * (table.number + 1) + 101


def _foreign_key(schema: Schema, ref: Ref) -> str:
    target = schema.tables[ref.targets[0]]
    columns, named = {
        "unique": ([ref.column], [CODE]),
        "composite": ([TENANT, ref.column], [TENANT, target.key_column]),
    }.get(ref.form, ([ref.column], [target.key_column]))
    if ref.beside is not None:
        columns, named = [ref.beside[0].column, ref.column], [ref.beside[1].column, target.key_column]
    return f"foreign key ({names(columns)}) references {target.relation} ({names(named)}) {ref.foreign_key}".strip()


# the rows


def content(schema: Schema, rows: Rows) -> str:
    return "\n".join(_inserts(schema, rows, table) for table in schema.tables if rows[table.number])


def _inserts(schema: Schema, rows: Rows, table: Table) -> str:
    found = [_values(schema, rows, table, number) for number in range(len(rows[table.number]))]
    lines = ",\n    ".join(f"({', '.join(map(literal, values.values()))})" for values in found)
    return f"insert into {table.relation} ({names(found[0])}) overriding system value values\n    {lines};"


def _values(schema: Schema, rows: Rows, table: Table, number: int) -> dict[str, object]:
    row = rows[table.number][number]
    pick = Pick(table.number, number)
    values: dict[str, object] = {}
    if table.key is not None:
        values[table.key_column] = key_of(schema, rows, pick)
    else:
        values[POSITION] = number
    values[MARK] = f"{table.name} {number}"
    for ref in table.refs:
        values |= _ref_values(schema, rows, ref, row)
    if table.filter_column is not None:
        on = "true" if table.filter_type == "boolean" else "2020-01-01"
        values[table.filter_column] = on if row.is_filtered else ("false" if table.filter_type == "boolean" else None)
    if table.is_tenanted:
        values[TENANT] = row.tenant
    if table.code is not None:
        values[CODE] = code_of(table, number)
    if table.orig is not None:
        values[table.orig] = row.orig
    return values


def code_of(table: Table, number: int) -> str:
    if table.code == "default":
        return f"00000000-0000-0000-{table.number:04}-{number:012}"
    return f"code {table.number} {number}"


def _ref_values(schema: Schema, rows: Rows, ref: Ref, row: Row) -> dict[str, object]:
    value = row.refs[ref.column]

    def text(one: Target) -> str | None:
        if not isinstance(one, Pick):
            return one
        return code_of(schema.tables[one.table], one.row) if ref.form == "unique" else key_of(schema, rows, one)

    if isinstance(value, list):
        return {ref.column: "{" + ",".join(_element(text(one)) for one in value) + "}"}
    if ref.form == "doc":
        return {ref.column: json.dumps({"ref": text(value), "other": 1})}
    values: dict[str, object] = {ref.column: text(value)}
    if ref.form == "poly":
        values[ref.type_column] = None if value is None else type_of(value)
    return values


def _element(value: str | None) -> str:
    if value is None:
        return "null"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


# the declaration


def graph(schema: Schema) -> Graph:
    """The levels, as the oracle knows them."""
    return [_level(schema, table) for table in schema.tables]


def _level(schema: Schema, table: Table) -> Level:
    new_key = table.key.new_key if table.key is not None else None
    code_rules = {"set": [Rule(CODE, "set", COPIED_CODE)], "default": [Rule(CODE, "default")]}
    nulled = [ref.column for ref in table.refs if ref.is_nulled]
    documents = [ref for ref in table.refs if ref.form == "doc"]
    return Level(
        name=table.name,
        table=table.relation,
        key=table.key_column if table.key is not None else None,
        edges=list(_edges(schema, table)),
        references=[r for ref in table.all_refs() for target in ref.targets for r in _references(schema, ref, target)],
        filter=table.filter,
        orig=table.orig,
        ignored=[CODE, *nulled, *(ref.column for ref in documents)],
        extra={_inside(ref): f"s.{quoted(ref.column)} ->> 'ref'" for ref in documents},
        new_key=new_key,
        rules=[
            *code_rules.get(table.code or "", []),
            *(Rule(column, "null") for column in nulled),
            *(Rule(ref.column, "set", _mapped(schema, ref)) for ref in documents),
        ],
    )


def _inside(ref: Ref) -> str:
    return f"{ref.column}: ref"


def _mapped(schema: Schema, ref: Ref) -> str:
    """A document with the key inside of it replaced, if what it names is copied."""
    document, target = f"s.{quoted(ref.column)}", literal(schema.tables[ref.targets[0]].name)
    mapped = f"duplication.map_key(copy.duplication_id, {target}, {document} ->> 'ref')"
    return f"jsonb_set({document}, '{{ref}}', coalesce(to_jsonb({mapped}), {document} -> 'ref'))"


def condition(ref: Ref, target: int) -> str | None:
    """Which rows' pairs name this target."""
    return f"{quoted(ref.type_column)} = {literal(type_of(Pick(target, 0)))}" if ref.form == "poly" else None


def _edges(schema: Schema, table: Table) -> Iterator[Edge]:
    for ref in table.all_refs():
        for parent, kind in ref.edges.items():
            if kind == "below":
                yield Edge(schema.tables[parent].name, ref.column, "below", condition(ref, parent))
    for ref in schema.refs():
        if ref.edges.get(table.number) == "owned":
            yield Edge(schema.tables[ref.owner].name, ref.column, "owned", condition(ref, table.number))


def _references(schema: Schema, ref: Ref, target: int) -> Iterator[Reference]:
    """What an edge does not say by itself."""
    table = schema.tables[target]
    if ref.form == "composite":
        yield Reference((TENANT, ref.column), table.name, (TENANT, table.key_column))
        return
    if ref.form == "doc":
        yield Reference((_inside(ref),), table.name)
        return
    if ref.is_nulled:
        return
    if ref.form == "sibling":
        # as the key says it all: the parent is a reference of its own
        yield Reference((ref.column,), table.name)
        return
    if target in ref.edges and ref.unmapped == "error" and not ref.is_said:
        return
    yield Reference(
        (ref.column,),
        table.name,
        (CODE,) if ref.form == "unique" else None,
        condition(ref, target),
        is_array=ref.form == "array",
        unmapped=ref.unmapped,
        by_rule=ref.foreign_key is None or ref.unmapped == "null" or ref.is_said,
    )


def declaration(tree: str, schema: Schema, levels: Graph) -> str:
    """What the engine is told of the tree."""
    lines = [f"insert into duplication.trees (name, search_path) values ({literal(tree)}, {literal(schema.name)});"]
    lines += _rows(
        "levels",
        "tree, name, row_name, relation, key_column, new_key, row_filter, orig_column, plan_rows, batch_rows",
        [_level_row(tree, table, level) for table, level in zip(schema.tables, levels, strict=True)],
    )
    lines += _rows(
        "edges",
        "tree, level, parent_level, column_name, kind, row_filter",
        [(tree, level.name, e.parent, e.column, e.kind, e.condition) for level in levels for e in level.edges],
    )
    lines += _rows(
        "column_rules",
        "tree, level, column_name, rule, expression, target_level, row_filter, unmapped",
        [
            (tree, level.name, column, "remap", None, r.target, r.condition, r.unmapped)
            for level in levels
            for r in level.references
            if r.by_rule
            for column in r.columns
        ]
        + [
            (tree, level.name, rule.column, rule.rule, rule.expression, None, None, "error")
            for level in levels
            for rule in level.rules
        ],
    )
    return "\n".join(lines)


def _level_row(tree: str, table: Table, level: Level) -> tuple[object, ...]:
    told = (level.key, level.new_key, level.filter, level.orig)
    return (
        tree,
        level.name,
        f"row of {level.name}",
        level.table,
        *told,
        str(table.plan_rows).lower(),
        table.batch_rows,
    )


def _rows(table: str, columns: str, rows: list[tuple[object, ...]]) -> list[str]:
    if not rows:
        return []
    lines = ",\n    ".join(f"({', '.join(map(literal, row))})" for row in rows)
    return [f"insert into duplication.{table} ({columns}) values\n    {lines};"]
