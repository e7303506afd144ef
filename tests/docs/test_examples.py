"""Every command and every statement of the documents runs as it is written, in order."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from duplication.engine import Engine
from duplication.local.embedded import find_free_port, queue_server
from duplication.local.sample import load_episode
from duplication.migrations import migrate
from tests.docs.blocks import README, ROOT, blocks, code, prose, table
from tests.driver.helpers import complete
from tests.support.server import temporary_home
from tests.support.waiting import eventually

WRITTEN_ADDRESS = "127.0.0.1:5432"
# Some commands do something else here: make (but for its one file) and pip only say what they would do, and worker and
# server, which do not end, run in the background until the test has seen what it wants to see.
PRELUDE = """
set -euo pipefail
make() { if [ "$1" = dist ]; then python -m tools.make_dist; else command make --dry-run "$@"; fi; }
pip() { command python -m pip "$@" --quiet --dry-run --no-index --no-deps --no-build-isolation; }
running=
duplication() {
    case $1 in
        worker) command duplication "$@" & running=$! ;;
        serve)
            command duplication "$@" --port 8080 & running=$!
            until curl -sSf --max-time 1 http://127.0.0.1:8080/healthz; do sleep 0.1; done
            ;;
        *) command duplication "$@" ;;
    esac
}
trap '[ -z "$running" ] || { kill "$running"; wait "$running"; }' EXIT
"""
SQL = """
psql -X -q -v ON_ERROR_STOP=1 "$DUPLICATION_DSN" <<'END'
{}
END
"""
PYTHON = """
python - <<'END'
{}
END
"""


@pytest.fixture
def app(pg_server: SimpleNamespace) -> Iterator[str]:
    """The database of the examples: as empty as a new user's."""
    dsn = make_conninfo(host=pg_server.host, port=pg_server.port, user=pg_server.user, dbname="app")
    with psycopg.connect(dsn, dbname="postgres", autocommit=True) as admin:
        admin.execute("create database app template template0")
        yield dsn
        admin.execute("drop database app with (force)")
        admin.execute("drop role if exists app")


@pytest.fixture
def environment(pg_server: SimpleNamespace) -> Iterator[dict[str, str]]:
    """What a user has: the programs in the path, and boto3's own variables."""
    with temporary_home() as home, queue_server(home) as endpoint:
        yield {
            name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "PG", "DUPLICATION_"))
        } | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(pg_server.bindir), os.environ["PATH"]]),
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "NO_PROXY": "127.0.0.1,localhost",
        }


