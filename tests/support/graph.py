"""What a copy of any graph of tables has to be, worked out in Python from snapshots of the tables.

It knows nothing of the engine. A row of the copy is given in terms of the source: a reference to a row that is copied
as well is `("new", level, the key of that row's original)`, any other value is `("old", value)`, and the key of its own
is left out. So the copy that ought to be there and the copy that is there are equal when they are.

New rows are known by the orig column of their level, or else by a column `mark`, which the tests give a value of its
own in each source row, and which is copied as it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import psycopg
from psycopg import sql

MARK = "mark"

Value = str | None | tuple[str | None, ...]
"""A value as the text PostgreSQL prints for it; the elements of an array of keys one by one."""
Normal = tuple[tuple[str, object], ...]
Copy = dict[str, Counter[Normal]]


@dataclass(frozen=True)
class Edge:
    """How rows of a level are reached: `below` by their own column, `owned` by the column of their parent."""

    parent: str
    column: str
    kind: str = "below"
    condition: str | None = None
    """A condition on the row that has the column."""


@dataclass(frozen=True)
class Reference:
    """Columns that name a row of a level; those of the edges need not be repeated."""

    columns: Sequence[str]
    target: str
    target_columns: Sequence[str] | None = None
    """The target's key if not said."""
    condition: str | None = None
    is_array: bool = False
    unmapped: str = "error"
    by_rule: bool = False
    """The engine is told by a rule: no foreign key says it, or none that says it all."""


@dataclass(frozen=True)
class Rule:
    """What is not simply copied: `default`, `null`, `keep`, or `set` to an expression."""

    column: str
    rule: str
    expression: str | None = None


@dataclass(frozen=True)
class Level:
    """A table of the graph. Names are columns' names as they are; `table` and conditions are SQL."""

    name: str
    table: str
    key: str | None = "id"
    edges: Sequence[Edge] = ()
    references: Sequence[Reference] = ()
    filter: str | None = None
    orig: str | None = None
    ignored: Collection[str] = ()
    """Columns that are not compared."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Expressions that are looked at as if they were columns: keys inside of a document, for example."""
    new_key: str | None = None
    rules: Sequence[Rule] = ()


Graph = Sequence[Level]


@dataclass(frozen=True)
class Row:
    """A row as text, and which of its level's conditions are true of it."""

    values: tuple[tuple[str, Value], ...]
    true: frozenset[str] = frozenset()

    @cached_property
    def by_name(self) -> dict[str, Value]:
        return dict(self.values)

    def __getitem__(self, column: str) -> Value:
        return self.by_name[column]

    def passes(self, condition: str | None) -> bool:
        return condition is None or condition in self.true


Snapshot = dict[str, list[Row]]


class UnmappedError(LookupError):
    """A row of the copy would have to name a row of the source's subtree that is not copied."""


def snapshot(conn: psycopg.Connection, graph: Graph) -> Snapshot:
    """Every row of every table of the graph, in no order."""
    with conn.transaction():
        return {level.name: _rows(conn, graph, level) for level in graph}


def _rows(conn: psycopg.Connection, graph: Graph, level: Level) -> list[Row]:
    arrays = {c for reference in _references(graph, level) if reference.is_array for c in reference.columns}
    found = conn.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped",
        (level.table,),
    ).fetchall()
    columns = {name: sql.SQL("s.{}").format(sql.Identifier(name)).as_string(conn) for (name,) in found}
    columns |= level.extra
    conditions = _conditions(graph, level)
    outputs = [f"({text})::{'text[]' if name in arrays else 'text'}" for name, text in columns.items()]
    outputs += [f"({condition}) is true" for condition in conditions]
    return [
        Row(
            tuple((name, _value(value)) for name, value in zip(columns, row, strict=False)),
            frozenset(c for c, holds in zip(conditions, row[len(columns) :], strict=True) if holds),
        )
        for row in conn.execute(f"select {', '.join(outputs)} from {level.table} as s".encode())
    ]


