"""One pace for all workers: each request to an endpoint takes the next free slot, kept in Redis."""

import time
from contextlib import suppress
from typing import Any

import redis
from django.conf import settings

from web import redis_client

# The slot after the last one taken, or now; in microseconds of Redis's own clock.
# Source: https://docs.stripe.com/rate-limits
_TAKE_SLOT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local slot = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
redis.call('SET', KEYS[1], string.format('%.0f', slot + tonumber(ARGV[1])), 'PX', 60000)
return slot - now
"""
# Nobody's next slot is sooner than a second from now.
_LEAVE_ALONE = """
local clock = redis.call('TIME')
local slot = clock[1] * 1000000 + clock[2] + 1000000
if slot > tonumber(redis.call('GET', KEYS[1]) or '0') then
    redis.call('SET', KEYS[1], string.format('%.0f', slot), 'PX', 60000)
end
"""
MICROSECONDS = 1_000_000


def take_slot(*, endpoint: str) -> float:
    """Take this endpoint's next free slot; return the seconds until it, or without Redis, one slot's length.

    A Redis that keeps silent costs a second, and then nothing for some time.
    """
    interval = MICROSECONDS // settings.STRIPE_REQUESTS_PER_SECOND
    try:
        microseconds = int(_run(_TAKE_SLOT, endpoint, interval))
    except redis.RedisError:
        microseconds = interval
    return microseconds / MICROSECONDS


def wait(*, endpoint: str) -> None:
    """Sleep until this endpoint's next free slot."""
    time.sleep(take_slot(endpoint=endpoint))


def leave_alone(*, endpoint: str) -> None:
    """Have every worker leave this endpoint alone for a second, as Stripe says that it is too much."""
    with suppress(redis.RedisError):
        _run(_LEAVE_ALONE, endpoint)


def _run(script: str, endpoint: str, *arguments: int) -> Any:
    return redis_client.ask(lambda asked: asked.eval(script, 1, f"stripe:slot:{endpoint}", *arguments))
