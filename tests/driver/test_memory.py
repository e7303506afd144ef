"""The driver moves no rows and stays small."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from duplication.engine import Engine
from duplication.local.sample import load_episode

LIMIT_MB = 80
# The process's own peak: what wait4() tells counts the parent's memory too, from before exec().
MEASURED = """
import json, sys
from pathlib import Path
from duplication.cli import main
try:
    main()
finally:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(json.dumps([int(status["VmHWM"].split()[0]) // 1024, sorted(sys.modules)]), file=sys.stderr)
"""
pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel does not tell the peak")


def measure(*arguments: str) -> tuple[int, set[str]]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", MEASURED, *arguments], capture_output=True, text=True, check=True, env=os.environ
    )
    megabytes, modules = json.loads(done.stderr.splitlines()[-1])
    return megabytes, set(modules)


@pytest.mark.parametrize("blocks", [10, 2000])
def test_a_copy_at_once_takes_little_whatever_its_size(
    environment: dict[str, str], engine: Engine, blocks: int
) -> None:
    megabytes, modules = measure("duplicate", "episode", load_episode(engine, 5, 5, blocks))
    assert engine.list_progress(1)[-1].rows_copied == 25 * blocks
    assert megabytes < LIMIT_MB * 3 / 4
    assert modules.isdisjoint({"boto3", "botocore", "alembic", "sqlalchemy"})


def test_a_worker_takes_little(environment: dict[str, str], engine: Engine) -> None:
    engine.request_duplication("episode", load_episode(engine, 5, 5, 200))
    megabytes, modules = measure("worker", "--once")
    assert engine.find_duplication(1).status == "completed"
    assert megabytes < LIMIT_MB
    assert modules.isdisjoint({"alembic", "sqlalchemy"})
