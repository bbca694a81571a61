"""Redis for what must go on without it: a client that gives up within seconds."""

from functools import lru_cache

import redis
from django.conf import settings

TIMEOUT_SECONDS = 1


def client() -> redis.Redis:
    """Return the client of REDIS_URL, one per process."""
    return _connect(settings.REDIS_URL)


@lru_cache(maxsize=1)
def _connect(address: str) -> redis.Redis:
    return redis.Redis.from_url(
        address, socket_connect_timeout=TIMEOUT_SECONDS, socket_timeout=TIMEOUT_SECONDS
    )
