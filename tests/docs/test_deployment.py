"""The files to run a worker with name commands, variables and files that are there."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

from click.testing import CliRunner

from duplication.cli import main
from duplication.config import Settings
from tests.docs.blocks import ROOT, code, prose

UNIT = ROOT / "deploy" / "duplication-worker.service"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"


def check_worker(arguments: list[str]) -> None:
    """The arguments are those of a worker."""
    assert arguments[0] == "worker"
    result = CliRunner().invoke(main, [*arguments, "--help"])
    assert result.exit_code == 0, result.output


def test_the_unit_starts_a_worker_and_always_again() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(UNIT)
    program, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert Path(program).name == "duplication"
    check_worker(arguments)
    assert unit["Service"]["Restart"] == "always"
    assert unit["Service"]["KillSignal"] == "SIGTERM"


def test_the_image_has_what_the_package_is_built_from_and_starts_a_worker() -> None:
    lines = DOCKERFILE.read_text().splitlines()
    copied = [name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {"pyproject.toml", "README.md", "alembic.ini", "driver", "sql"} <= set(copied)
    (command,) = [re.findall(r'"([^"]+)"', line) for line in lines if line.startswith("CMD ")]
    check_worker(command)


def test_settings_that_the_manual_names_exist() -> None:
    named = {
        name
        for document in (ROOT / "docs").glob("*.md")
        for line in code(prose(document))
        for name in re.findall(r"DUPLICATION_([A-Z_]+)", line)
    }
    assert named <= {name.upper() for name in Settings.model_fields} | {"SECRETS_DIR"}
