"""A private PostgreSQL server and a private queue, for the demo and for tests.

Both listen on 127.0.0.1 only, run as root too (PostgreSQL then as `nobody`, or as PG_OSUSER), and end with the process
that started them. PostgreSQL is the one in the Python package, or that of the directory PG_BINDIR.
"""

import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from duplication.local.postgres_programs import find_usable_bindir
from duplication.local.processes import (
    AddressInUse,
    ServerFailed,
    User,
    find_unprivileged_user,
    run_as,
    running_process,
)
from duplication.local.reaper import read_start_time

START_SECONDS = 60
START_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Server:
    """A running PostgreSQL server; bindir also holds psql, pg_dump and pgbench."""

    dsn: str
    port: int
    data: Path
    bindir: Path
    process: "subprocess.Popen[bytes]"


@contextmanager
def postgres_server(
    home: Path, port: int | None = None, *, password: str | None = None, **settings: str | int
) -> Iterator[Server]:
    """Run a PostgreSQL server while the block lasts.

    Parameters: home, a directory for it, which may hold the data of an earlier run; port, or None for any free one;
    password of the superuser `postgres`, for a new data directory (None: whoever can reach the port is let in);
    settings, of postgresql.conf.
    Yields the server. Raises ServerFailed with the end of its log. Start it from a thread that lives on.
    """
    home = Path(home).resolve()
    home.mkdir(parents=True, exist_ok=True)
    user = find_unprivileged_user()
    if user is not None and not is_reachable(home):
        raise ServerFailed(
            f"User {user.name} cannot reach {home}", hint="As root, take a directory below /tmp or /var/lib"
        )
    bindir = find_usable_bindir(home, user)
    data = home / "data"
    if not (data / "PG_VERSION").exists():
        make_data_directory(home, data, bindir, user, password)

    def start(chosen: int) -> AbstractContextManager["subprocess.Popen[bytes]"]:
        wait_for_predecessor(data)
        return start_postgres(home, data, bindir, user, {"port": chosen, **settings})

    with ExitStack() as stack:
        chosen, process = enter_on_port(stack, start, port)
        secret = f":{password}" if password else ""
        dsn = f"postgresql://postgres{secret}@127.0.0.1:{chosen}/postgres"
        yield Server(dsn, chosen, data, bindir, process)


@contextmanager
def queue_server(home: Path) -> Iterator[str]:
    """Run an SQS server while the block lasts.

    Parameters: home, a directory for its log.
    Yields the endpoint's URL (AWS_ENDPOINT_URL). It takes any credentials. Raises ServerFailed.
    """
    if importlib.util.find_spec("ministack") is None:
        raise ServerFailed("There is no queue server to start", hint="pip install 'episode-duplication[embedded]'")
    home = Path(home).resolve()
    home.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        port, _ = enter_on_port(stack, lambda chosen: start_queue(home, chosen), None)
        yield f"http://127.0.0.1:{port}"


def enter_on_port(
    stack: ExitStack, start: Callable[[int], AbstractContextManager["subprocess.Popen[bytes]"]], port: int | None
) -> tuple[int, "subprocess.Popen[bytes]"]:
    """Start a server on the port, or on any free one; again when somebody else was quicker to take it."""
    for attempt in range(1, START_ATTEMPTS):
        chosen = port or find_free_port()
        try:
            return chosen, stack.enter_context(start(chosen))
        except AddressInUse:
            time.sleep(0.2 * attempt)
    chosen = port or find_free_port()
    return chosen, stack.enter_context(start(chosen))


