"""Running functions in parallel, each on its own database connection."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from database import sql
from database.commands import close_connections_after

T = TypeVar("T")
PATIENCE_SECONDS = 30
_LOCKED_OUT = """
    SELECT count(DISTINCT pid) AS connections
    FROM pg_locks AS wanted
    WHERE NOT granted AND EXISTS (
        SELECT
        FROM pg_locks AS held
        JOIN pg_database ON pg_database.oid = held.database
        WHERE held.pid = wanted.pid AND pg_database.datname = current_database()
    )
"""


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Call these functions in threads that start together; return their results, or raise the first error."""
    start = Barrier(len(calls))

    def begin(call: Callable[[], T]) -> T:
        start.wait(PATIENCE_SECONDS)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(close_connections_after(begin), call) for call in calls]
        return [future.result(PATIENCE_SECONDS) for future in futures]


def wait_for_locked_out(connections: int = 1) -> None:
    """Return once this many connections to the database are waiting for locks that others hold."""
    deadline = time.monotonic() + PATIENCE_SECONDS / 3
    while next(iter(sql.rows(_LOCKED_OUT)))["connections"] < connections:
        assert time.monotonic() < deadline, "too few wait"
        time.sleep(0.01)
