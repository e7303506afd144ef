"""Strategies for schemas: tables that are legal to declare as a tree, of any shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

from tests.support.schemas.model import BASE_TYPES, KEYS, Key, Ref, Schema, Table, quoted

T = TypeVar("T")

TABLES = (1, 2, 3, 3, 4, 4, 5, 5, 6, 6)
# What follows `references …`: none of it changes what a copy is.
ACTIONS = ("", "on delete cascade", "deferrable initially deferred", "on update cascade", "deferrable")
NULL_ACTION = "on delete set null"


class Designer:
    """Draws one schema. Everything is drawn so that it is legal as it stands; nothing is thrown away."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        is_quoted = self.chance()
        name = quoted('Gen "erated" %s') if is_quoted else "generated"
        self.schema = Schema(name, is_quoted, [])
        self.labels = draw(st.permutations("abcdef"))

    def chance(self, one_in: int = 2) -> bool:
        """True once in so many; shrinks to False."""
        return self.pick(range(one_in)) == one_in - 1

    def pick(self, choices: Sequence[T]) -> T:
        return self.draw(st.sampled_from(choices))

    def name(self, plain: str) -> str:
        return f'{plain.title()} "é" %s' if self.schema.is_quoted else plain

    def design(self) -> Schema:
        schema = self.schema
        for number in range(self.pick(TABLES)):
            self.add_table(number)
        for _ in range(self.pick([0, 0, 0, 1])):
            self.close_circle()
        keyed = [table.number for table in schema.tables if table.key is not None]
        for _ in range(self.pick(range(2 + 2 * len(schema.tables)))):
            self.add_reference(self.pick(range(len(schema.tables))), self.pick(keyed))
        for _ in range(self.pick([0, 1, 1, 2])):
            self.add_sibling()
        for table in schema.tables:
            self.finish_table(table)
        hard_composites = [ref for ref in schema.refs() if ref.form == "composite" and ref.not_null]
        schema.is_single_tenant = bool(hard_composites)
        schema.has_equal_keys = not self.chance()
        schema.has_data_circles = self.chance(4)
        return schema

    # tables and their edges

    def add_table(self, number: int) -> None:
        name = self.name(f"table_{self.labels[number]}")
        relation = f"{self.schema.name}.{quoted(name)}"
        kind = self.pick(["key", "key", "key", "key", "key", "parent's key", "no key"]) if number else "key"
        table = Table(number, name, relation, None, self.name("id"))
        self.schema.tables.append(table)
        above = [table.number for table in self.schema.tables[:number] if table.key is not None]
        if kind == "parent's key":
            self.add_parents_key(table, self.pick(above))
        elif kind == "no key":
            self.add_below(table, self.pick(above), not_null=True)
        else:
            table.key = self.pick(KEYS)
            if number:
                self.add_edge(table, above)
                for _ in range(self.pick([0, 0, 0, 1, 1, 2])):
                    self.add_edge(table, above)
            if self.chance(4):
                self.add_below(table, number)

    def add_parents_key(self, table: Table, parent: int) -> None:
        key = self.schema.key_type(parent)
        table.key = Key("parent's key", key.type, key.family)
        table.key_ref = Ref(table.key_column, key.type, table.number, [parent], "key", not_null=True)
        table.key_ref.foreign_key = self.pick([*ACTIONS, None])
        table.key_ref.edges[parent] = "below"

    def add_edge(self, table: Table, above: Sequence[int]) -> None:
        if self.chance(3):
            owner = self.schema.tables[self.pick(range(table.number))]
            self.add_owned(table, owner)
        else:
            self.add_below(table, self.pick(above))

    def add_below(self, table: Table, parent: int, *, not_null: bool = False) -> None:
        """A column of the level that names its parent; perhaps one that may name others as well."""
        forms = ["key", "key", "key"] if not_null else ["key", "key", "key", "composite", "poly"]
        ref = self.new_ref(table, parent, self.pick(forms), not_null=not_null, join=True)
        ref.edges[parent] = "below"

    def add_owned(self, table: Table, owner: Table) -> None:
        """A column of the parent that names a row of the level."""
        ref = self.new_ref(owner, table.number, self.pick(["key", "key", "key", "composite", "poly"]), join=True)
        ref.edges[table.number] = "owned"

    def close_circle(self) -> None:
        """A level below one that is below it."""
        levels = [table for table in self.schema.tables[1:] if table.key is not None and table.key_ref is None]
        if len(levels) > 1:
            upper = self.pick(range(len(levels) - 1))
            lower = self.pick(range(upper + 1, len(levels)))
            self.add_below(levels[upper], levels[lower].number)

    # references

    def add_sibling(self) -> None:
        """A foreign key to a row below the same parent, which is part of it."""
        parents = [
            ref for ref in self.schema.refs() if ref.form == "key" and ref.foreign_key not in (None, NULL_ACTION)
        ]
        pairs = [
            (one, other)
            for one in parents
            for other in parents
            # the target is of the tree if its parent is: else one of the two columns would change and the other not
            if one.targets == other.targets and other.edges.get(other.targets[0]) == "below"
            # what a composite key refers to must not be null for a time
            if other.not_null and self.schema.tables[other.owner].key is not None
            if self.schema.tables[one.owner].key_ref is not one
            if self.schema.tables[other.owner].key_ref is not other
        ]
        if pairs:
            one, other = self.pick(pairs)
            ref = self.new_ref(self.schema.tables[one.owner], other.owner, "sibling")
            ref.beside = (one, other)

    def add_reference(self, owner: int, target: int) -> None:
        form = self.pick(["key", "key", "key", "key", "unique", "composite", "array", "poly", "doc"])
        self.new_ref(self.schema.tables[owner], target, form)

    def new_ref(self, owner: Table, target: int, form: str, *, not_null: bool = False, join: bool = False) -> Ref:
        """A new reference; a polymorphic one may use a pair that is there already."""
        key = self.schema.key_type(target)
        if form == "poly":
            pairs = [
                ref
                for ref in owner.refs
                if ref.form == "poly" and ref.type in (BASE_TYPES[key.family], "text") and target not in ref.targets
            ]
            if pairs and (join or self.chance()):
                pairs[0].targets.append(target)
                return pairs[0]
        column = self.name(f"ref_{owner.number}_{len(owner.refs)}")
        ref = Ref(column, self.ref_type(form, target), owner.number, [target], form)
        if form in ("unique", "composite", "sibling") or (form == "key" and not self.chance(3)):
            ref.foreign_key = self.pick(ACTIONS)
        ref.not_null = not_null or (form != "sibling" and self.chance(3))
        # what is not the key of a row is known when the row is there, so no row can name itself so at once
        names_itself = target == owner.number and form in ("unique", "composite")
        if ref.is_hard and (names_itself or self.reaches(target, owner.number)):
            ref.not_null = not_null
        if ref.foreign_key is not None and not ref.not_null and form in ("key", "unique") and self.chance(4):
            ref.foreign_key = NULL_ACTION
        if form == "composite":
            owner.is_tenanted = self.schema.tables[target].is_tenanted = True
        owner.refs.append(ref)
        return ref

    def ref_type(self, form: str, target: int) -> str:
        key = self.schema.key_type(target)
        base = BASE_TYPES[key.family]
        if form == "unique":
            table = self.schema.tables[target]
            table.code = table.code or self.pick(["set", "default"])
            return table.code_type
        if form == "doc":
            return "jsonb"
        if form == "array":
            return f"{base}[]"
        if form == "poly":
            return self.pick([base, base, "text"])
        return base if self.chance(4) else key.type

    def reaches(self, start: int, end: int) -> bool:
        """Whether rows of `end` have to be there before those of `start`; a table may need itself."""
        if start == end:
            return False
        found, todo = {start}, [start]
        while todo:
            table = self.schema.tables[todo.pop()]
            needed = {t for ref in table.all_refs() if ref.is_hard for t in ref.targets} - found
            found |= needed
            todo += needed
        return end in found

    # what a table has besides

    def finish_table(self, table: Table) -> None:
        if table.key is None:
            self.choose_primary_key(table)
        else:
            table.primary_key = [table.key_column]
            table.orig = self.name("orig_id") if self.chance() else None
            table.is_orig_checked = table.orig is not None and self.chance(4)
        if self.chance(3):
            table.filter_column = self.name("deleted")
            prefix = self.pick(["", "s."])
            column = prefix + quoted(table.filter_column)
            table.filter_type = self.pick(["boolean", "timestamptz"])
            table.filter = f"not {column}" if table.filter_type == "boolean" else f"{column} is null"
        for ref in table.refs:
            self.finish_ref(ref)
        table.has_generated = self.chance(6)
        table.plan_rows = self.chance(6)
        table.batch_rows = self.pick([None, None, None, 1, 3])

    def choose_primary_key(self, table: Table) -> None:
        (edge, *others) = table.refs
        named = [ref.column for ref in others if ref.form == "key" and ref.not_null]
        table.primary_key = self.pick([[], [edge.column, "position"], [edge.column, *(named or ["position"])]])

    def finish_ref(self, ref: Ref) -> None:
        if (
            ref.form in ("key", "unique", "array", "poly")
            and (not ref.not_null or ref.form == "array")
            and self.chance()
        ):
            ref.unmapped = "null"
        is_free = ref.form in ("key", "unique") and not ref.not_null and not ref.edges
        if is_free and ref.foreign_key is not None and all(ref not in (r.beside or ()) for r in self.schema.refs()):
            ref.is_nulled = self.chance(8)
        ref.is_said = not ref.is_nulled and ref.form == "key" and self.chance(4)


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    return Designer(draw).design()
