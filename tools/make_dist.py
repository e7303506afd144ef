"""Write dist/duplication.sql: the engine in one file of plain SQL, made of the same files as `duplication migrate`.

First comes sql/foundation. Then a new installation applies sql/schema, and an older one the revisions after its own
version; DO blocks choose. Then come the routines, and alembic's table says what alembic would have written into it.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from duplication.migrations import engine_revision, list_files, newest_version, read_file, revision_version

TARGET = Path("dist/duplication.sql")
FILE = """\
-- The engine of duplication, version {version}: installs it, upgrades an older one, renews the routines of this one.
-- It runs in one transaction: `psql -1 -v ON_ERROR_STOP=1 -f duplication.sql`, or the migration of a framework, which
-- hands the whole text to the database as one query without parameters.
do $$ begin perform set_config('duplication.newest_version', '{version}', true); end $$;
{begin}
{foundation}
do {tables};
{routines}
delete from _duplication.alembic_version where version_num like 'engine\\_%' and version_num <> '{revision}';
insert into _duplication.alembic_version values ('{revision}') on conflict do nothing;
"""
TABLES = """
declare
    v_installed integer := nullif(current_setting('duplication.installed_version'), '');
begin
    if v_installed is null then
{schema}
    end if;
{revisions}
end
"""


def build() -> str:
    """Return the text of the file."""
    version = newest_version()
    revisions = [
        f"    if v_installed < {revision_version(name)} then\n{execute(name)}\n    end if;"
        for name in list_files("migrations/versions")
        if Path(name).name.startswith("engine_")
    ]
    tables = TABLES.format(schema="\n".join(map(execute, list_files("schema"))), revisions="\n".join(revisions))
    return FILE.format(
        version=version,
        revision=engine_revision(version),
        begin=read_file("migrations/begin.sql"),
        foundation="\n".join(map(titled, list_files("foundation"))),
        tables=quote(tables),
        routines="\n".join(map(titled, list_files("procedures"))),
    )


def titled(name: str) -> str:
    """Return the text of a file below its name."""
    return f"-- sql/{name}\n{read_file(name)}"


def execute(name: str) -> str:
    """Return the PL/pgSQL that runs a file."""
    return f"        execute {quote(titled(name))};"


def quote(text: str) -> str:
    """Return a text in dollars, with a tag that does not occur in it."""
    tag = next(tag for tag in (f"$file_{n}$" for n in itertools.count()) if tag not in text)
    return f"{tag}{text}{tag}"


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(build(), encoding="utf-8")
    print(TARGET)
