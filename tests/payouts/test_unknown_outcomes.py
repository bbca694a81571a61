"""Leg one with an unknown outcome: the same key or a look-up, and never twice."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from accounts.models import CreatorPaymentAccount
from database import sql
from database.staff import Act
from payouts import gateway, policy
from payouts.errors import NotPaused
from payouts.models import Payout, PayoutAttempt
from payouts.services import sending
from payouts.services.deciding import pauses
from payouts.states import AttemptStatus, PayoutStatus
from tests.factories import PayoutFactory
from tests.local_stripe import Stripe
from tests.payouts.market import Market, unsound
from tests.payouts.sending import (
    BEFORE_THE_WORK,
    LIST,
    LOST,
    REFUSAL,
    SEND,
    Sender,
    meanwhile,
    named,
    requests,
    send_transfer,
    taken,
)
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def sender(payout: Payout) -> Sender:
    return Sender(payout)


@pytest.mark.parametrize("fault", [fault for fault in LOST if "type" not in fault], ids=named)
def test_an_unknown_outcome_is_tried_again_under_the_same_key(
    sender: Sender, sandbox: Stripe, fault: dict[str, Any]
) -> None:
    sandbox.inject({**fault, "count": 1})
    unknown = sender.send()
    assert unknown.status in {PayoutStatus.PROCESSING, PayoutStatus.UNRESOLVED}
    assert unknown.next_retry_at is not None
    assert unknown.next_retry_at > sender.now
    (attempt,) = sender.attempts
    assert attempt.status == AttemptStatus.OPEN
    assert attempt.in_doubt
    sender.send_until(PayoutStatus.IN_TRANSIT)
    assert len(sandbox.transfers()) == 1
    assert [attempt.idempotency_key for attempt in sender.attempts] == [attempt.idempotency_key]
    assert unsound() == {}


@pytest.mark.parametrize("after_work", [False, True])
def test_after_a_worker_died_another_continues_under_the_same_key(
    sender: Sender, sandbox: Stripe, monkeypatch: pytest.MonkeyPatch, after_work: bool
) -> None:
    create = gateway.create_transfer

    def die(attempt: PayoutAttempt) -> None:
        if after_work:
            create(attempt)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(gateway, "create_transfer", die)
        with pytest.raises(KeyboardInterrupt):
            sending.attend(sender.payout.pk, now=sender.now)
    left = sender.payout
    assert left.status == PayoutStatus.PROCESSING
    assert left.next_retry_at == sender.now + policy.LEASE
    send_transfer(left.pk, now=sender.now)
    assert requests(sandbox) == (1 if after_work else 0)
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    (attempt,) = sender.attempts
    assert attempt.in_doubt
    assert attempt.sends == 2
    assert len(sandbox.transfers()) == 1
    assert unsound() == {}


def test_after_a_worker_died_no_error_ends_the_attempt(
    sender: Sender, sandbox: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dead worker may have sent the money; a refusal of the second send proves nothing about the first."""
    create = gateway.create_transfer

    def die(attempt: PayoutAttempt) -> None:
        create(attempt)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(gateway, "create_transfer", die)
        with pytest.raises(KeyboardInterrupt):
            sender.send()
    sandbox.inject({**REFUSAL, "count": 1})
    assert sender.send().status == PayoutStatus.PROCESSING
    assert sender.attempts[0].status == AttemptStatus.OPEN
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1


@pytest.mark.parametrize("fault", BEFORE_THE_WORK, ids=named)
def test_an_error_before_the_work_proves_nothing(
    sender: Sender, sandbox: Stripe, fault: dict[str, Any]
) -> None:
    """401, 403 and 429: this send did nothing, an earlier one may have."""
    sandbox.inject({**fault, "count": 1})
    assert sender.send().status == PayoutStatus.PROCESSING
    (attempt,) = sender.attempts
    assert (attempt.status, attempt.in_doubt) == (AttemptStatus.OPEN, False)
    _resume(sender)
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1


@pytest.mark.parametrize("fault", BEFORE_THE_WORK, ids=named)
def test_an_error_before_the_work_removes_no_doubt(
    sender: Sender, sandbox: Stripe, fault: dict[str, Any]
) -> None:
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    sender.send()
    sandbox.inject({**fault, "count": 1})
    sender.send()
    _resume(sender)
    sandbox.inject({**REFUSAL, "count": 1})
    assert sender.send().status == PayoutStatus.PROCESSING
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1


def _resume(sender: Sender) -> None:
    """Have staff lift the pause, if a refused key opened one."""
    with suppress(NotPaused):
        pauses.resume_sending(act=Act("dana", "The key is right"), now=sender.now)


def test_the_wait_grows_with_each_try() -> None:
    now = sql.now()
    for sends in range(1, 40):
        attempt = PayoutAttempt(sends=sends)
        longest = min(timedelta(seconds=5) * 2 ** (sends - 1), timedelta(hours=1))
        for _ in range(20):
            wait = policy.next_try(attempt, now=now) - now
            assert timedelta(seconds=1) <= wait <= longest + timedelta(seconds=1)


