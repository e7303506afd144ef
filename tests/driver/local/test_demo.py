"""The demo leaves nothing behind: no process, no directory, however it ends."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import httpx
import psutil
import pytest

from tests.driver.helpers import Command
from tests.support.waiting import eventually

README = Path(__file__).resolve().parents[3] / "README.md"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_a_demo_that_is_ended_by_a_signal_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with Command({}, tmp_path / "demo.log", "demo", "--keep") as demo:
        eventually(lambda: "Ctrl-C ends it" in demo.said or demo.process.poll() is not None, "the demo is ready")
        told = iter(without_numbers(demo.said))
        shown = re.findall(r"^```text\n(.*?)^```$", README.read_text(), re.M | re.S)[0]
        assert all(line in told for line in without_numbers(shown)), demo.said
        family = psutil.Process(demo.process.pid).children(recursive=True)
        programs = " ".join(" ".join(process.cmdline()) for process in family)
        home = Path(re.findall(r"-D (/tmp/duplication-demo-\w+)/data", programs)[0])
        assert home.is_dir()
        for program in ("ministack", "duplication worker", "reaper.py", str(home)):
            assert program in programs
        demo.send(number)
        assert demo.wait() == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    eventually(lambda: not [process for process in family if is_alive(process)], "every process of the demo is gone")
    eventually(lambda: not home.exists(), "the demo's directory is gone")


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def without_numbers(text: str) -> list[str]:
    """The lines, each number a 0, each gap one space: what does not depend on the time it took."""
    return [re.sub(r"\s+", " ", re.sub(r"[\d.,]*\d", "0", line)) for line in text.splitlines()]


def test_the_page_of_the_demo_shows_one_that_fails_and_one_that_waits(tmp_path: Path) -> None:
    with Command({}, tmp_path / "demo.log", "demo", "--serve") as demo:
        eventually(lambda: "The page: " in demo.said or demo.process.poll() is not None, "the demo is ready", 120)
        address = re.findall(r"The page: (\S+)", demo.said)[0]
        family = psutil.Process(demo.process.pid).children(recursive=True)
        with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
            eventually(lambda: 'data-status="failed"' in client.get("/").text, "one has failed", 120)
            eventually(lambda: "waiting: failure" in client.get("/").text, "one waits", 120)
            eventually(lambda: 'data-status="completed"' in client.get("/").text, "some are completed", 120)
        demo.send(signal.SIGINT)
        assert demo.process.wait(60) == 0
    eventually(lambda: not [process for process in family if is_alive(process)], "every process of the demo is gone")
