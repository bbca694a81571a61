"""What the sweep hands to workers: all that is due, once, oldest first."""

from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from database import notices, sql
from payouts import tasks
from payouts.models import Payout
from payouts.services import sweeps
from payouts.states import PayoutStatus
from tests.factories import PayoutFactory
from tests.threads import at_once

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2025-10-01T00:10:00Z")
EARLIER = NOW - timedelta(minutes=5)


def due(**facts: Any) -> Payout:
    return PayoutFactory.create(**{"next_retry_at": EARLIER} | facts)


def taken(now: datetime = NOW, *, at_most: int = 100, waiting: int = 0) -> list[UUID]:
    return [payout_id for _, payout_id in sweeps.take_due(now=now, at_most=at_most, waiting=waiting)]


@pytest.mark.parametrize(
    ("status", "task"),
    [
        (PayoutStatus.PENDING, "payouts.send_transfer"),
        (PayoutStatus.PROCESSING, "payouts.send_transfer"),
        (PayoutStatus.UNRESOLVED, "payouts.send_transfer"),
        (PayoutStatus.IN_TRANSIT, "payouts.send_bank_payout"),
        (PayoutStatus.ON_HOLD, None),
        (PayoutStatus.PAID, None),
        (PayoutStatus.RETURNED, "payouts.attend_returned"),
        (PayoutStatus.FAILED, None),
        (PayoutStatus.CANCELLED, None),
        (PayoutStatus.REVERSED, None),
    ],
)
def test_each_state_has_its_task(status: PayoutStatus, task: str | None) -> None:
    payout = due(status=status)
    assert sweeps.take_due(now=NOW, at_most=100) == ([(task, payout.pk)] if task else [])


def test_what_is_not_due_is_left_alone() -> None:
    due(next_retry_at=NOW + timedelta(seconds=1))
    due(next_retry_at=None)
    exactly = due(next_retry_at=NOW)
    assert taken() == [exactly.pk]


def test_a_queued_payout_is_left_to_its_task_until_that_counts_as_lost() -> None:
    payout = due()
    assert taken() == [payout.pk]
    assert Payout.objects.get().queued_at == NOW
    assert taken() == []
    assert taken(NOW + sweeps.LOST_AFTER) == []
    assert taken(NOW + sweeps.LOST_AFTER + timedelta(seconds=1)) == [payout.pk]


def test_what_waits_on_a_long_queue_is_not_lost() -> None:
    first, second, third = (due(next_retry_at=EARLIER - timedelta(minutes=ago)) for ago in (3, 2, 1))
    for number, payout in enumerate((first, second, third)):
        assert taken(NOW + timedelta(seconds=number), at_most=1) == [payout.pk]
    long_after = NOW + timedelta(hours=1)
    assert taken(long_after, waiting=4) == []
    assert taken(long_after, waiting=3) == []
    assert taken(long_after, waiting=2) == [first.pk]
    assert taken(long_after, waiting=1) == [second.pk, third.pk]


def test_what_was_queued_just_now_is_not_lost_either() -> None:
    """A worker has its task in hand perhaps."""
    early, late = due(), due()
    Payout.objects.filter(pk=early.pk).update(queued_at=NOW - timedelta(minutes=1))
    Payout.objects.filter(pk=late.pk).update(queued_at=NOW)
    assert taken(NOW, waiting=1) == []


def test_the_longest_due_come_first() -> None:
    late, later, latest = (due(next_retry_at=EARLIER - timedelta(minutes=ago)) for ago in (1, 2, 3))
    assert taken(at_most=2) == [latest.pk, later.pk]
    assert taken(at_most=2) == [late.pk]
    assert taken() == []


def test_no_more_is_queued_than_is_soon_sent(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.STRIPE_REQUESTS_PER_SECOND = 1
    queued = notices.queue_length(tasks.QUEUE)
    monkeypatch.setattr(tasks, "QUEUED_SECONDS", queued + 2)
    for _ in range(3):
        due(status=PayoutStatus.PROCESSING)
    for _ in range(2):
        tasks.sweep()
        assert notices.queue_length(tasks.QUEUE) == queued + 2
        assert Payout.objects.filter(queued_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_take_each_payout_once() -> None:
    payouts = [due() for _ in range(20)]
    shares = at_once(*[taken] * 4)
    assert sorted(chain.from_iterable(shares)) == sorted(payout.pk for payout in payouts)


def test_payouts_of_creators_without_a_hold_are_released() -> None:
    held = due(status=PayoutStatus.ON_HOLD, next_retry_at=None)
    sweeps.release_unheld(now=sql.now())
    held.refresh_from_db()
    assert held.status == PayoutStatus.PENDING
    assert held.next_retry_at is not None
