"""Ends what a process started when that process is gone, however it ended.

Run as a script, in a session of its own, with a directory as its argument and a pipe as its standard input. The pipe
closes when the process that holds its other end lets go of it or dies, also by SIGKILL. Then every process recorded in
the directory's *.pid files is stopped and the directory removed. It imports nothing of the package: it has to start
quickly and to work while everything else breaks.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

PATIENCE_SECONDS = 15.0


def read_start_time(pid: int) -> str:
    """Return the kernel's start time of a process, empty when it is gone (or where there is no /proc)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    # A zombie is a process that has ended and whose parent has not looked yet.
    return "" if fields[0] == "Z" else fields[19]


def write_pid_file(path: Path, pid: int, stop_signal: signal.Signals) -> None:
    """Record a process, such that a later one with the same number is not taken for it."""
    new = path.with_suffix(".new")
    new.write_text(f"{pid} {int(stop_signal)} {read_start_time(pid)}\n")
    new.replace(path)


def is_running(pid: int, start_time: str) -> bool:
    """Tell whether the process recorded with this start time still runs."""
    if Path("/proc/self/stat").exists():
        return bool(start_time) and read_start_time(pid) == start_time
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def stop_recorded(directory: Path) -> None:
    """Stop every process recorded in the directory, at first politely."""
    processes: list[tuple[int, int, str]] = []
    for path in directory.glob("*.pid"):
        with contextlib.suppress(OSError, ValueError):
            fields = [*path.read_text().split(), ""]
            processes.append((int(fields[0]), int(fields[1]), fields[2]))
    for attempt in range(2):
        for pid, stop_signal, start_time in processes:
            if is_running(pid, start_time):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL if attempt else stop_signal)
        end = time.monotonic() + PATIENCE_SECONDS
        while any(is_running(pid, start) for pid, _, start in processes) and time.monotonic() < end:
            time.sleep(0.02)


def remove_directory(directory: Path) -> None:
    """Remove the directory, again and again while something that is just ending still writes to it."""
    end = time.monotonic() + PATIENCE_SECONDS
    while directory.exists() and time.monotonic() < end:
        shutil.rmtree(directory, ignore_errors=True)
        time.sleep(0.02)


def main() -> None:
    """Wait for the pipe to close, then clean up."""
    directory = Path(sys.argv[1])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    stop_recorded(directory)
    remove_directory(directory)


if __name__ == "__main__":
    main()
