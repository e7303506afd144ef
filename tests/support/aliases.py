"""The types of fixtures, for the tests that use them."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

Connection = psycopg.Connection
Connect = Callable[[], Connection]
"""Opens another session on the test's database."""
NewDatabase = Callable[[], Connection]
"""Makes a database of its own, and opens a session on it."""
Episode = Callable[..., int]
"""Makes a source episode and returns its id."""
