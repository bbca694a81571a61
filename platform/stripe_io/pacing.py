"""One pace for all workers: each request to an endpoint takes the next free slot, kept in Redis."""

import time
from contextlib import suppress
from functools import cache

import redis
from django.conf import settings
from redis.commands.core import Script

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


@cache
def script() -> Script:
    return redis.Redis.from_url(settings.REDIS_URL).register_script(_TAKE_SLOT)


def take_slot(*, endpoint: str) -> float:
    """Take this endpoint's next free slot; return the seconds until it, or without Redis, one slot's length."""
    interval = MICROSECONDS // settings.STRIPE_REQUESTS_PER_SECOND
    try:
        microseconds = int(script()(keys=[f"stripe:slot:{endpoint}"], args=[interval]))
    except redis.RedisError:
        microseconds = interval
    return microseconds / MICROSECONDS


def wait(*, endpoint: str) -> None:
    """Sleep until this endpoint's next free slot."""
    time.sleep(take_slot(endpoint=endpoint))


def leave_alone(*, endpoint: str) -> None:
    """Have every worker leave this endpoint alone for a second, as Stripe says that it is too much."""
    with suppress(redis.RedisError):
        redis.Redis.from_url(settings.REDIS_URL).eval(_LEAVE_ALONE, 1, f"stripe:slot:{endpoint}")
