"""Each request gets a slot that fits its endpoint's pace and the pace of all, across all workers."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import redis
import stripe
from pytest_django import Settings

from sandbox.config import Config
from sandbox.server import SandboxServer
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


def spread(endpoints: Sequence[str]) -> list[float]:
    """Take a slot for each request in turn; return when each is, in seconds on one clock."""
    return [time.monotonic() + pacing.take_slot(endpoint=endpoint) for endpoint in endpoints]


def most_in_a_second(slots: Sequence[float]) -> int:
    ordered = sorted(slots)
    return max(sum(begin <= slot < begin + 1 for slot in ordered) for begin in ordered)


@pytest.mark.parametrize(("total", "allowed"), [(80, 100), (20, 25)])
def test_all_endpoints_together_stay_below_stripes_limit(
    settings: Settings, total: int, allowed: int
) -> None:
    """Source: https://docs.stripe.com/rate-limits"""
    settings.STRIPE_REQUESTS_PER_SECOND = 1_000
    settings.STRIPE_TOTAL_REQUESTS_PER_SECOND = total
    slots = spread([f"get {number % 7}" for number in range(2 * total)])
    assert most_in_a_second(slots) < allowed


def test_a_queue_at_one_endpoint_takes_nothing_from_another(settings: Settings) -> None:
    settings.STRIPE_REQUESTS_PER_SECOND = 4
    settings.STRIPE_TOTAL_REQUESTS_PER_SECOND = 20
    spread(["post transfers"] * 20)
    assert pacing.take_slot(endpoint="post payouts") < 0.5


def test_an_endpoint_keeps_its_pace_within_the_pace_of_all(settings: Settings) -> None:
    settings.STRIPE_REQUESTS_PER_SECOND = 10
    settings.STRIPE_TOTAL_REQUESTS_PER_SECOND = 20
    names = ["a", "b", "c"] * 10
    slots = [slot for name, slot in zip(names, spread(names), strict=True) if name == "a"]
    assert min(later - slot for slot, later in pairwise(slots)) > 0.09


def test_the_balance_waits_for_no_other_request(settings: Settings) -> None:
    settings.STRIPE_REQUESTS_PER_SECOND = 1_000
    settings.STRIPE_TOTAL_REQUESTS_PER_SECOND = 20
    spread(["post transfers"] * 60)
    assert pacing.take_slot(endpoint="get balance") < 0.1
    assert pacing.take_slot(endpoint="get transfers") > 2


def test_in_local_mode_there_is_no_pace_of_all(settings: Settings) -> None:
    assert settings.STRIPE_TOTAL_REQUESTS_PER_SECOND == 0
    assert {pacing.take_slot(endpoint=f"get {number}") for number in range(200)} == {0}


def test_after_a_429_for_everything_all_endpoints_wait_for_a_second() -> None:
    pacing.back_off_everything()
    assert 0.9 < pacing.take_slot(endpoint="get transfers") <= 1


@pytest.mark.parametrize(
    ("endpoint_pace", "total", "payouts"), [(25, 80, 25), (25, 20, 6), (100, 0, 100), (1, 2, 1)]
)
def test_endpoints_that_are_used_equally_share_the_pace(
    settings: Settings, endpoint_pace: int, total: int, payouts: int
) -> None:
    settings.STRIPE_REQUESTS_PER_SECOND = endpoint_pace
    settings.STRIPE_TOTAL_REQUESTS_PER_SECOND = total
    assert pacing.requests_per_second(endpoints=3) == payouts


REQUESTS = """
import django, sys
from concurrent.futures import ThreadPoolExecutor
django.setup()
from django.conf import settings
from stripe_io.client import connect
client = connect(settings.STRIPE_SECRET_KEY, sys.argv[1])
paths = ["/v1/events", "/v1/transfers", "/v1/payouts", "/v1/account", "/v1/accounts"]
with ThreadPoolExecutor(6) as pool:
    list(pool.map(lambda number: client.raw_request("get", paths[number % 5]), range(50)))
"""


@pytest.mark.full
def test_two_processes_get_no_429_from_a_stripe_that_counts(tmp_path: Path, settings: Settings) -> None:
    limit = {"kind": "rate_limit_per_second", "rate_limit_per_second": 25, "reason": "global-rate"}
    with SandboxServer(Config(state=tmp_path, api_key=settings.STRIPE_SECRET_KEY)) as server:
        sandbox = stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses={"api": server.url})
        sandbox.raw_request("post", "/_sandbox/faults", rules=[limit])
        variables = os.environ | {
            "DJANGO_SETTINGS_MODULE": "payouts_project.settings",
            "STRIPE_REQUESTS_PER_SECOND": "25",
            "STRIPE_TOTAL_REQUESTS_PER_SECOND": "20",
        }
        command = [sys.executable, "-c", REQUESTS, server.url]
        processes = [subprocess.Popen(command, env=variables) for _ in range(2)]
        assert [process.wait() for process in processes] == [0, 0]
        state = sandbox.raw_request("get", "/_sandbox/state").data
        assert state["faults"] == {}
        assert sum(state["requests"].values()) >= 100


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


def test_reads_in_the_background_keep_a_pace_of_their_own(settings: Settings) -> None:
    settings.STRIPE_BACKGROUND_REQUESTS_PER_SECOND = 20
    began = time.monotonic()
    for _ in range(5):
        pacing.wait_in_background()
    assert 0.2 <= time.monotonic() - began < 2
    assert pacing.take_slot(endpoint="post transfers") == 0
