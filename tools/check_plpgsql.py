"""Check the SQL files first, then the routines they make in a migrated database.

The files: they parse, every PL/pgSQL body in them too; one routine or view per file of sql/procedures, the file named
after it; what is created is schema-qualified, routines are replaced rather than created anew; all in lower case.

The routines: plpgsql_check reads every PL/pgSQL function and procedure against the catalog of a migrated database,
loaded with plpgsql.extra_errors = 'all'; each routine comes from a file, and none has an overload. This needs a server
that has the extension: PG_BINDIR's, or one of Debian's. Without one it is left out, aloud; in CI that is a failure.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from pglast import ast, parse_plpgsql, parse_sql
from pglast.parser import ParseError, scan

from duplication import migrations
from duplication.local import embedded
from tools.check_calls import routine_name

ROOT = Path(__file__).resolve().parents[1]
SQL = ROOT / "sql"
DEBIAN = Path("/usr/lib/postgresql")

# (routine, or * for all; part of the finding) -> why it is none.
NOT_SEEN = "the text of a dynamic statement, and so its result, is only known when it runs"
REFUSED = "its COMMIT is there to be refused"
JUSTIFIED = {
    ("*", "cannot determinate a result of dynamic SQL"): NOT_SEEN,
    ("*", "cannot to determine result of dynamic SQL"): NOT_SEEN,
    ("plan_parents", '"v_piece"'): NOT_SEEN,
    ("plan_parents", '"v_from"'): NOT_SEEN,
    ("skip_missing_rows", '"v_missing"'): NOT_SEEN,
    ("check_outside_transaction", "cannot commit"): REFUSED,
    ("refusal_in_transaction", "invalid transaction termination"): REFUSED,
    ("refusal_in_transaction", "without RETURN"): REFUSED,
}

CHECK_ROUTINES = """
select p.proname, p.oid::regprocedure::text, c.lineno, c.level, c.sqlstate, c.message, c.detail, c.hint
from pg_proc as p
inner join pg_language as l on l.oid = p.prolang
left join pg_trigger as t on t.tgfoid = p.oid and not t.tgisinternal
cross join lateral plpgsql_check_function_tb(
    p.oid, coalesce(t.tgrelid, 0), fatal_errors => false, other_warnings => true, extra_warnings => true
) as c
where p.pronamespace in ('duplication'::regnamespace, '_duplication'::regnamespace) and l.lanname = 'plpgsql'
order by 2, 3
"""


def main() -> int:
    files = sorted(SQL.rglob("*.sql"))
    found = [f"{path.relative_to(ROOT)}: {finding}" for path in files for finding in check_file(path)]
    print(f"{len(files)} files parsed")
    bindir = find_bindir()
    if bindir is not None:
        found += check_database(bindir, {routine_name(path) for path in files})
    elif os.environ.get("CI") == "true":
        found.append("plpgsql_check is not installed: the routines were not checked")
    else:
        print("NOT CHECKED: the routines, since no PostgreSQL with plpgsql_check was found (see PG_BINDIR)")
    for finding in found:
        print(finding, file=sys.stderr)
    return 1 if found else 0


def check_file(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    try:
        statements = parse_sql(text)
    except ParseError as error:
        yield str(error)
        return
    yield from check_case(text)
    defined: list[str] = []
    for raw in statements:
        source = text[raw.stmt_location : raw.stmt_location + raw.stmt_len] if raw.stmt_len else text
        yield from check_statement(raw.stmt, source)
        defined += [name[-1] for name in [defined_name(raw.stmt)] if name]
    if len(defined) > 1:
        yield f"defines {len(defined)} routines or views: {', '.join(defined)}"
    if defined and defined[0] != routine_name(path):
        yield f"defines {defined[0]}, and is not named after it"


def defined_name(statement: ast.Node) -> list[str]:
    """The name of the routine or view that a statement defines, with its schema; nothing for other statements."""
    if isinstance(statement, ast.CreateFunctionStmt):
        return [part.sval for part in statement.funcname]
    if isinstance(statement, ast.ViewStmt):
        return [part for part in (statement.view.schemaname, statement.view.relname) if part]
    return []


def check_statement(statement: ast.Node, source: str) -> Iterator[str]:
    name = defined_name(statement)
    if len(name) == 1:
        yield f"{name[0]} is created without its schema"
    if name and not getattr(statement, "replace", True):
        yield f"{name[-1]} is created, not created or replaced"
    if isinstance(statement, ast.CreateStmt | ast.IndexStmt | ast.CreateTrigStmt) and not statement.relation.schemaname:
        yield f"table {statement.relation.relname} is named without its schema"
    if isinstance(statement, ast.CommentStmt) and getattr(statement.object, "args_unspecified", False):
        yield "a comment names no signature: during an upgrade there may be two"
    if isinstance(statement, ast.CreateFunctionStmt):
        yield from check_body(statement, source)


def check_body(statement: ast.CreateFunctionStmt, source: str) -> Iterator[str]:
    options = {option.defname: option.arg for option in statement.options}
    language = options["language"].sval if "language" in options else "sql"
    try:
        if language == "plpgsql":
            parse_body(source)
        elif "as" in options:
            parse_sql(options["as"][0].sval)
    except ParseError as error:
        yield f"body of {defined_name(statement)[-1]}: {error}"


def parse_body(source: str) -> None:
    """Parse a PL/pgSQL body. Without a catalog the parser knows a row variable's fields only if it is a record."""
    try:
        parse_plpgsql(source)
    except ParseError as error:
        field = re.search(r'"(\w+)\.\w+" is not a known variable', str(error))
        if field is None:
            raise
        as_record, count = re.subn(rf"(?m)^(\s*{field[1]}) [\w.]+(%rowtype)?( :=|;)", r"\1 record\3", source, count=1)
        if not count or as_record == source:
            raise
        parse_body(as_record)


