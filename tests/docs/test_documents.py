"""What the documents name is there."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from duplication.cli import main
from tests.docs.blocks import DOCUMENTS, README, ROOT, blocks, code, prose, table
from tests.faults.catalog import FAULTS

by_name = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)


@by_name
def test_blocks_are_in_a_language_that_is_tested(path: Path) -> None:
    assert {block.language for block in blocks(path)} <= {"mermaid", "python", "sh", "sql", "text"}


@by_name
def test_links_lead_to_files(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", prose(path))
    assert [link for link in links if not (path.parent / link).exists()] == []


@by_name
def test_files_and_directories_that_are_named_exist(path: Path) -> None:
    named = re.findall(r"`((?:sql|driver|tests|docs|benchmarks)/[\w./]*)`", prose(path))
    assert [name for name in named if not (ROOT / name).exists()] == []


@by_name
def test_make_targets_exist_and_run_something(path: Path) -> None:
    lines = [line for block in blocks(path, "sh") for line in block.text.splitlines()] + code(prose(path))
    for line in lines:
        if line.startswith("make "):
            done = subprocess.run(
                [*shlex.split(line), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            assert done.stdout, line
            for argument in re.findall(r'ARGS="?([^"]+)', line):
                assert argument in done.stdout


@by_name
def test_commands_that_are_named_exist(path: Path) -> None:
    for line in code(prose(path)):
        if line.startswith("duplication "):
            command: click.Command = main
            for word in line.split()[1:]:
                if isinstance(command, click.Group):
                    assert word in command.commands, line
                    command = command.commands[word]


def test_each_guarantee_names_tests_that_exist() -> None:
    rows = table(README, "guarantee")
    assert len(rows) == 18
    for guarantee, shown_by in rows:
        files = re.findall(r"\]\((tests/[^)]+)\)", shown_by)
        assert files, guarantee
        for name, file in zip(re.findall(r"\[(\w+)\]", shown_by), files, strict=True):
            assert Path(file).name == f"test_{name}.py"
            assert re.search(r"^def test_", (ROOT / file).read_text(), re.M), file


def test_the_table_of_faults_has_each_fault_and_what_it_shows() -> None:
    rows = table(ROOT / "docs" / "reliability.md", "fault")
    assert [row[:2] for row in rows] == [[fault.name.replace("_", " "), fault.shows] for fault in FAULTS]
    for name, _, *times in rows:
        assert all(re.fullmatch(r"\d+\.\d s / \d+\.\d s", time) for time in times), name
