"""The table of events in the manual is the catalogue of the database."""

from __future__ import annotations

import psycopg

from tests.docs.blocks import ROOT, code, table


def test_the_manual_lists_every_type_of_event_with_its_fields(db: psycopg.Connection) -> None:
    catalogue = db.execute("select type, meaning, fields, optional_fields from duplication.event_types").fetchall()
    listed = []
    for name, meaning, payload in table(ROOT / "docs" / "http.md", "event"):
        always, _, perhaps = payload.partition("perhaps")
        listed.append((*code(name), meaning, set(code(always)), set(code(perhaps))))
    assert listed == [(name, meaning, set(always), set(perhaps)) for name, meaning, always, perhaps in catalogue]