def check_case(text: str) -> Iterator[str]:
    """Keywords and names in lower case, within bodies too; strings and comments as they please."""
    for token in scan(text):
        word = text[token.start : token.end + 1]
        if token.name == "SCONST" and word.startswith("$"):
            tag = word[: word.index("$", 1) + 1]
            yield from check_case(word[len(tag) : -len(tag)])
        elif token.name not in ("SCONST", "SQL_COMMENT", "C_COMMENT") and word != word.lower() and word[:1].isalpha():
            yield f"{word} is not in lower case"


def find_bindir() -> Path | None:
    """The programs of a PostgreSQL that has plpgsql_check: PG_BINDIR's, else Debian's newest."""
    if os.environ.get("PG_BINDIR"):
        candidates = [Path(os.environ["PG_BINDIR"])]
    else:
        candidates = sorted(DEBIAN.glob("*/bin"), key=lambda path: -float(path.parent.name))
    return next((path for path in candidates if has_plpgsql_check(path)), None)


def has_plpgsql_check(bindir: Path) -> bool:
    if not (bindir / "postgres").exists():
        return False
    shared = subprocess.run([bindir / "pg_config", "--sharedir"], capture_output=True, text=True, check=True)
    return (Path(shared.stdout.strip()) / "extension" / "plpgsql_check.control").exists()


def check_database(bindir: Path, files: set[str]) -> list[str]:
    """Migrate a database on a private server, and check what is then in the schema."""
    os.environ["PG_BINDIR"] = str(bindir)
    with tempfile.TemporaryDirectory(prefix="duplication-lint-") as home:
        Path(home).chmod(0o755)
        with embedded.postgres_server(Path(home), fsync="off") as server:
            with psycopg.connect(server.dsn, autocommit=True) as conn:
                conn.execute("alter database postgres set plpgsql.extra_errors = 'all'")
            try:
                migrations.migrate(server.dsn)
            except migrations.MigrationFailed as error:
                return [str(error)]
            with psycopg.connect(server.dsn, autocommit=True) as conn:
                conn.execute("create extension plpgsql_check")
                return [*check_names(conn, files), *check_routines(conn)]


def check_names(conn: psycopg.Connection, files: set[str]) -> Iterator[str]:
    """Every routine of the schema comes from a file, and there is one of each name."""
    rows = conn.execute("""
        select proname, count(*)
        from pg_proc
        where pronamespace in ('duplication'::regnamespace, '_duplication'::regnamespace)
        group by 1
        order by 1
    """).fetchall()
    print(f"{sum(count for _, count in rows)} routines in the database")
    for name, count in rows:
        if name not in files:
            yield f"routine {name} comes from no file"
        if count > 1:
            yield f"routine {name} has {count} signatures"


def check_routines(conn: psycopg.Connection) -> Iterator[str]:
    for name, routine, line, *finding in conn.execute(CHECK_ROUTINES).fetchall():
        text = " ".join(word for word in finding if word)
        if not any(who in ("*", name) and part in text for who, part in JUSTIFIED):
            yield f"{routine}, line {line}: {text}"


if __name__ == "__main__":
    sys.exit(main())