def _value(value: str | list[str | None] | None) -> Value:
    return tuple(value) if isinstance(value, list) else value


def _conditions(graph: Graph, level: Level) -> list[str]:
    conditions = [level.filter, *(reference.condition for reference in _references(graph, level))]
    return list(dict.fromkeys(condition for condition in conditions if condition is not None))


def _references(graph: Graph, level: Level) -> list[Reference]:
    """Those that are declared, and those that the edges are."""
    by_edge = [Reference((e.column,), e.parent, condition=e.condition) for e in level.edges if e.kind == "below"]
    by_edge += [
        Reference((edge.column,), owned.name, condition=edge.condition)
        for owned in graph
        for edge in owned.edges
        if edge.kind == "owned" and edge.parent == level.name
    ]
    declared = {(tuple(reference.columns), reference.target) for reference in level.references}
    return [*level.references, *(r for r in by_edge if (tuple(r.columns), r.target) not in declared)]


@dataclass
class _Tables:
    """The graph as one snapshot has it; the rows of a level are known by their position."""

    rows: Snapshot
    graph: Graph
    levels: dict[str, Level] = field(init=False)
    found: dict[tuple[str, tuple[str, ...]], dict[tuple[Value, ...], list[int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.levels = {level.name: level for level in self.graph}

    def lookup(self, level: str, columns: Sequence[str], values: Sequence[Value]) -> list[int]:
        """The rows of a level that have these values in these columns."""
        index = self.found.get((level, tuple(columns)))
        if index is None:
            index = defaultdict(list)
            for number, row in enumerate(self.rows[level]):
                index[tuple(row[column] for column in columns)].append(number)
            self.found[level, tuple(columns)] = index
        return [] if None in values else index.get(tuple(values), [])

    def target(self, reference: Reference, values: Sequence[Value]) -> int | None:
        columns = reference.target_columns or [self.key(reference.target)]
        return next(iter(self.lookup(reference.target, columns, values)), None)

    def key(self, level: str) -> str:
        key = self.levels[level].key
        assert key is not None, f"level {level} has no key, so nothing refers to it"
        return key

    def walk(self, root: object, *, filtered: bool = True) -> dict[str, set[int]]:
        """The rows that are reached from the root, each once."""
        (top,) = [level for level in self.graph if all(edge.parent == level.name for edge in level.edges)]
        start = self.lookup(top.name, [self.key(top.name)], [str(root)])
        assert start, f"level {top.name}: no row {root}"
        inside: dict[str, set[int]] = {level.name: set() for level in self.graph}
        todo = [(top, start[0])]
        while todo:
            level, number = todo.pop()
            row = self.rows[level.name][number]
            if number in inside[level.name] or (filtered and not row.passes(level.filter)):
                continue
            inside[level.name].add(number)
            todo += self.reached(level, row)
        return inside

    def reached(self, level: Level, row: Row) -> Iterator[tuple[Level, int]]:
        for below in self.graph:
            for edge in below.edges:
                if edge.parent != level.name:
                    continue
                if edge.kind == "owned":
                    if row.passes(edge.condition):
                        found = self.lookup(below.name, [self.key(below.name)], [row[edge.column]])
                        yield from ((below, number) for number in found)
                else:
                    for number in self.lookup(below.name, [edge.column], [row[self.key(level.name)]]):
                        if self.rows[below.name][number].passes(edge.condition):
                            yield below, number


# What a reference is in the copy: a row of the copy, nothing any more, or as it was (None).
_Find = Callable[[Level, Reference, Sequence[Value]], tuple[object, ...] | None]
_GONE = ("gone",)


def expected_copy(source: Snapshot, graph: Graph, root: object) -> Copy:
    """The rows that a copy of `root` has to have, for each level."""
    tables = _Tables(source, graph)
    inside = tables.walk(root)
    subtree = tables.walk(root, filtered=False)

    def find(level: Level, reference: Reference, values: Sequence[Value]) -> tuple[object, ...] | None:
        number = tables.target(reference, values)
        if number is None or number not in subtree[reference.target]:
            return None
        key = source[reference.target][number][tables.key(reference.target)]
        if number in inside[reference.target]:
            return ("new", reference.target, key)
        if reference.unmapped == "null":
            return _GONE
        raise UnmappedError(f"{level.name}: {', '.join(reference.columns)} names {reference.target} {key}")

    return {
        level.name: Counter(
            _normal(graph, level, row, find, None if level.key is None else row[level.key])
            for row in (source[level.name][number] for number in inside[level.name])
        )
        for level in graph
    }


def actual_copy(before: Snapshot, after: Snapshot, graph: Graph, root: object | None = None) -> Copy:
    """The rows that have come between two snapshots, in the same terms.

    With a root, only its rows may be the originals; without one, every row that was there.
    """
    new = {level.name: _minus(after[level.name], before[level.name]) for level in graph}
    tables = _Tables(new, graph)
    originals = {level.name: _by_mark(level, before, graph, root) for level in graph}

    def find(level: Level, reference: Reference, values: Sequence[Value]) -> tuple[object, ...] | None:
        number = tables.target(reference, values)
        if number is None:
            return None
        row, target = new[reference.target][number], tables.levels[reference.target]
        if target.orig is not None:
            return ("new", target.name, row[target.orig])
        assert MARK in row.by_name, f"level {target.name} is referred to: it needs an orig column or a column {MARK}"
        return ("new", target.name, originals[target.name].get(row[MARK], f"of no original: {row[MARK]}"))

    return {
        level.name: Counter(
            _normal(graph, level, row, find, None if level.orig is None else row[level.orig]) for row in new[level.name]
        )
        for level in graph
    }


def _normal(graph: Graph, level: Level, row: Row, find: _Find, orig: Value) -> Normal:
    """A row of the copy without its key, in terms of the source."""
    groups: dict[tuple[str, ...], list[Reference]] = defaultdict(list)
    for reference in _references(graph, level):
        if row.passes(reference.condition):
            groups[tuple(reference.columns)].append(reference)
    named = {
        columns: _normal_reference(level, references, [row[column] for column in columns], find)
        for columns, references in groups.items()
    }
    # the columns of what names no row of the tree are as any others: some may belong to another reference
    named = {columns: target for columns, target in named.items() if target is not None}
    left_out = {*level.ignored, *(column for columns in named for column in columns)}
    if (level.key,) not in groups:
        left_out.add(str(level.key))
    normal: dict[str, object] = {name: ("old", value) for name, value in row.values if name not in left_out}
    normal |= {", ".join(columns): target for columns, target in named.items()}
    if level.orig is not None:
        normal[level.orig] = ("original", orig)
    return tuple(sorted(normal.items()))


def _normal_reference(level: Level, references: Sequence[Reference], values: Sequence[Value], find: _Find) -> object:
    """What the columns name in the copy; None if no row of the tree."""

    def first(one: Sequence[Value]) -> object:
        found = (find(level, reference, one) for reference in references)
        return next((target for target in found if target is not None), None)

    if references[0].is_array and isinstance(values[0], tuple):
        elements = [(first([element]), element) for element in values[0]]
        return tuple(target or ("old", element) for target, element in elements if target != _GONE)
    found = first(values)
    return ("old", None) if found == _GONE else found


def _by_mark(level: Level, before: Snapshot, graph: Graph, root: object | None) -> dict[Value, Value]:
    """The keys of the rows that may be originals, by what marks them."""
    rows = before[level.name]
    if root is not None:
        rows = [rows[number] for number in _Tables(before, graph).walk(root)[level.name]]
    if level.key is None or not rows or MARK not in rows[0].by_name:
        return {}
    found = {row[MARK]: row[level.key] for row in rows}
    assert len(found) == len(rows), f"level {level.name}: the same {MARK} in several rows"
    return found


def _minus(rows: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    return list((Counter(rows) - Counter(others)).elements())


def assert_copied(conn: psycopg.Connection, graph: Graph, root: object, before: Snapshot) -> None:
    """What has come since `before` is one copy of `root`, and what was there is as it was."""
    after = snapshot(conn, graph)
    assert_unchanged(before, after)
    expected = expected_copy(before, graph, root)
    actual = actual_copy(before, after, graph, root)
    lines = [line for level in graph for line in _differences(level.name, expected[level.name], actual[level.name])]
    assert not lines, "\n".join([f"the new rows are not a copy of {root}:", *lines])


def assert_unchanged(before: Snapshot, after: Snapshot) -> None:
    """Every row that was there is there, and says the same."""
    lost = {level: _minus(rows, after[level]) for level, rows in before.items()}
    lines = [f"{level}: {_shown(row.values)}" for level, rows in lost.items() for row in rows[:5]]
    assert not lines, "\n".join(["rows that were there are changed or gone:", *lines])


def assert_nothing_new(conn: psycopg.Connection, graph: Graph, before: Snapshot) -> None:
    """All tables say what they said."""
    after = snapshot(conn, graph)
    assert_unchanged(before, after)
    added = {level: _minus(rows, before[level]) for level, rows in after.items()}
    lines = [f"{level}: {_shown(row.values)}" for level, rows in added.items() for row in rows[:5]]
    assert not lines, "\n".join(["rows that were not there:", *lines])


def _differences(level: str, expected: Counter[Normal], actual: Counter[Normal]) -> Iterator[str]:
    for what, rows in (("missing", expected - actual), ("unexpected", actual - expected)):
        for row, times in islice(rows.items(), 5):
            yield f"{level}, {what}{f' {times} times' if times > 1 else ''}: {_shown(row)}"
        if len(rows) > 5:
            yield f"{level}, {what}: {len(rows) - 5} more"


def _shown(row: Sequence[tuple[str, object]]) -> str:
    def shown(value: object) -> str:
        match value:
            case ("new", level, key):
                return f"the copy of {level} {key}"
            case ("old", old):
                return repr(old)
            case _:
                return repr(value)

    return ", ".join(f"{name} = {shown(value)}" for name, value in row)


def register(conn: psycopg.Connection, name: str, graph: Graph, search_path: str = "public") -> None:
    """Declare the graph as a tree of the engine; foreign keys it finds by itself."""
    with conn.transaction(), conn.cursor() as cursor:
        cursor.execute("insert into duplication.trees (name, search_path) values (%s, %s)", (name, search_path))
        cursor.executemany(
            """
            insert into duplication.levels (
                tree, name, row_name, relation, key_column, new_key, row_filter, orig_column
            )
            values (%s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                (name, each.name, each.name, each.table, each.key, each.new_key, each.filter, each.orig)
                for each in graph
            ],
        )
        cursor.executemany(
            """
            insert into duplication.edges (tree, level, parent_level, column_name, kind, row_filter)
            values (%s, %s, %s, %s, %s, %s)
            """,
            [(name, level.name, e.parent, e.column, e.kind, e.condition) for level in graph for e in level.edges],
        )
        cursor.executemany(
            """
            insert into duplication.column_rules (
                tree, level, column_name, rule, expression, target_level, row_filter, unmapped
            )
            values (%s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                (name, level.name, column, "remap", None, r.target, r.condition, r.unmapped)
                for level in graph
                for r in level.references
                if r.by_rule
                for column in r.columns
            ]
            + [
                (name, level.name, rule.column, rule.rule, rule.expression, None, None, "error")
                for level in graph
                for rule in level.rules
            ],
        )
