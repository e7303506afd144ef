"""What is shown of a duplication is worked out from its levels and its latest batches."""

from __future__ import annotations

import psycopg
import pytest

from duplication.display.overview import add_progress
from duplication.display.screens import draw_batches
from duplication.engine import Engine
from tests.driver.helpers import complete
from tests.support.calls import set_batch_rows


def test_a_view_knows_rate_and_time_left(db: psycopg.Connection, engine: Engine, source: str) -> None:
    duplication = engine.open_duplication("episode", source)
    for level in ("episodes", "parts", "items"):
        engine.duplicate_level(duplication, level)
    set_batch_rows(db, 5)
    # at least a batch, and not all of them
    engine.duplicate_level(duplication, "blocks", 0.000001)
    view = add_progress(engine, engine.find_duplication(duplication))
    assert view.rows_per_second is not None
    assert view.rows_per_second > 0
    assert view.seconds_left == pytest.approx((view.rows_planned - view.rows_done) / view.rows_per_second)
    assert not view.is_over


def test_batches_are_drawn_against_the_longest(engine: Engine, source: str) -> None:
    duplication = engine.open_duplication("episode", source)
    complete(engine, duplication)
    batches = engine.list_batches(duplication)
    drawn = draw_batches(batches)
    assert len(drawn) == len(batches)
    assert "█" in drawn
    assert draw_batches([]) == ""
