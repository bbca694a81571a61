"""The policy's limits, as numbers: comparing a table with itself proves nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from payouts import policy
from payouts.models import PayoutAttempt
from payouts.states import AttemptKind
from stripe_io.client import TIMEOUT_SECONDS

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def sent(*, ago: timedelta, sends: int = 1, resendable: bool = True) -> PayoutAttempt:
    """Return an attempt that was first sent so long ago."""
    return PayoutAttempt(
        kind=AttemptKind.TRANSFER,
        first_sent_at=NOW - ago,
        last_sent_at=NOW - ago,
        sends=sends,
        resendable=resendable,
    )


def test_a_key_is_sent_for_a_day_less_a_minute() -> None:
    """The answer to a later send could come after Stripe has forgotten the key."""
    day = timedelta(hours=24)
    assert policy.may_send_again(sent(ago=day - timedelta(seconds=61)), now=NOW)
    assert not policy.may_send_again(sent(ago=day - timedelta(seconds=59)), now=NOW)


def test_an_attempt_that_is_not_resendable_is_never_sent_again() -> None:
    assert not policy.may_send_again(sent(ago=timedelta(seconds=1), resendable=False), now=NOW)


def test_a_worker_has_longer_for_a_call_than_the_call_may_last() -> None:
    assert timedelta(minutes=1) == policy.LEASE
    assert policy.LEASE.total_seconds() > TIMEOUT_SECONDS


@pytest.mark.parametrize(("sends", "seconds"), [(1, 5), (2, 10), (3, 20), (9, 1_280), (30, 3_600)])
def test_each_retry_may_wait_twice_as_long_as_the_one_before(sends: int, seconds: int) -> None:
    waits = [
        (policy.next_try(sent(ago=timedelta(), sends=sends), now=NOW) - NOW).total_seconds()
        for _ in range(300)
    ]
    assert min(waits) >= 1
    assert seconds / 2 < max(waits) <= seconds + 1


def test_the_waits_for_people_and_for_stripe_are_as_documented() -> None:
    assert policy.UNRESOLVED_AFTER_SENDS == 12
    assert timedelta(days=7) == policy.FUNDS_MISSING_AFTER
    assert timedelta(days=30) == policy.REVERSE_RETURNED_AFTER