@contextmanager
def run_examples(document: Path, port: int, environment: dict[str, str]) -> Iterator[str]:
    """Run a document from top to bottom; yields what was said, while the document's worker still runs."""
    run = {"sh": "{}", "sql": SQL, "python": PYTHON}
    examples = [run[block.language].format(block.text) for block in blocks(document, *run)]
    script = "\n".join([PRELUDE, *examples, "echo all of it has run", "read -r _"])
    assert WRITTEN_ADDRESS in script
    script = script.replace(WRITTEN_ADDRESS, f"127.0.0.1:{port}").replace("8080", str(find_free_port()))
    with subprocess.Popen(
        ["bash", "-c", script],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as shell:
        said = ""
        try:
            assert shell.stdout is not None
            for line in shell.stdout:
                said += line
                if line == "all of it has run\n":
                    break
            assert "all of it has run" in said, said
            yield said
        finally:
            rest, _ = shell.communicate("\n")
    assert shell.returncode == 0, said + rest


def test_the_readme_runs_from_top_to_bottom(app: str, pg_server: SimpleNamespace, environment: dict[str, str]) -> None:
    with run_examples(README, pg_server.port, environment) as said:
        check_what_the_readme_says(app, said)


def test_the_operators_manual_runs_from_top_to_bottom(
    app: str, pg_server: SimpleNamespace, environment: dict[str, str]
) -> None:
    with (
        run_examples(ROOT / "docs" / "operations.md", pg_server.port, environment) as said,
        Engine.connect(app) as engine,
    ):
        assert "Duplication 1 is requested" in said
        assert "No dead letters" in said
        eventually(lambda: engine.find_duplication(1).status == "completed", "the worker has made the copy")


def test_the_manual_of_http_runs_from_top_to_bottom(
    app: str, pg_server: SimpleNamespace, environment: dict[str, str]
) -> None:
    with run_examples(ROOT / "docs" / "http.md", pg_server.port, environment) as said, Engine.connect(app) as engine:
        assert '"status":"cancelled"' in said
        assert "event: duplication.requested" in said
        assert "event: duplication.discarded" in said
        assert engine.find_duplication(1).options == {"idempotency_key": "click-7"}


def test_the_statement_of_the_manual_of_telemetry_runs(app: str) -> None:
    migrate(app, with_content=True)
    (statement,) = blocks(ROOT / "docs" / "telemetry.md", "sql")
    with Engine.connect(app) as engine, psycopg.connect(app, autocommit=True) as conn:
        load_episode(engine, 1, 1, 1)
        conn.execute(statement.text.encode())
        assert engine.find_duplication(1).options["trace"]["traceparent"].startswith("00-")


def check_what_the_readme_says(dsn: str, said: str) -> None:
    """Two copies at once, one by the worker, and a role that may do no more than it needs."""
    assert "Duplication 1 is completed: the copy is 2" in said
    with Engine.connect(dsn) as engine:
        eventually(lambda: engine.find_duplication(3).status == "completed", "the worker has made the third copy")
        assert [list(engine.verify(id_)) for id_ in (1, 2, 3)] == [[]] * 3
    with psycopg.connect(dsn, autocommit=True) as conn:
        title = conn.execute("select title from episodes where orig_id = 1 order by id desc limit 1").fetchone()
        assert title == ("Pilot (copy)",)
        conn.execute("set role app")
        request = blocks(README, "sql")[0].text
        assert "request_duplication" in request
        conn.execute(request.encode())
        for allowed in ("select duplication.request_duplication('episode', '1')", "select * from duplication.progress"):
            conn.execute(allowed.encode())
        for refused in (
            "select * from duplication.settings",
            "select * from _duplication.id_map",
            "select duplication.verify(1)",
            "call duplication.discard(1)",
            "call duplication.duplicate('episode', '1')",
            "update duplication.duplications set status = 'completed'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(refused.encode())


def test_each_line_of_the_readmes_table_does_the_same_in_shell_and_sql(app: str, environment: dict[str, str]) -> None:
    migrate(app, with_content=True)
    with Engine.connect(app) as engine, psycopg.connect(app, autocommit=True) as conn:
        root = load_episode(engine, 2, 2, 2)
        for _, in_shell, in_sql in table(README, "to"):
            (statement,) = code(in_sql)
            duplication = prepare(engine, conn, root, statement)
            conn.execute(statement.replace("(1)", f"({duplication})").encode())
            for command in code(in_shell):
                duplication = prepare(engine, conn, root, statement)
                done = subprocess.run(
                    [*command.replace(" 1", f" {duplication}").split()],
                    env=environment | {"DUPLICATION_DSN": app},
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, done.stderr


def prepare(engine: Engine, conn: psycopg.Connection, root: str, statement: str) -> int:
    """A duplication of the status that the statement is for."""
    conn.execute("update duplication.settings set enabled = true")
    duplication = engine.request_duplication("episode", root)
    if "retry" in statement:
        attempt = engine.begin_attempt(duplication, "episodes", "m", "w").attempt
        engine.end_attempt(attempt, "lasting", {"level": "episodes", "sqlstate": "23505", "message": "twice"})
    if "discard" in statement or "verify" in statement:
        complete(engine, duplication)
    return duplication


def test_the_tree_of_ones_own_can_be_copied(db: psycopg.Connection) -> None:
    for block in blocks(ROOT / "docs" / "trees.md", "sql"):
        db.execute(block.text.encode())
    with Engine.connect(db.info.dsn) as engine:
        duplications = engine.list_duplications()
        assert sorted(duplication.tree for duplication in duplications) == ["folder", "folder", "project"]
        for duplication in duplications:
            complete(engine, duplication.id)
            assert engine.find_duplication(duplication.id).status == "completed"
            assert list(engine.verify(duplication.id)) == []
    copies = db.execute(
        "select p.name, p.slug like 'launch-%', t.title, t.done from projects p join tasks t on t.project_id = p.id "
        "where p.copied_from is not null"
    ).fetchall()
    assert copies == [("Launch", True, "write it down", False)]


@pytest.mark.parametrize("name", ["design.md", "trees.md"])
def test_statements_that_are_quoted_in_the_text_run(db: psycopg.Connection, name: str) -> None:
    for statement in code(prose(ROOT / "docs" / name)):
        if statement.startswith(("select duplication.", "call duplication.")):
            db.execute(statement.encode())
