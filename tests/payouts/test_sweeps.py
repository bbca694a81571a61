"""Workers take all due payouts, once, oldest first."""

from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from database import notices, sql
from payouts import policy, tasks
from payouts.models import Payout
from payouts.services import sending
from payouts.states import PayoutStatus
from tests.factories import PayoutFactory
from tests.payouts.sending import send_bank_payout, send_transfer, taken
from tests.threads import at_once

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2025-10-01T00:10:00Z")
EARLIER = NOW - timedelta(minutes=5)
SEND = [send_transfer, send_bank_payout]


def due(**facts: Any) -> Payout:
    return PayoutFactory.create(**{"next_retry_at": EARLIER} | facts)


@pytest.mark.parametrize("status", PayoutStatus)
def test_a_payout_is_taken_in_each_state_with_something_to_do(status: PayoutStatus) -> None:
    payout = due(status=status)
    attended = status in {"pending", "processing", "unresolved", "in_transit", "returned"}
    assert sending.take_due(now=NOW) == (payout.pk if attended else None)


def test_both_legs_of_a_payout_take_twenty_statements_at_most(payout: Payout) -> None:
    """The number of statements limits how many payouts a core can send."""
    with CaptureQueriesContext(connection) as captured:
        tasks.attend_due(new=True)
    assert Payout.objects.exclude(stripe_transfer_id="").exclude(stripe_payout_id="").count() == 1
    transactions = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    gate, looked_again = 1, 2  # how old the check is; the clock, and that nothing more is due
    statements = [row["sql"] for row in captured if not row["sql"].startswith(transactions)]
    assert len(statements) - gate - looked_again <= 20


def test_a_payout_that_is_not_due_is_not_taken() -> None:
    due(next_retry_at=NOW + timedelta(seconds=1))
    due(next_retry_at=None)
    exactly = due(next_retry_at=NOW)
    assert taken(NOW) == [exactly.pk]


def test_a_taken_payout_is_left_to_its_worker_until_the_lease_ends() -> None:
    payout = due()
    assert taken(NOW) == [payout.pk]
    assert Payout.objects.get().taken_at == NOW
    assert taken(NOW) == []
    assert taken(NOW + policy.LEASE) == []
    assert taken(NOW + policy.LEASE + timedelta(seconds=1)) == [payout.pk]


def test_the_longest_due_payouts_come_first() -> None:
    late, later, latest = (due(next_retry_at=EARLIER - timedelta(minutes=ago)) for ago in (1, 2, 3))
    assert taken(NOW) == [latest.pk, later.pk, late.pk]


def test_payouts_sent_before_are_attended_to_while_nothing_new_is_sent() -> None:
    due()
    under_way = due(status=PayoutStatus.PROCESSING)
    assert sending.workers_wanted(now=NOW, new=False, at_most=10) == 1
    assert sending.take_due(now=NOW, new=False) == under_way.pk
    assert sending.take_due(now=NOW, new=False) is None


def test_workers_are_wanted_for_due_payouts_without_one() -> None:
    wanted = partial(sending.workers_wanted, new=True)
    assert wanted(now=NOW, at_most=10) == 0
    for _ in range(5):
        due()
    assert [wanted(now=NOW, at_most=number) for number in (10, 3, 0, -1)] == [5, 3, 0, 0]
    for _ in range(2):
        sending.take_due(now=NOW)
    assert [wanted(now=NOW, at_most=number) for number in (10, 3, 2)] == [3, 1, 0]
    assert wanted(now=NOW + policy.LEASE + timedelta(seconds=1), at_most=10) == 5


def test_the_sweep_asks_for_no_more_workers_than_keep_stripe_busy(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.STRIPE_REQUESTS_PER_SECOND = 1
    queued = notices.queue_length(tasks.QUEUE)
    monkeypatch.setattr(tasks, "SECONDS_A_PAYOUT", queued + 2)
    for _ in range(3):
        due(status=PayoutStatus.PROCESSING)
    for _ in range(2):
        tasks.sweep()
        assert notices.queue_length(tasks.QUEUE) == queued + 2


def test_a_worker_attends_to_due_payouts_for_its_turn_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attended: list[UUID] = []
    # Each takes more than half of a turn.
    monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=lambda: len(attended) * 0.6))
    monkeypatch.setattr(sending, "attend", lambda payout_id, now: attended.append(payout_id))
    first, second, third = (
        due(status=PayoutStatus.RETURNED, next_retry_at=EARLIER + timedelta(seconds=n)).pk for n in range(3)
    )
    monkeypatch.setattr(tasks, "TURN_SECONDS", 1)
    tasks.attend_due(new=True)
    assert attended == [first, second]
    tasks.attend_due(new=True)
    assert attended == [first, second, third]


def test_a_payout_that_fails_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = due(next_retry_at=EARLIER - timedelta(minutes=1)), due()
    attended: list[Any] = []

    def attend(payout_id: UUID, *, now: datetime) -> None:
        if payout_id == bad.pk:
            raise ValueError("mistake")
        attended.append(payout_id)

    monkeypatch.setattr(sending, "attend", attend)
    tasks.attend_due(new=True)
    assert attended == [good.pk]
    bad.refresh_from_db()
    assert (bad.errors, bad.taken_at) == (1, None)
    assert bad.next_retry_at is not None
    assert bad.next_retry_at > EARLIER


@pytest.mark.django_db(transaction=True)
def test_concurrent_workers_take_each_payout_once() -> None:
    payouts = [due() for _ in range(20)]
    shares = at_once(*[partial(taken, NOW)] * 4)
    assert sorted(chain.from_iterable(shares)) == sorted(payout.pk for payout in payouts)


def test_payouts_of_creators_without_a_hold_are_released() -> None:
    held = due(status=PayoutStatus.ON_HOLD, next_retry_at=None)
    sending.release_unheld(now=sql.now())
    held.refresh_from_db()
    assert held.status == PayoutStatus.PENDING
    assert held.next_retry_at is not None
