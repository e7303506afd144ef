"""`duplication watch` shows what happens while it happens: live on a terminal, in lines for a pipe and for programs."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import pytest

from duplication.cli.watch import watch
from duplication.display.overview import View
from duplication.engine import Engine
from duplication.errors import ConnectionLost
from duplication.models import Event
from tests.driver.helpers import COMMAND, Run, Start, complete
from tests.support.aliases import Episode
from tests.support.faults import kill_backend
from tests.support.waiting import DEADLINE, eventually


class Recording:
    """A screen that remembers what it was shown, and does something each time."""

    def __init__(self, *then: Callable[[], object]) -> None:
        self.events: list[Event] = []
        self.views: list[Sequence[View]] = []
        self.losses: list[str] = []
        self._then = list(then)

    def show(self, views: Sequence[View], events: Sequence[Event]) -> None:
        self.events += events
        self.views.append(views)
        if self._then:
            self._then.pop(0)()

    def lose(self, error: ConnectionLost) -> None:
        self.losses.append(error.message)


def at_once(_seconds: float) -> None:
    """No waiting between two looks."""


def nothing() -> None:
    """What a screen does that only remembers."""


def test_one_is_followed_until_it_is_over(start: Start, engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    watching = start("watch", str(duplication))
    eventually(lambda: "pending" in watching.said, "it says how it is")
    complete(engine, duplication)
    assert watching.wait() == 0
    lines = watching.said.splitlines()
    assert lines[0].startswith(f"{duplication} episode {source}: pending")
    assert any(line.endswith(f"{duplication} blocks 12 of 12 rows") for line in lines)
    copy = engine.find_duplication(duplication).new_root_key
    assert lines[-1].endswith(f"{duplication} completed: the copy is {copy}")


def test_one_that_is_over_is_told_and_that_is_all(run: Run, engine: Engine, source: str) -> None:
    duplication = engine.open_duplication("episode", source)
    complete(engine, duplication)
    copy = engine.find_duplication(duplication).new_root_key
    said = run("watch", str(duplication)).stdout
    assert said == f"{duplication} episode {source}: completed (19 of 19 rows) the copy is {copy}\n"


def test_one_that_is_cancelled_ends_it_with_an_exit_code(run: Run, engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    engine.cancel(duplication)
    assert "cancelled" in run("watch", str(duplication), code=1).stdout


def test_one_that_fails_says_why(start: Start, db: psycopg.Connection, engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    watching = start("watch", str(duplication))
    eventually(lambda: "pending" in watching.said, "it says how it is")
    db.execute("alter table public.blocks add constraint no_copies check (orig_id is null)")
    with pytest.raises(Exception, match="no_copies"):
        complete(engine, duplication)
    assert watching.wait() == 1
    assert "no_copies" in watching.said.splitlines()[-1]
    assert "(23514)" in watching.said


def test_one_that_nobody_knows_is_an_error(run: Run) -> None:
    assert "there is no duplication 4711" in run("watch", "4711", code=2).output


def test_others_are_left_out_where_one_is_watched(start: Start, engine: Engine, episode: Episode, source: str) -> None:
    ours = engine.request_duplication("episode", source)
    watching = start("watch", str(ours))
    eventually(lambda: "pending" in watching.said, "it says how it is")
    other = engine.open_duplication("episode", str(episode()))
    complete(engine, other)
    engine.cancel(ours)
    assert watching.wait() == 1
    assert not any(f" {other} " in line for line in watching.said.splitlines())


def test_all_are_followed_until_ctrl_c(start: Start, engine: Engine, source: str) -> None:
    first = engine.request_duplication("episode", source)
    watching = start("watch")
    eventually(lambda: f"{first} episode {source}: pending" in watching.said, "it says how things are")
    second = engine.request_duplication("episode", source)
    eventually(lambda: f"{second} requested: episode {source}" in watching.said, "it says what comes")
    watching.send(signal.SIGINT)
    assert watching.wait() == 130


def test_a_program_gets_a_document_for_each_event(start: Start, engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    watching = start("watch", str(duplication), "--json")
    eventually(lambda: "state" in watching.said, "it says how it is")
    complete(engine, duplication)
    assert watching.wait() == 0
    documents = [json.loads(line) for line in watching.said.splitlines()]
    assert [document["type"] for document in documents[:2]] == ["reset", "state"]
    assert documents[1]["duplication"]["status"] == "pending"
    types = [document["type"] for document in documents[2:]]
    assert types[0] == "duplication.started"
    assert types[-1] == "duplication.completed"
    assert documents[-1]["payload"]["newEpisodeId"] == engine.find_duplication(duplication).new_root_key
    assert all(document["cursor"] for document in documents if document["type"] != "state")


def test_nothing_is_missed_over_a_lost_session(db: psycopg.Connection, dsn: str, engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    sessions: list[Engine] = []

    def connect() -> Engine:
        sessions.append(Engine.connect(dsn))
        return sessions[-1]

    def kill() -> None:
        kill_backend(db, sessions[-1]._connection.info.backend_pid)
        complete(engine, duplication)

    screen = Recording(nothing, kill)
    view = watch(connect, screen, duplication, at_once)
    assert view is not None
    assert view.duplication.status == "completed"
    assert len(screen.losses) == 1
    assert len(sessions) == 2
    types = [event.type for event in screen.events]
    assert types.count("reset") == 1, "it goes on from its cursor"
    assert types[1] == "duplication.started"
    assert types[-1] == "duplication.completed"


def test_a_database_that_was_never_there_is_an_error(run: Run) -> None:
    assert "Error" in run("--dsn", "host=127.0.0.1 port=1 connect_timeout=2", "watch", code=1).output


def test_what_is_shown_of_all_puts_the_unfinished_first(dsn: str, engine: Engine, source: str) -> None:
    done = engine.open_duplication("episode", source)
    complete(engine, done)
    waiting = engine.request_duplication("episode", source)
    newest = engine.request_duplication("episode", source)

    def stop() -> None:
        raise KeyboardInterrupt

    screen = Recording(stop)
    with pytest.raises(KeyboardInterrupt):
        watch(lambda: Engine.connect(dsn), screen, None, at_once)
    assert [view.duplication.id for view in screen.views[0]] == [waiting, newest, done]


def test_a_terminal_is_drawn_anew_in_place(
    environment: dict[str, str], tmp_path: Path, engine: Engine, source: str
) -> None:
    duplication = engine.request_duplication("episode", source)
    with Terminal(environment, "watch", str(duplication)) as terminal:
        terminal.read_until("pending")
        complete(engine, duplication)
        said = terminal.read_to_end()
    assert f"Duplication {duplication} of episode {source}" in said
    assert "12 of 12" in said
    assert "\x1b[" in said, "the lines before are written over"
    assert terminal.code == 0


class Terminal:
    """A command with a terminal of its own. A context manager."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self._terminal, theirs = pty.openpty()
        variables = os.environ | environment | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
        self._process = subprocess.Popen(
            [*COMMAND, *arguments], env=variables, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self._said = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._terminal)
        self._process.kill()
        self._process.wait(DEADLINE)

    @property
    def code(self) -> int:
        return self._process.wait(DEADLINE)

    def read_until(self, words: str) -> None:
        for _ in self._pieces():
            if words in self._said.decode(errors="replace"):
                return
        raise AssertionError(f"it never said {words!r}: {self._said!r}")

    def read_to_end(self) -> str:
        for _ in self._pieces():
            pass
        return self._said.decode(errors="replace")

    def _pieces(self) -> Iterator[bytes]:
        while True:
            try:
                piece = os.read(self._terminal, 65536)
            except OSError:  # its end, on Linux
                return
            self._said += piece
            yield piece
