"""Leg two: arrived money goes to the bank once, and Stripe's later events about it count."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from database import sql
from payouts import gateway, policy
from payouts.gateway import BankPayout
from payouts.models import Payout, PayoutAttempt
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import unsound
from tests.payouts.sending import recorded, send_bank_payout, send_transfer
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db
SEND = {"method": "POST", "path": "/v1/payouts"}
LIST = {"method": "GET", "path": "/v1/payouts"}
ARRIVAL = {"method": "GET", "path": "/v1/charges/.*"}
CONFIRM = {"method": "GET", "path": "/v1/payouts/po_.*"}
LOST = [
    {**SEND, "kind": "connection_reset"},
    {**SEND, "kind": "timeout", "seconds": 0.01},
    {**SEND, "kind": "drop_response_after_work"},
    {**SEND, "kind": "status", "status": 500},
    {**SEND, "kind": "status", "status": 429, "code": "lock_timeout", "should_retry": False},
    {**SEND, "kind": "status", "status": 402},
]


class Bank:
    """Takes one transferred payout to the bank when it is next due."""

    def __init__(self, payout: Payout, sandbox: Stripe) -> None:
        self._pk = payout.pk
        self._sandbox = sandbox
        send_transfer(self._pk, now=sql.now())
        self.now: datetime = sql.now()
        assert self.payout.status == PayoutStatus.IN_TRANSIT

    def send(self, *, after: timedelta = timedelta()) -> Payout:
        self.now = max(self.now + after, self.payout.next_retry_at or self.now)
        send_bank_payout(self._pk, now=self.now)
        return self.payout

    def receive(self, status: str, **facts: str) -> bool:
        """Handle an event of the bank payout that was sent."""
        said = BankPayout(
            id=self.payout.stripe_payout_id,
            account=self.attempts[-1].destination,
            status=status,
            amount=self.payout.bank_amount or 0,
            currency="USD",
            arrival_date=None,
            failure_code=facts.get("failure_code", ""),
            failure_message=facts.get("failure_message", ""),
            created=self.now,
        )
        return recorded(said, now=self.now)

    @property
    def payout(self) -> Payout:
        return Payout.objects.get(pk=self._pk)

    @property
    def attempts(self) -> list[PayoutAttempt]:
        every = PayoutAttempt.objects.filter(payout=self._pk, kind=AttemptKind.BANK_PAYOUT)
        return list(every.order_by("created_at", "pk"))

    @property
    def sent(self) -> list[dict[str, Any]]:
        """What the connected account sent to its bank."""
        return list(self._sandbox.state()["payouts"])

    @property
    def requests(self) -> int:
        return int(self._sandbox.state()["requests"].get("POST /v1/payouts", 0))


@pytest.fixture
def bank(payout: Payout, sandbox: Stripe) -> Bank:
    return Bank(payout, sandbox)


def test_arrived_money_goes_to_the_bank(bank: Bank) -> None:
    payout = bank.send()
    (sent,) = bank.sent
    (attempt,) = bank.attempts
    assert payout.status == PayoutStatus.IN_TRANSIT
    assert payout.stripe_payout_id == sent["id"] == attempt.stripe_id
    assert (payout.bank_amount, payout.bank_currency) == (80_00, "USD")
    assert (sent["amount"], sent["currency"]) == (80_00, "usd")
    assert sent["metadata"] == attempt.metadata
    assert payout.arrival_date is not None
    assert attempt.status == AttemptStatus.SUCCEEDED


def test_it_goes_to_the_bank_once(bank: Bank) -> None:
    for wait in (timedelta(), timedelta(), timedelta(minutes=5)):
        send_bank_payout(bank.payout.pk, now=bank.now + wait)
    assert bank.requests == 1


@pytest.mark.parametrize("sandbox_options", [{"settle_seconds": 3600}])
def test_funds_that_are_not_available_yet_are_waited_for(bank: Bank) -> None:
    waiting = bank.send()
    assert waiting.next_retry_at is not None
    assert timedelta(minutes=59) < waiting.next_retry_at - bank.now < timedelta(minutes=61)
    assert not bank.attempts
    assert bank.requests == 0


@pytest.mark.parametrize("sandbox_options", [{"settle_seconds": 1}])
def test_once_available_funds_go_to_the_bank(bank: Bank) -> None:
    waiting = bank.send()
    assert waiting.next_retry_at is not None
    assert not bank.attempts
    available_at = waiting.next_retry_at
    wait_until(lambda: sql.now() >= available_at, seconds=10)
    assert bank.send().stripe_payout_id
    assert len(bank.attempts) == len(bank.sent) == 1


def test_a_failed_question_about_the_arrival_is_retried(bank: Bank, sandbox: Stripe) -> None:
    sandbox.inject({**ARRIVAL, "kind": "connection_reset", "count": 1})
    waiting = bank.send()
    assert waiting.next_retry_at == bank.now + policy.FIRST_LOOK_AT_ARRIVAL
    assert not bank.attempts
    assert bank.send().stripe_payout_id


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: f"{fault['kind']}-{fault.get('status', '')}")
def test_an_unknown_outcome_is_tried_again_under_the_same_key(
    bank: Bank, sandbox: Stripe, fault: dict[str, Any]
) -> None:
    sandbox.inject({**fault, "count": 1})
    unknown = bank.send()
    assert unknown.status == PayoutStatus.IN_TRANSIT
    assert not unknown.stripe_payout_id
    assert bank.send().stripe_payout_id
    assert len(bank.sent) == len(bank.attempts) == 1
    assert bank.attempts[0].sends == 2


@pytest.mark.parametrize("after_work", [False, True])
def test_after_a_worker_died_another_continues_under_the_same_key(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, after_work: bool
) -> None:
    create = gateway.create_bank_payout

    def die(attempt: PayoutAttempt) -> None:
        if after_work:
            create(attempt)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(gateway, "create_bank_payout", die)
        with pytest.raises(KeyboardInterrupt):
            bank.send()
    assert bank.send().stripe_payout_id
    assert bank.attempts[0].in_doubt
    assert len(bank.sent) == len(bank.attempts) == 1


@pytest.mark.parametrize(
    "code", ["account_closed", "amount_too_large", "payouts_not_allowed", "some_new_code"]
)
def test_a_refused_bank_payout_is_returned(bank: Bank, sandbox: Stripe, code: str) -> None:
    """The money is on the connected account: the payout keeps its rows, and nothing is in progress."""
    sandbox.inject({**SEND, "kind": "status", "status": 400, "code": code, "count": 1})
    returned = bank.send()
    assert (returned.status, returned.failure_code) == (PayoutStatus.RETURNED, code)
    assert returned.next_retry_at == bank.now + policy.LOOK_AT_RETURNED
    assert returned.claimed_earnings.exists()
    assert bank.attempts[0].status == AttemptStatus.REFUSED
    assert unsound() == {}
    bank.send(after=timedelta(days=1))
    assert bank.requests == 1


def test_missing_funds_are_waited_for_a_week_and_then_returned(bank: Bank, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "status", "status": 400, "code": "balance_insufficient"})
    first = bank.now
    for day in range(8):
        assert bank.send(after=first + timedelta(days=day) - bank.now).status == PayoutStatus.IN_TRANSIT
    assert bank.send().status == PayoutStatus.RETURNED
    assert {attempt.status for attempt in bank.attempts} == {AttemptStatus.REFUSED}


def test_missing_funds_go_to_the_bank_once_they_come(bank: Bank, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "status", "status": 400, "code": "balance_insufficient", "count": 1})
    bank.send()
    assert bank.send().stripe_payout_id
    assert [attempt.status for attempt in bank.attempts] == [AttemptStatus.REFUSED, AttemptStatus.SUCCEEDED]
    assert len(bank.sent) == 1


def test_a_saved_500_is_not_sent_again_and_a_new_key_is_used_once_absence_is_proved(
    bank: Bank, sandbox: Stripe
) -> None:
    sandbox.inject({**SEND, "kind": "abort_work", "status": 500, "count": 1})
    bank.send()
    last_sent = bank.now
    for _ in range(30):
        if bank.attempts[0].status != AttemptStatus.OPEN:
            break
        bank.send()
    assert bank.requests == 1
    assert bank.now - last_sent >= policy.ABSENCE_PROVED_AFTER
    assert bank.send().stripe_payout_id
    assert [attempt.status for attempt in bank.attempts] == [AttemptStatus.ABSENT, AttemptStatus.SUCCEEDED]
    assert len(bank.sent) == 1


def test_a_saved_500_that_did_the_work_is_found(bank: Bank, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "status", "status": 500, "after_work": True, "count": 1})
    bank.send()
    bank.send()
    assert bank.send().stripe_payout_id == bank.sent[0]["id"]
    assert len(bank.sent) == len(bank.attempts) == 1


def test_a_key_older_than_a_day_is_looked_up_and_never_sent_again(bank: Bank, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    bank.send()
    assert bank.send(after=timedelta(hours=24)).stripe_payout_id == bank.sent[0]["id"]
    assert bank.requests == 1


def test_a_look_up_finds_what_stripe_dates_before_our_send(bank: Bank, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    bank.send()
    ahead = sql.now() + timedelta(minutes=30)
    PayoutAttempt.objects.filter(kind=AttemptKind.BANK_PAYOUT).update(first_sent_at=ahead)
    assert bank.send(after=timedelta(hours=25)).stripe_payout_id == bank.sent[0]["id"]
    assert bank.requests == 1


def test_a_look_up_that_fails_settles_nothing(bank: Bank, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    bank.send()
    PayoutAttempt.objects.filter(kind=AttemptKind.BANK_PAYOUT).update(
        in_doubt=False, answered=False, first_sent_at=bank.now - timedelta(days=2)
    )
    sandbox.inject({**LIST, "kind": "status", "status": 400, "code": "account_closed", "count": 1})
    assert bank.send().status == PayoutStatus.IN_TRANSIT
    assert bank.attempts[0].status == AttemptStatus.OPEN
    PayoutAttempt.objects.filter(kind=AttemptKind.BANK_PAYOUT).update(first_sent_at=sql.now())
    assert bank.send().stripe_payout_id


def test_a_bank_payout_without_a_webhook_is_looked_up(bank: Bank) -> None:
    sent = bank.send()
    assert sent.next_retry_at == bank.now + policy.CONFIRM_AFTER
    paid = bank.send()
    assert (paid.status, paid.paid_at, paid.next_retry_at) == (PayoutStatus.PAID, bank.now, None)
    assert bank.requests == 1


def test_a_bank_payout_is_not_looked_up_before_it_is_due(bank: Bank, sandbox: Stripe) -> None:
    def asked() -> dict[str, int]:
        return {route: times for route, times in sandbox.state()["requests"].items() if "/v1/" in route}

    bank.send()
    before = asked()
    send_bank_payout(bank.payout.pk, now=bank.now + timedelta(hours=5, minutes=59))
    assert asked() == before
    send_bank_payout(bank.payout.pk, now=bank.now + timedelta(hours=6))
    assert asked() != before


@pytest.mark.parametrize("sandbox_options", [{"payout_seconds": 3600}])
def test_a_bank_payout_in_transit_is_looked_up_again(bank: Bank) -> None:
    bank.send()
    still = bank.send()
    assert (still.status, still.next_retry_at) == (PayoutStatus.IN_TRANSIT, bank.now + policy.CONFIRM_AFTER)


def test_a_failed_look_up_is_repeated(bank: Bank, sandbox: Stripe) -> None:
    bank.send()
    sandbox.inject({**CONFIRM, "kind": "connection_reset", "count": 1})
    assert bank.send().status == PayoutStatus.IN_TRANSIT
    assert bank.send().status == PayoutStatus.PAID


def test_paid_means_that_stripe_says_so(bank: Bank) -> None:
    bank.send()
    assert not bank.receive("pending")
    assert not bank.receive("in_transit")
    assert bank.payout.status == PayoutStatus.IN_TRANSIT
    assert bank.receive("paid")
    assert (bank.payout.status, bank.payout.paid_at) == (PayoutStatus.PAID, bank.now)
    assert unsound() == {}


@pytest.mark.parametrize("ended", ["failed", "canceled"])
@pytest.mark.parametrize("paid_before", [False, True])
def test_a_failed_bank_payout_is_returned(
    bank: Bank,
    ended: str,
    paid_before: bool,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    bank.send()
    if paid_before:
        assert bank.receive("paid")
    with django_capture_on_commit_callbacks() as notices:
        assert bank.receive(ended, failure_code="account_closed", failure_message="The account is closed.")
    returned = bank.payout
    assert (returned.status, returned.paid_at) == (PayoutStatus.RETURNED, None)
    assert (returned.failure_code, returned.failure_message) == ("account_closed", "The account is closed.")
    # Paid payouts count in the platform's figures, which must learn that this one no longer does.
    assert [notice.__qualname__ for notice in notices] == (["revenue.refresh"] if paid_before else [])
    assert unsound() == {}


def test_paid_after_failed_changes_nothing(bank: Bank) -> None:
    bank.send()
    bank.receive("failed")
    assert not bank.receive("paid")
    assert not bank.receive("failed")
    assert bank.payout.status == PayoutStatus.RETURNED
    assert bank.payout.events.filter(to_status="returned").count() == 1


def test_paid_twice_is_paid_once(bank: Bank) -> None:
    bank.send()
    assert bank.receive("paid")
    first = bank.payout
    bank.now += timedelta(days=1)
    assert not bank.receive("paid")
    assert bank.payout.paid_at == first.paid_at


def test_a_bank_payout_is_never_matched_by_its_amount(bank: Bank) -> None:
    bank.send()
    said = BankPayout(
        id="po_other",
        account="acct_other",
        status="paid",
        amount=80_00,
        currency="USD",
        arrival_date=None,
        failure_code="",
        failure_message="",
        created=bank.now,
    )
    assert not recorded(said, now=bank.now)
    assert bank.payout.status == PayoutStatus.IN_TRANSIT