def test_a_key_used_for_something_else_means_unknown_and_never_failed(
    sender: Sender, sandbox: Stripe
) -> None:
    """Same key, other parameters: only a look-up can settle it."""
    sandbox.inject(
        {**SEND, "kind": "connection_reset", "count": 1},
        {**SEND, "kind": "status", "status": 400, "type": "idempotency_error", "count": 1},
    )
    assert sender.send().status == PayoutStatus.PROCESSING
    assert sender.send().status == PayoutStatus.UNRESOLVED
    assert sender.attempts[0].resendable is False
    for _ in range(3):
        sender.send()
    assert requests(sandbox) == 2
    assert sender.payout.status == PayoutStatus.UNRESOLVED


def test_a_key_that_is_in_use_is_looked_up_and_another_sent_once_nothing_is_there(
    sender: Sender, sandbox: Stripe
) -> None:
    in_use = {"status": 409, "type": "idempotency_error", "code": "idempotency_key_in_use"}
    sandbox.inject({**SEND, "kind": "status", **in_use, "count": 1})
    sender.send()
    sender.send_until(PayoutStatus.IN_TRANSIT)
    assert len(sandbox.transfers()) == 1
    assert len({attempt.idempotency_key for attempt in sender.attempts}) == 2
    assert unsound() == {}


def test_a_saved_500_is_noticed_and_not_sent_again(sender: Sender, sandbox: Stripe) -> None:
    """Stripe would repeat it for a day, and says so; what is absent an hour after the send never happened."""
    sandbox.inject({**SEND, "kind": "abort_work", "status": 500, "count": 1})
    assert sender.send().status == PayoutStatus.UNRESOLVED
    last_sent = sender.now
    while sender.now < last_sent + policy.ABSENCE_PROVED_AFTER:
        assert sender.payout.status == PayoutStatus.UNRESOLVED
        sender.send(after=timedelta(minutes=10))
    assert requests(sandbox) == 1
    assert sender.payout.status == PayoutStatus.PENDING
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    first, second = sender.attempts
    assert (first.status, second.status) == (AttemptStatus.ABSENT, AttemptStatus.SUCCEEDED)
    assert first.idempotency_key != second.idempotency_key
    assert len(sandbox.transfers()) == 1
    assert unsound() == {}


def test_a_saved_500_that_did_the_work_is_found(sender: Sender, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "status", "status": 500, "after_work": True, "count": 1})
    sender.send()
    sender.send()
    assert sender.payout.status == PayoutStatus.UNRESOLVED
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1
    assert len(sender.attempts) == 1
    assert unsound() == {}


