"""Doing things at the same time, each on a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from database.commands import close_connections_after

T = TypeVar("T")
PATIENCE_SECONDS = 30


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Call all of these in threads that start together; return what they return, or raise what one raised."""
    start = Barrier(len(calls))

    def begin(call: Callable[[], T]) -> T:
        start.wait(PATIENCE_SECONDS)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(close_connections_after(begin), call) for call in calls]
        return [future.result(PATIENCE_SECONDS) for future in futures]