@contextmanager
def start_postgres(
    home: Path, data: Path, bindir: Path, user: User | None, settings: dict[str, str | int]
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start the server and wait until it is ready; stop it at the end."""
    options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", **settings}
    arguments = [f"--{name}={value}" for name, value in options.items()]
    log_path = home / "postgres.log"
    with log_path.open("ab") as log:
        begin = log.tell()
        # SIGINT is PostgreSQL's fast shutdown: it waits for no client.
        with running_process(
            [bindir / "postgres", "-D", data, *arguments],
            home / "postgres.pid",
            log,
            stop_signal=signal.SIGINT,
            environment=os.environ | {"LC_ALL": "C"},
            user=user,
        ) as process:
            end = time.monotonic() + START_SECONDS
            while not is_ready(data, process.pid):
                if process.poll() is not None or time.monotonic() > end:
                    raise explain_failure("PostgreSQL", log_path, begin)
                time.sleep(0.02)
            yield process


@contextmanager
def start_queue(home: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Start the queue server and wait until it answers; stop it at the end."""
    token = secrets.token_hex(8)
    settings = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_VERSION": token,
        "SERVICES": "sqs,cloudwatch",  # some of the others would run anybody's code
        "SFTP_ENABLED": "0",
        "TMPDIR": str(home),
    }
    log_path = home / "queue.log"
    with log_path.open("ab") as log:
        begin = log.tell()
        with running_process(
            [sys.executable, "-P", "-m", "ministack"], home / "queue.pid", log, environment=os.environ | settings
        ) as process:
            end = time.monotonic() + START_SECONDS
            while ask_version(port) != token:
                if process.poll() is not None or time.monotonic() > end:
                    raise explain_failure("The queue server", log_path, begin)
                time.sleep(0.02)
            yield process


def ask_version(port: int) -> str | None:
    """Return what the queue server calls its version: here a token, which tells ours from another one."""
    # No proxy from the environment: it could not reach this machine's own address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/_ministack/health", timeout=2) as answer:
            return str(json.load(answer).get("version"))
    except (OSError, ValueError):
        return None


def is_ready(data: Path, pid: int) -> bool:
    """Tell whether this very server takes connections, from what it writes into its lock file."""
    lines = read_lines(data / "postmaster.pid")
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def explain_failure(name: str, log_path: Path, begin: int) -> ServerFailed:
    """Return the error for a server that did not start, from what it logged since its beginning."""
    log = log_path.read_bytes()[begin:].decode(errors="replace")
    # There is no other way to know; the messages are in English because of LC_ALL=C.
    kind = AddressInUse if "in use" in log else ServerFailed
    return kind(f"{name} did not start", detail=log[-2000:])


def make_data_directory(home: Path, data: Path, bindir: Path, user: User | None, password: str | None) -> None:
    """Make a data directory, beside its place at first: one that was interrupted is not taken for a whole one."""
    new = home / "data.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    password_file = home / "password.new"
    password_file.touch(mode=0o600)
    password_file.write_text(f"{password}\n")
    if user is not None:
        os.chown(new, user.uid, user.gid)
        os.chown(password_file, user.uid, user.gid)
    access = ["--auth=scram-sha-256", f"--pwfile={password_file}"] if password else ["--auth=trust"]
    options = ["--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", *access]
    done = run_as(user, [bindir / "initdb", f"--pgdata={new}", *options])
    password_file.unlink()
    if done.returncode != 0:
        raise ServerFailed("initdb failed", detail=(done.stdout + done.stderr)[-2000:])
    new.rename(data)


def wait_for_predecessor(data: Path) -> None:
    """Wait for a server that is just ending in this data directory, and remove the lock file of one that is gone.

    The server itself goes by the process number alone, which may by now be that of a stranger.
    """
    lock = data / "postmaster.pid"
    end = time.monotonic() + START_SECONDS
    while lines := read_lines(lock):
        if not lines[0].lstrip("-").isdigit() or not is_server_of(data, abs(int(lines[0]))):
            lock.unlink(missing_ok=True)
            return
        if time.monotonic() > end:
            raise ServerFailed(f"A server already runs in {data}", detail=f"Its process is {lines[0]}")
        time.sleep(0.05)


def is_server_of(data: Path, pid: int) -> bool:
    """Tell whether a process is a server in this data directory: a server's working directory is its data."""
    if not Path("/proc/self/cwd").exists():
        return True
    try:
        return bool(read_start_time(pid)) and Path(f"/proc/{pid}/cwd").readlink() == data
    except OSError:
        return False


def is_reachable(path: Path) -> bool:
    """Tell whether anybody can get to a directory."""
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents))


def find_free_port() -> int:
    """Return a port that is free right now; it may be taken by the time it is used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def read_lines(path: Path) -> list[str]:
    """Return a file's lines; none when there is no such file."""
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
