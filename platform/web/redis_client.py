"""A Redis client that gives up within a second, for code that must also work without Redis."""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import redis
from django.conf import settings

T = TypeVar("T")
TIMEOUT_SECONDS = 1
SILENCE_SECONDS = 5
_silent_until: dict[str, float] = {}


def client() -> redis.Redis:
    """Return the client of REDIS_URL, one per process."""
    return _connect(settings.REDIS_URL)


def ask(query: Callable[[redis.Redis], T]) -> T:
    """Query Redis. After a time-out, fail immediately for some seconds, so that frequent callers don't wait each time.

    Raises: redis.RedisError.
    """
    address = settings.REDIS_URL
    if time.monotonic() < _silent_until.get(address, 0):
        raise redis.TimeoutError("Redis did not answer a moment ago")
    try:
        return query(client())
    except redis.TimeoutError:
        _silent_until[address] = time.monotonic() + SILENCE_SECONDS
        raise


@lru_cache(maxsize=1)
def _connect(address: str) -> redis.Redis:
    return redis.Redis.from_url(
        address, socket_connect_timeout=TIMEOUT_SECONDS, socket_timeout=TIMEOUT_SECONDS
    )
