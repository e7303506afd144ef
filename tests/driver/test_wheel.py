"""An installed wheel has everything in it: the driver, and the SQL to migrate a database with from any directory."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from hatchling.builders.wheel import WheelBuilder
from psycopg.conninfo import make_conninfo

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
from duplication.cli import main
from duplication.migrations import find_sql_home
print(find_sql_home(), flush=True)
main()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    (built,) = WheelBuilder(str(ROOT)).build(directory=str(directory), versions=["standard"])
    return Path(built)


def test_a_wheel_carries_the_driver_and_the_sql_and_nothing_else(wheel: Path) -> None:
    found = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    driver = {
        str(path.relative_to(ROOT / "driver"))
        for path in (ROOT / "driver" / "duplication").rglob("*.*")
        if path.is_file() and path.suffix != ".pyc"
    }
    sql = {
        f"duplication/{path.relative_to(ROOT)}"
        for path in (ROOT / "sql").rglob("*")
        if path.suffix in {".sql", ".py", ".mako"}
    }
    assert found == driver | sql


def test_an_unpacked_wheel_migrates_a_database_from_another_directory(
    wheel: Path, tmp_path: Path, pg_server: SimpleNamespace
) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    dsn = make_conninfo(host=pg_server.host, port=pg_server.port, user=pg_server.user, dbname="wheel")
    with psycopg.connect(dsn, dbname="postgres", autocommit=True) as admin:
        admin.execute("create database wheel template template0")
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-c", PROGRAM, "--dsn", dsn, "migrate", "--with-content"],
                cwd="/",
                env=os.environ | {"PYTHONPATH": str(tmp_path / "installed")},
                capture_output=True,
                text=True,
                check=True,
            )
            assert done.stdout.splitlines()[0] == str(tmp_path / "installed" / "duplication" / "sql")
            with psycopg.connect(dsn) as conn:
                assert conn.execute("select count(*) from duplication.settings").fetchone() == (1,)
        finally:
            admin.execute("drop database wheel with (force)")
