"""One rate limit for all workers: each request to an endpoint takes the next free slot, kept in Redis."""

import time
from contextlib import suppress
from typing import Any

import redis
from django.conf import settings

from web import redis_client

# Takes the slot after the last one taken, or now; in microseconds of Redis's own clock.
# Source: https://docs.stripe.com/rate-limits
_TAKE_SLOT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local slot = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
redis.call('SET', KEYS[1], string.format('%.0f', slot + tonumber(ARGV[1])), 'PX', 60000)
return slot - now
"""
# Moves the next slot to at least a second from now.
_BACK_OFF = """
local clock = redis.call('TIME')
local slot = clock[1] * 1000000 + clock[2] + 1000000
if slot > tonumber(redis.call('GET', KEYS[1]) or '0') then
    redis.call('SET', KEYS[1], string.format('%.0f', slot), 'PX', 60000)
end
"""
MICROSECONDS = 1_000_000


def take_slot(*, endpoint: str) -> float:
    """Take the endpoint's next free slot; return the seconds until it. Without Redis, return one slot's length.

    If Redis doesn't answer, this waits a second, and for some time after that doesn't ask it.
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


def back_off(*, endpoint: str) -> None:
    """Keep every worker off this endpoint for a second, because Stripe answered 429."""
    with suppress(redis.RedisError):
        _run(_BACK_OFF, endpoint)


def _run(script: str, endpoint: str, *arguments: int) -> Any:
    return redis_client.ask(lambda client: client.eval(script, 1, f"stripe:slot:{endpoint}", *arguments))