def test_a_key_older_than_a_day_is_looked_up_and_never_sent_again(sender: Sender, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    sender.send()
    PayoutAttempt.objects.update(
        first_sent_at=sender.now - timedelta(hours=24), last_sent_at=sender.now - timedelta(hours=24)
    )
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert requests(sandbox) == 1
    assert len(sandbox.transfers()) == 1


def test_a_key_older_than_a_day_whose_transfer_is_absent_gives_way_to_a_new_one(
    sender: Sender, sandbox: Stripe
) -> None:
    sandbox.inject({**SEND, "kind": "connection_reset", "count": 1})
    sender.send()
    sender.send(after=timedelta(hours=24))
    assert sender.payout.status == PayoutStatus.PENDING
    assert requests(sandbox) == 1
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert [attempt.status for attempt in sender.attempts] == [AttemptStatus.ABSENT, AttemptStatus.SUCCEEDED]
    assert len(sandbox.transfers()) == 1


def test_a_lasting_unknown_outcome_becomes_unresolved_and_never_failed(
    sender: Sender, sandbox: Stripe
) -> None:
    sandbox.inject({**SEND, "kind": "connection_reset"})
    for _ in range(11):
        assert sender.send().status == PayoutStatus.PROCESSING
    assert sender.send().status == PayoutStatus.UNRESOLVED
    assert requests(sandbox) == 12
    sender.send()
    assert requests(sandbox) == 12


def test_a_look_up_that_fails_settles_nothing(sender: Sender, sandbox: Stripe) -> None:
    """The worker died after the work; once the key is too old, the look-up fails with the code of a refusal."""
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    sender.send()
    PayoutAttempt.objects.update(in_doubt=False, answered=False, first_sent_at=sender.now - timedelta(days=2))
    for fault in (
        {**LIST, "kind": "status", "status": 429, "code": "rate_limit"},
        {**LIST, "kind": "status", "status": 400, "code": "account_closed"},
        {**LIST, "kind": "connection_reset"},
    ):
        sandbox.inject({**fault, "count": 1})
        assert sender.send().status in {PayoutStatus.PROCESSING, PayoutStatus.UNRESOLVED}
        assert sender.attempts[0].status == AttemptStatus.OPEN
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1


def test_while_the_outcome_is_unknown_the_destination_stays(
    market: Market, sender: Sender, sandbox: Stripe
) -> None:
    """An attempt goes where it was first sent, or nowhere."""
    old = CreatorPaymentAccount.objects.get()
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    sender.send()
    CreatorPaymentAccount.objects.update(replaced_at=sender.now)
    market.onboard(sender.payout.creator)
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    (transfer,) = sandbox.transfers()
    assert transfer["destination"] == old.stripe_account_id


@pytest.mark.django_db(transaction=True)
def test_concurrent_workers_send_an_unknown_outcome_once(sender: Sender, sandbox: Stripe) -> None:
    """Even if both send, one key moves the money once."""
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    sender.send()
    pk, due = sender.payout.pk, sender.payout.next_retry_at
    assert due is not None

    def work(lateness: timedelta) -> Callable[[], None]:
        return lambda: send_transfer(pk, now=due + lateness)

    at_once(*[work(timedelta(minutes=2 * number)) for number in range(4)])
    assert sender.payout.status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1
    assert len(sender.attempts) == 1


def test_an_unresolved_payout_is_looked_up_a_dozen_times_and_not_a_thousand(
    sender: Sender, sandbox: Stripe
) -> None:
    sandbox.inject({**SEND, "kind": "abort_work", "status": 500, "count": 1})
    sender.send()
    sender.send_until(PayoutStatus.PENDING)
    assert sandbox.state()["requests"]["GET /v1/transfers"] <= 24


def test_nothing_is_sent_to_a_creator_with_an_unresolved_payout(payout: Payout, sandbox: Stripe) -> None:
    Payout.objects.filter(pk=payout.pk).update(status=PayoutStatus.UNRESOLVED)
    second = PayoutFactory.create(creator=payout.creator, currency="EUR", next_retry_at=sql.now())
    assert Sender(second).send().status == PayoutStatus.PENDING
    assert requests(sandbox) == 0


@pytest.mark.parametrize("fault", BEFORE_THE_WORK, ids=named)
def test_a_send_that_was_answered_leaves_no_doubt(
    sender: Sender, sandbox: Stripe, fault: dict[str, Any]
) -> None:
    """It did nothing, so that a refusal of the next send proves that nothing moved."""
    sandbox.inject({**fault, "count": 1})
    sender.send()
    _resume(sender)
    sandbox.inject({**REFUSAL, "count": 1})
    assert sender.send().status == PayoutStatus.FAILED


def test_the_age_of_a_key_counts_from_its_first_send(sender: Sender, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "connection_reset", "count": 2})
    sender.send()
    first = sender.now
    sender.send(after=timedelta(hours=12))
    sender.send(after=first + timedelta(hours=24) - sender.now)
    assert requests(sandbox) == 2
    assert sender.payout.status == PayoutStatus.PENDING


def test_absence_is_proved_an_hour_after_the_last_send(sender: Sender, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "connection_reset", "count": 2})
    sender.send()
    first = sender.now
    sender.send(after=timedelta(hours=23, minutes=50))
    assert sender.send(after=first + timedelta(hours=24) - sender.now).status == PayoutStatus.UNRESOLVED
    assert sender.attempts[0].status == AttemptStatus.OPEN
    assert sender.send(after=timedelta(hours=1)).status == PayoutStatus.PENDING
    assert sender.attempts[0].status == AttemptStatus.ABSENT
    assert requests(sandbox) == 2


@pytest.mark.django_db(transaction=True)
def test_workers_within_one_minute_send_an_unknown_outcome_once_more(sender: Sender, sandbox: Stripe) -> None:
    sandbox.inject(
        {**SEND, "kind": "connection_reset", "count": 1}, {**SEND, "kind": "latency_ms", "latency_ms": 300}
    )
    pk, due = sender.payout.pk, sender.send().next_retry_at
    assert due is not None
    workers: list[Callable[[], None]] = [lambda: send_transfer(pk, now=due)] * 4
    at_once(*workers)
    assert sender.payout.status == PayoutStatus.IN_TRANSIT
    assert requests(sandbox) == 2


@pytest.mark.django_db(transaction=True)
def test_during_a_call_nobody_else_takes_the_payout(sender: Sender, sandbox: Stripe) -> None:
    """Not even at the moment when it falls due again: its worker counts as lost only after that."""
    sandbox.inject(
        {**SEND, "kind": "connection_reset", "count": 1},
        {**SEND, "kind": "latency_ms", "latency_ms": 1_000},
    )
    pk, due = sender.payout.pk, sender.send().next_retry_at
    assert due is not None
    others: list[UUID] = []
    meanwhile(
        sandbox,
        "POST /v1/transfers",
        ask=lambda: send_transfer(pk, now=due),
        tell=lambda: others.extend(taken(due + timedelta(minutes=1))),
    )
    assert others == []
    assert sender.payout.status == PayoutStatus.IN_TRANSIT
