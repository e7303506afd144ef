"""One whole example: a schema, what is in it, which root is copied and how."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter

from tests.support.graph import Graph
from tests.support.schemas import script
from tests.support.schemas.model import Pick, Rows, Schema
from tests.support.schemas.rows import key_of, rows
from tests.support.schemas.tables import schemas
from tests.support.schemas.variety import features

TREE = "generated"
# How a copy is made: at once, level by level, step by step, by two sessions in turn, in one transaction.
WAYS = ("duplicate", "levels", "steps", "two sessions", "atomic")


@dataclass(frozen=True)
class Example:
    """Drawn by `examples`; its `script` is all of it, to be replayed."""

    schema: Schema
    rows: Rows
    root: int
    way: str
    batch_rows: int
    per_set: bool
    """Whether foreign keys are checked for a batch at once, where they can be."""

    def __repr__(self) -> str:
        return f"<{len(self.schema.tables)} tables, {sum(map(len, self.rows))} rows, {self.way}>"

    def _repr_pretty_(self, printer: RepresentationPrinter, _cycle: bool) -> None:
        """Hypothesis prints the example with this: the script says more than the fields."""
        printer.text(repr(self))

    @cached_property
    def graph(self) -> Graph:
        return script.graph(self.schema)

    @cached_property
    def root_key(self) -> str:
        return key_of(self.schema, self.rows, Pick(0, self.root))

    @cached_property
    def setup(self) -> str:
        """Makes the tables, fills them, and declares the tree."""
        return "\n".join(
            [
                script.definition(self.schema),
                script.content(self.schema, self.rows),
                script.constraints(self.schema),
                script.declaration(TREE, self.schema, self.graph),
                f"update duplication.settings set batch_rows = {self.batch_rows}, "
                f"foreign_keys_per_set = {1 if self.per_set else 'null'};",
            ]
        )

    @cached_property
    def teardown(self) -> str:
        return f"""
            drop schema if exists {self.schema.name} cascade;
            delete from duplication.duplications where tree = '{TREE}';
            delete from _duplication.id_map;
            delete from duplication.trees where name = '{TREE}';
        """

    @property
    def script(self) -> str:
        """For psql: the tables, and the copy made in the simplest way."""
        key = script.literal(self.root_key)
        copy = {"atomic": f"select duplication.duplicate_atomically('{TREE}', {key});"}
        return "\n".join(
            [
                f"-- copied by: {self.way}",
                self.setup,
                copy.get(self.way, f"call duplication.duplicate('{TREE}', {key});"),
                f"select v.* from duplication.duplications d, duplication.verify(d.id) v where d.tree = '{TREE}';",
                f"select d.id from duplication.duplications d where d.tree = '{TREE}' \\gset",
                "call duplication.discard(:id);",
            ]
        )

    def features(self) -> list[str]:
        batches = f"batch_rows: {'small' if self.batch_rows <= 5 else 'default'}"
        keys = f"foreign keys: {'per set' if self.per_set else 'per row'}"
        return [*features(self.schema, self.rows, self.root), f"way: {self.way}", batches, keys]


@st.composite
def examples(draw: st.DrawFn) -> Example:
    schema = draw(schemas())
    content, root = draw(rows(schema))
    way, batch_rows = draw(st.sampled_from(WAYS)), draw(st.sampled_from([5000, 1, 1, 2, 2, 3, 5]))
    return Example(schema, content, root, way, batch_rows, draw(st.booleans()))
