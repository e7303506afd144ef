"""What the demo, the tests and the benchmarks copy: SQL scripts, and a function for each."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

from duplication.engine import Engine


def load_episode(engine: Engine, parts: int, items: int, blocks: int) -> str:
    """Insert an episode to try things on.

    Parameters: the number of parts, of items in each part, and of blocks in each item.
    Returns the episode's key. All of it is one transaction.
    """
    return engine.run_script(read_script("episode"), parts=parts, items=items, blocks=blocks)


def load_troubles(engine: Engine, refused: str, held: str) -> None:
    """Make an application that gets in the way of copies.

    Parameters: refused, the key of an episode of which a block may not be copied; held, of one that belongs to a
    series, which hold_series locks.
    """
    engine.run_script(read_script("troubles"), refused=refused, held=held)


@contextmanager
def hold_series(engine: Engine) -> Iterator[None]:
    """Lock the series, as an application that is at work on it does, while the block lasts."""
    with engine.transaction():
        engine.run_script(read_script("lock_series"))
        yield


def read_script(name: str) -> str:
    """Return the text of a script of this package."""
    return (files(__name__) / f"{name}.sql").read_text(encoding="utf-8")
