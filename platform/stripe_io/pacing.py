"""The pace of requests to Stripe, shared by all workers through Redis.

Stripe limits the requests to each endpoint, and those to all endpoints together. Each request takes the next slot that
fits both, in the order in which they come.

Source: https://docs.stripe.com/rate-limits
"""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
from django.conf import settings

from web import redis_client

MICROSECONDS = 1_000_000
_TAKE_SLOT = Path(__file__).with_name("pace.lua").read_text()
# Moves the next slot to at least a second from now.
_BACK_OFF = """
local clock = redis.call('TIME')
local slot = clock[1] * 1000000 + clock[2] + 1000000
if slot > tonumber(redis.call('GET', KEYS[1]) or '0') then
    redis.call('SET', KEYS[1], string.format('%.0f', slot), 'PX', 60000)
end
"""
_EVERYTHING = "stripe:pause"
_CELLS = "stripe:cell:"
# Requests that don't wait for others: without the balance, nothing new is sent.
_FIRST = frozenset(["get balance"])


def take_slot(*, endpoint: str) -> float:
    """Take the next free slot for a request to the endpoint; return the seconds until it.

    Without Redis, return the length of one slot. If Redis doesn't answer, this waits a second, and for some time after
    that doesn't ask it.
    """
    interval = MICROSECONDS // settings.STRIPE_REQUESTS_PER_SECOND
    total = settings.STRIPE_TOTAL_REQUESTS_PER_SECOND
    room = max(total // 10, 1) if total else 0
    cell = room * MICROSECONDS // total if total else 0
    keys = (_slot_of(endpoint), _EVERYTHING, _CELLS)
    try:
        microseconds = int(_run(_TAKE_SLOT, keys, interval, cell, room, int(endpoint in _FIRST)))
    except redis.RedisError:
        microseconds = max(interval, cell // room if total else 0)
    return microseconds / MICROSECONDS


def wait(*, endpoint: str) -> None:
    """Sleep until this endpoint's next free slot."""
    time.sleep(take_slot(endpoint=endpoint))


def wait_in_background() -> None:
    """Sleep until work that can wait may make another request, which then takes its slot like any other.

    So reads of all accounts leave most of the pace of all endpoints to sending. Without Redis, each process keeps the
    pace for itself.
    """
    interval = MICROSECONDS // settings.STRIPE_BACKGROUND_REQUESTS_PER_SECOND
    keys = (_slot_of("background"), _EVERYTHING, _CELLS)
    try:
        microseconds = int(_run(_TAKE_SLOT, keys, interval, 0, 0, 0))
    except redis.RedisError:
        microseconds = interval
    time.sleep(microseconds / MICROSECONDS)


def back_off(*, endpoint: str) -> None:
    """Keep every worker off this endpoint for a second, because Stripe answered 429."""
    with suppress(redis.RedisError):
        _run(_BACK_OFF, (_slot_of(endpoint),))


def back_off_everything() -> None:
    """Keep every worker off all endpoints for a second, because Stripe answered 429 for all of them together."""
    with suppress(redis.RedisError):
        _run(_BACK_OFF, (_EVERYTHING,))


def requests_per_second(*, endpoints: int) -> int:
    """Return the pace of each of so many endpoints that are used equally: at least 1."""
    total = settings.STRIPE_TOTAL_REQUESTS_PER_SECOND
    share = total // endpoints if total else settings.STRIPE_REQUESTS_PER_SECOND
    return max(1, min(settings.STRIPE_REQUESTS_PER_SECOND, share))


def _slot_of(endpoint: str) -> str:
    return f"stripe:slot:{endpoint}"


def _run(script: str, keys: tuple[str, ...], *arguments: int) -> Any:
    return redis_client.ask(lambda client: client.eval(script, len(keys), *keys, *arguments))
