"""Each request to an endpoint gets its own slot, across all workers."""

import time
from collections.abc import Callable

import pytest
import redis
from pytest_django import Settings

from stripe_io import pacing
from stripe_io.client import _resource
from tests.silence import silent_server
from tests.threads import at_once


@pytest.fixture(autouse=True)
def slow(settings: Settings) -> None:
    """Use one slot a second: far longer than the threads take, so that slots can be distinguished."""
    settings.STRIPE_REQUESTS_PER_SECOND = 1
    redis.Redis.from_url(settings.REDIS_URL).flushdb()


def slots(*endpoints: str) -> list[int]:
    """Take a slot for each endpoint in parallel; return the second that each slot is in."""
    return sorted(round(wait) for wait in at_once(*[take(endpoint) for endpoint in endpoints]))


def take(endpoint: str) -> Callable[[], float]:
    return lambda: pacing.take_slot(endpoint=endpoint)


def test_parallel_requests_get_successive_slots() -> None:
    assert slots(*["post transfers"] * 8) == list(range(8))


def test_each_endpoint_has_its_own_slots() -> None:
    assert slots(*["post transfers"] * 3, *["get transfers"] * 3) == [0, 0, 1, 1, 2, 2]


def test_a_slot_is_one_share_of_a_second(settings: Settings) -> None:
    settings.STRIPE_REQUESTS_PER_SECOND = 4
    first, second, third = (pacing.take_slot(endpoint="post transfers") for _ in range(3))
    assert first == 0
    assert 0.15 < second <= 0.25
    assert 0.3 < third <= 0.5


def test_after_a_429_all_workers_wait_for_a_second(settings: Settings) -> None:
    settings.STRIPE_REQUESTS_PER_SECOND = 1_000
    pacing.take_slot(endpoint="post transfers")
    pacing.back_off(endpoint="post transfers")
    assert 0.9 < pacing.take_slot(endpoint="post transfers") <= 1
    assert pacing.take_slot(endpoint="get transfers") == 0


def test_backing_off_never_shortens_a_wait(settings: Settings) -> None:
    for _ in range(4):
        pacing.take_slot(endpoint="post transfers")
    pacing.back_off(endpoint="post transfers")
    assert 3.5 < pacing.take_slot(endpoint="post transfers") <= 4


def test_without_redis_each_request_waits_for_one_slot(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert [pacing.take_slot(endpoint="post transfers") for _ in range(2)] == [1, 1]


def test_a_redis_that_never_answers_costs_one_second_once(settings: Settings) -> None:
    with silent_server() as address:
        settings.REDIS_URL = address
        began = time.monotonic()
        waits = [pacing.take_slot(endpoint="post transfers") for _ in range(50)]
        pacing.back_off(endpoint="post transfers")
        assert waits == [1] * 50
        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://api.stripe.com/v1/transfers", "transfers"),
        ("https://api.stripe.com/v1/transfers/tr_1?expand[]=x", "transfers"),
        ("http://127.0.0.1:12111/v1/accounts/acct_1/persons", "accounts"),
        ("http://127.0.0.1:12111/", ""),
    ],
)
def test_an_endpoint_is_what_stripe_limits(url: str, endpoint: str) -> None:
    assert _resource(url) == endpoint
