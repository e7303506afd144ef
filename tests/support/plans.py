"""How many rows statements pass over, as auto_explain shows it, those inside of routines too."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import psycopg

EXPLAIN = """
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_nested_statements = on;
set auto_explain.log_analyze = on;
set auto_explain.log_timing = off;
set auto_explain.log_format = json;
set client_min_messages = log;
"""


def rows_touched(conn: psycopg.Connection, work: Callable[[], object]) -> dict[str, float]:
    """For each statement that the session runs meanwhile, the rows that one run of it passes over, on average."""
    found: dict[str, list[float]] = defaultdict(list)

    def hear(notice: psycopg.errors.Diagnostic) -> None:
        message = notice.message_primary or ""
        if message.startswith("duration:") and "{" in message:
            explained = json.loads(message[message.index("{") :])
            text = re.sub(r"\s+", " ", re.sub(r"\d+", "?", explained["Query Text"])).strip()
            found[text].append(sum(_rows(explained["Plan"])))

    conn.execute(EXPLAIN)
    conn.add_notice_handler(hear)
    try:
        work()
    finally:
        conn.remove_notice_handler(hear)
        conn.execute("set client_min_messages = notice; set auto_explain.log_min_duration = -1")
    return {text: sum(rows) / len(rows) for text, rows in found.items()}


def _rows(plan: dict[str, Any]) -> Iterator[float]:
    """What is read at the leaves of a plan, what filters throw away included.

    The catalogs are left out: how many of their rows a plan reads depends on the schema, and on whether autovacuum has
    just analyzed them, not on the tree.
    """
    if plan.get("Relation Name", "").startswith("pg_"):
        return
    below = plan.get("Plans", [])
    if not below:
        yield plan["Actual Rows"] * plan["Actual Loops"]
    for removed in ("Filter", "Join Filter", "Index Recheck"):
        yield plan.get(f"Rows Removed by {removed}", 0) * plan["Actual Loops"]
    for part in below:
        yield from _rows(part)
