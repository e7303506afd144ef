"""Child processes and a directory that do not outlive the process that made them."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from duplication.errors import DuplicationError
from duplication.local import reaper

PR_SET_PDEATHSIG = 1


class ServerFailed(DuplicationError):
    """An embedded server could not be started."""


class AddressInUse(ServerFailed):
    """Something else has the port, or the remains of the server before have not gone yet."""


@dataclass(frozen=True, slots=True)
class User:
    """The user a child runs as."""

    name: str
    uid: int
    gid: int


def find_unprivileged_user() -> User | None:
    """Return whom to run servers as that refuse to run as root: None, ourselves, unless we are root."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(os.environ.get("PG_OSUSER", "nobody"))
    return User(entry.pw_name, entry.pw_uid, entry.pw_gid)


@contextmanager
def temporary_home(prefix: str = "duplication-") -> Iterator[Path]:
    """Yield a new directory below /tmp for servers to live in.

    At the end, also when this process is killed, the servers recorded in it are stopped and it is removed.
    """
    home = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    guard = None
    try:
        if os.geteuid() == 0:
            # The user that the server runs as has to get through; what is private in it is closed by itself.
            home.chmod(0o755)
        guard = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", reaper.__file__, str(home)],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        yield home
    finally:
        if guard is None:
            shutil.rmtree(home, ignore_errors=True)
        else:
            guard.communicate()


@contextmanager
def running_process(
    command: Sequence[str | Path],
    pid_file: Path,
    log: IO[bytes] | int,
    *,
    stop_signal: signal.Signals = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
    user: User | None = None,
    patience_seconds: float = 60,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process while the block lasts.

    Parameters: command; pid_file, where it is recorded for the reaper; log, for its output; stop_signal, which ends
    it; environment, instead of ours; user, to run as; patience_seconds, after which it is killed.
    Yields the process. It also ends when the thread that started it ends, so start it from one that lives on.
    """
    process = subprocess.Popen(  # noqa: S603
        [str(part) for part in command],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=dict(environment) if environment is not None else None,
        start_new_session=True,
        preexec_fn=die_with_parent(stop_signal),  # noqa: PLW1509 (one system call, prepared before the fork)
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )
    try:
        reaper.write_pid_file(pid_file, process.pid, stop_signal)
        yield process
    finally:
        stop_process(process, stop_signal, patience_seconds)
        pid_file.unlink(missing_ok=True)


def run_as(user: User | None, command: Sequence[str | Path]) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end and return what it said; it dies with us. Raises OSError when it cannot be run."""
    return subprocess.run(  # noqa: S603
        [str(part) for part in command],
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=die_with_parent(signal.SIGTERM),
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )


def stop_process(process: "subprocess.Popen[bytes]", stop_signal: signal.Signals, patience_seconds: float) -> None:
    """Ask a process to stop and wait for it; kill it when it does not."""
    if process.poll() is not None:
        return
    process.send_signal(stop_signal)
    try:
        process.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what a child has to do first so that the kernel sends it a signal when its parent is gone."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is None:
        return None
    parent = os.getpid()

    def arm() -> None:
        prctl(PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:
            os._exit(1)

    return arm
