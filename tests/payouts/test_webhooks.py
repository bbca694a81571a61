"""The effect of Stripe's events on payouts, in any order."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from database import sql
from payouts.models import Difference, Payout, PayoutAttempt
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io import services as inbox
from stripe_io.models import InboxEvent, InboxOutcome
from tests.local_stripe import Stripe
from tests.payouts.market import unsound
from tests.payouts.sending import attend_returned, meanwhile, send_bank_payout, send_transfer

pytestmark = pytest.mark.django_db


class StripeEvents:
    """Delivers Stripe's events one at a time, and handles them."""

    def __init__(self, sandbox: Stripe) -> None:
        self._sandbox = sandbox

    def tell(self, event_type: str, **changes: Any) -> InboxEvent:
        """Deliver the latest event of this type, with changes to its object."""
        events = [event for event in self._sandbox.state()["events"] if event["type"] == event_type]
        return self.say(events[-1], **changes)

    def say(self, event: dict[str, Any], **changes: Any) -> InboxEvent:
        said = {**event, "data": {"object": {**event["data"]["object"], **changes}}}
        assert self._sandbox.post_event(said).status_code == 200
        return self.handle(event["id"])

    def handle(self, event_id: str, *, after: timedelta = timedelta()) -> InboxEvent:
        inbox.handle_event(event_id=event_id, now=sql.now() + after)
        return InboxEvent.objects.get(event=event_id)

    def like(self, event_type: str, template: str, **changes: Any) -> InboxEvent:
        """Deliver an event that the sandbox doesn't emit, modelled on one that it does."""
        events = [event for event in self._sandbox.state()["events"] if event["type"] == template]
        event = {**events[-1], "id": f"evt_{event_type}", "type": event_type}
        return self.say(event, **changes)


@pytest.fixture
def stripe(sandbox: Stripe) -> StripeEvents:
    return StripeEvents(sandbox)


def send(payout: Payout) -> Payout:
    send_transfer(payout.pk, now=sql.now())
    return Payout.objects.get()


def send_on(payout: Payout) -> Payout:
    send_bank_payout(payout.pk, now=sql.now())
    return Payout.objects.get()


def lose(sandbox: Stripe, path: str) -> None:
    sandbox.inject({"method": "POST", "path": path, "kind": "drop_response_after_work", "count": 1})


def test_an_event_of_the_other_mode_changes_no_payout(sent: Payout, sandbox: Stripe) -> None:
    send_on(sent)
    created = [event for event in sandbox.state()["events"] if event["type"] == "payout.created"][-1]
    failed = {**created["data"]["object"], "status": "failed", "livemode": True}
    other = created | {
        "id": "evt_other",
        "type": "payout.failed",
        "livemode": True,
        "data": {"object": failed},
    }
    assert sandbox.post_event(other).status_code == 200
    assert inbox.handle_due(at_most=10) == 0
    assert Payout.objects.get().status == PayoutStatus.IN_TRANSIT


def test_transfer_created_settles_a_lost_answer(
    payout: Payout, sandbox: Stripe, stripe: StripeEvents
) -> None:
    lose(sandbox, "/v1/transfers")
    assert send(payout).status == PayoutStatus.PROCESSING
    assert stripe.tell("transfer.created").outcome == InboxOutcome.HANDLED
    settled = Payout.objects.get()
    assert settled.status == PayoutStatus.IN_TRANSIT
    assert settled.stripe_transfer_id == sandbox.transfers()[0]["id"]
    assert settled.destination_payment == sandbox.transfers()[0]["destination_payment"]
    assert send_on(settled).stripe_payout_id
    assert unsound() == {}


def test_transfer_created_after_the_answer_changes_nothing(
    payout: Payout, sandbox: Stripe, stripe: StripeEvents
) -> None:
    before = send(payout)
    assert stripe.tell("transfer.created").handled_at is not None
    assert Payout.objects.get().status == before.status
    assert payout.events.filter(to_status="in_transit").count() == 1
    assert not Difference.objects.exists()


@pytest.mark.parametrize("named", [None, "no uuid", "01a204f8-1914-70f7-89c8-345e0d687d5e"])
def test_a_transfer_without_an_attempt_of_ours_is_set_aside(
    payout: Payout, stripe: StripeEvents, named: str | None
) -> None:
    send(payout)
    event = stripe.tell("transfer.created", id="tr_theirs", metadata={"attempt_id": named} if named else {})
    assert event.outcome == InboxOutcome.SET_ASIDE
    assert "no attempt of ours" in event.note


def test_a_transfer_of_ours_with_edited_metadata_is_still_ours(payout: Payout, stripe: StripeEvents) -> None:
    before = send(payout)
    assert stripe.like("transfer.updated", "transfer.created", metadata={}).outcome == InboxOutcome.HANDLED
    assert Payout.objects.get().status == before.status
    assert not Difference.objects.exists()


def test_payout_paid_makes_it_paid(payout: Payout, stripe: StripeEvents) -> None:
    send_on(send(payout))
    assert stripe.tell("payout.paid").outcome == InboxOutcome.HANDLED
    assert Payout.objects.get().status == PayoutStatus.PAID
    assert unsound() == {}


def test_payout_paid_settles_a_lost_answer(payout: Payout, sandbox: Stripe, stripe: StripeEvents) -> None:
    """The event comes before our own write: matched by the attempt in its metadata."""
    lose(sandbox, "/v1/payouts")
    assert send_on(send(payout)).stripe_payout_id == ""
    assert stripe.tell("payout.paid").outcome == InboxOutcome.HANDLED
    paid = Payout.objects.get()
    assert paid.status == PayoutStatus.PAID
    assert paid.stripe_payout_id == sandbox.state()["payouts"][0]["id"]
    attempt = PayoutAttempt.objects.get(kind=AttemptKind.BANK_PAYOUT)
    assert (attempt.status, attempt.stripe_id) == (AttemptStatus.SUCCEEDED, paid.stripe_payout_id)


@pytest.mark.parametrize("event_type", ["payout.failed", "payout.canceled"])
def test_a_bank_payout_that_fails_after_it_was_paid_is_returned(
    payout: Payout, stripe: StripeEvents, event_type: str
) -> None:
    send_on(send(payout))
    stripe.tell("payout.paid")
    event = stripe.like(
        event_type, "payout.paid", status=event_type.removeprefix("payout."), failure_code="account_closed"
    )
    assert event.outcome == InboxOutcome.HANDLED
    returned = Payout.objects.get()
    assert (returned.status, returned.failure_code) == (PayoutStatus.RETURNED, "account_closed")
    assert unsound() == {}


def test_payout_paid_after_payout_failed_changes_nothing(payout: Payout, stripe: StripeEvents) -> None:
    send_on(send(payout))
    stripe.like("payout.failed", "payout.paid", status="failed")
    assert stripe.tell("payout.paid").outcome == InboxOutcome.SET_ASIDE
    assert Payout.objects.get().status == PayoutStatus.RETURNED


def test_a_bank_payout_that_we_did_not_start_moves_no_payout(
    payout: Payout, sandbox: Stripe, stripe: StripeEvents
) -> None:
    """It is a difference, and until it is explained nothing more goes to the bank from there."""
    sent = send(payout)
    account = sent.attempts.get().destination
    foreign = sandbox.control(f"accounts/{account}/payout")
    event = stripe.tell("payout.created")
    assert event.outcome == InboxOutcome.HANDLED
    difference = Difference.objects.get()
    assert (difference.subject, difference.account, difference.amount) == (foreign["id"], account, 80_00)
    assert send_on(sent).status == PayoutStatus.IN_TRANSIT
    assert not PayoutAttempt.objects.filter(kind=AttemptKind.BANK_PAYOUT).exists()
    sandbox.control(f"payouts/{foreign['id']}/fail", failure_code="account_closed")
    stripe.tell("payout.failed")
    stripe.tell("payout.created")
    assert Difference.objects.get().resolved_by == "system"


@pytest.mark.parametrize("times", [2, 5])
def test_a_repeated_event_has_one_effect(payout: Payout, stripe: StripeEvents, times: int) -> None:
    send_on(send(payout))
    for _ in range(times):
        stripe.tell("payout.paid")
    assert payout.events.filter(to_status="paid").count() == 1
    assert InboxEvent.objects.get().tries == 1


def reversed_event(stripe: StripeEvents, amount: int = 80_00) -> InboxEvent:
    return stripe.like("transfer.reversed", "transfer.created", amount_reversed=amount, reversed=True)


def test_transfer_reversed_releases_the_rows(payout: Payout, stripe: StripeEvents) -> None:
    send(payout)
    assert reversed_event(stripe).outcome == InboxOutcome.HANDLED
    assert Payout.objects.get().status == PayoutStatus.REVERSED
    assert unsound() == {}


def test_a_reversal_event_before_our_own_write_is_not_lost(
    payout: Payout, sandbox: Stripe, stripe: StripeEvents
) -> None:
    """The transfer's answer was lost, and staff reversed it at Stripe at once."""
    lose(sandbox, "/v1/transfers")
    send(payout)
    assert reversed_event(stripe).outcome == InboxOutcome.HANDLED
    assert Payout.objects.get().status == PayoutStatus.REVERSED
    assert unsound() == {}


def test_a_reversal_that_cannot_be_recorded_yet_is_tried_again(
    payout: Payout, sandbox: Stripe, stripe: StripeEvents
) -> None:
    """A bank payout may be in progress; once it is known that none is, the reversal counts."""
    send(payout)
    sandbox.inject({"method": "POST", "path": "/v1/payouts", "kind": "connection_reset", "count": 1})
    send_on(payout)
    event = reversed_event(stripe)
    assert event.handled_at is None
    assert event.error.startswith("not yet")
    PayoutAttempt.objects.filter(kind=AttemptKind.BANK_PAYOUT).update(
        status=AttemptStatus.ABSENT, ended_at=sql.now()
    )
    assert stripe.handle(event.pk, after=timedelta(minutes=1)).outcome == InboxOutcome.HANDLED
    assert Payout.objects.get().status == PayoutStatus.REVERSED


def test_a_partial_reversal_is_handled_as_a_difference(payout: Payout, stripe: StripeEvents) -> None:
    send(payout)
    assert reversed_event(stripe, amount=1).outcome == InboxOutcome.HANDLED
    assert Payout.objects.get().status == PayoutStatus.IN_TRANSIT
    assert Difference.objects.get().amount == -1


@pytest.mark.parametrize("sandbox_options", [{"settle_seconds": 3600}])
def test_available_funds_resume_payouts_that_wait_for_them(
    payout: Payout, sandbox: Stripe, stripe: StripeEvents
) -> None:
    sandbox.control("clock", advance=3600)  # the platform's own funds
    waiting = send_on(send(payout))
    assert waiting.next_retry_at is not None
    assert waiting.next_retry_at > sql.now() + timedelta(minutes=30)
    sandbox.control("clock", advance=7200)
    account = waiting.attempts.get().destination
    (event,) = (
        each
        for each in sandbox.state()["events"]
        if each["type"] == "balance.available" and each.get("account") == account
    )
    assert stripe.say(event).outcome == InboxOutcome.HANDLED
    woken = Payout.objects.get()
    assert woken.next_retry_at is not None
    assert woken.next_retry_at <= sql.now()


ORDERS = [["transfer.created", "payout.paid"], ["payout.paid", "transfer.created"]]


@pytest.mark.parametrize("order", ORDERS, ids="-then-".join)
def test_events_have_the_same_effect_in_any_order(
    payout: Payout, stripe: StripeEvents, order: list[str]
) -> None:
    send_on(send(payout))
    tell: Callable[[str], InboxEvent] = stripe.tell
    assert all(tell(event_type).handled_at for event_type in order * 2)
    assert Payout.objects.get().status == PayoutStatus.PAID
    assert unsound() == {}


def prove_absent(payout: Payout, sandbox: Stripe) -> PayoutAttempt:
    """Keep a bank payout from arriving at Stripe, and look it up without success."""
    sandbox.inject({"method": "POST", "path": "/v1/payouts", "kind": "connection_reset", "count": 1})
    send_on(send(payout))
    age(days=2)
    attempt = PayoutAttempt.objects.get(kind=AttemptKind.BANK_PAYOUT)
    send_bank_payout(payout.pk, now=due(payout))
    attempt.refresh_from_db()
    assert attempt.status == AttemptStatus.ABSENT
    return attempt


def age(*, days: int) -> None:
    """Date all attempts so many days ago."""
    then = sql.now() - timedelta(days=days)
    PayoutAttempt.objects.update(first_sent_at=then, last_sent_at=then)


def due(payout: Payout) -> datetime:
    moment = Payout.objects.get(pk=payout.pk).next_retry_at
    assert moment is not None
    return moment


def test_a_transfer_that_names_a_bank_payouts_attempt_settles_nothing(
    payout: Payout, sandbox: Stripe, stripe: StripeEvents
) -> None:
    lose(sandbox, "/v1/payouts")
    send_on(send(payout))
    attempt = PayoutAttempt.objects.get(kind=AttemptKind.BANK_PAYOUT)
    event = stripe.tell("transfer.created", id="tr_other", metadata=attempt.metadata)
    assert event.outcome == InboxOutcome.SET_ASIDE
    attempt.refresh_from_db()
    assert (attempt.status, attempt.stripe_id) == (AttemptStatus.OPEN, "")


def test_a_second_bank_payout_of_a_payout_is_one_too_many(
    payout: Payout, sandbox: Stripe, stripe: StripeEvents
) -> None:
    """The first was thought absent, and is found after another was sent."""
    first = prove_absent(payout, sandbox)
    send_bank_payout(payout.pk, now=due(payout))
    (own,) = sandbox.state()["payouts"]
    stripe.tell("payout.created", id="po_late", status="pending", metadata=first.metadata)
    assert Payout.objects.get().stripe_payout_id == own["id"]
    difference = Difference.objects.get()
    assert (difference.kind, difference.subject) == ("foreign_bank_payout", "po_late")


def test_a_bank_payout_of_a_payout_that_is_over_is_one_too_many(
    payout: Payout, sandbox: Stripe, stripe: StripeEvents
) -> None:
    first = prove_absent(payout, sandbox)
    assert reversed_event(stripe).outcome == InboxOutcome.HANDLED
    late = sandbox.control(f"accounts/{first.destination}/payout")
    stripe.tell("payout.created", metadata=first.metadata)
    over = Payout.objects.get()
    assert (over.status, over.stripe_payout_id, over.next_retry_at) == (PayoutStatus.REVERSED, "", None)
    difference = Difference.objects.get()
    assert (difference.kind, difference.subject) == ("foreign_bank_payout", late["id"])


def hear(sandbox: Stripe) -> None:
    sandbox.deliver_webhooks()
    inbox.handle_due(at_most=100)


def test_a_debit_by_stripe_is_a_difference_that_stops_no_bank_payout(sent: Payout, sandbox: Stripe) -> None:
    account = PayoutAttempt.objects.get().destination
    debit = sandbox.control(f"accounts/{account}/debit", amount=12_00)
    hear(sandbox)
    difference = Difference.objects.get()
    assert (difference.kind, difference.subject, difference.amount) == ("stripe_debit", debit["id"], -12_00)
    assert difference.creator == sent.creator
    send_on(sent)
    assert Payout.objects.get().stripe_payout_id
    assert unsound() == {}


def test_a_debit_that_bounces_is_resolved(sent: Payout, sandbox: Stripe) -> None:
    account = PayoutAttempt.objects.get().destination
    debit = sandbox.control(f"accounts/{account}/debit", amount=12_00)
    hear(sandbox)
    sandbox.control(f"payouts/{debit['id']}/fail", failure_code="insufficient_funds")
    hear(sandbox)
    assert Difference.objects.get().resolved_at


def reverse_at_bank(sandbox: Stripe, payout: Payout) -> dict[str, Any]:
    return sandbox.control(f"payouts/{payout.stripe_payout_id}/reverse")


def test_a_bank_payout_that_is_reversed_is_returned_once_the_money_is_back(
    paid: Payout, sandbox: Stripe
) -> None:
    reversal = reverse_at_bank(sandbox, paid)
    hear(sandbox)
    returned = Payout.objects.get()
    assert (returned.status, returned.failure_code) == (PayoutStatus.RETURNED, "reversed")
    difference = Difference.objects.get()
    assert (difference.kind, difference.subject) == ("bank_payout_reversed", reversal["id"])
    assert unsound() == {}
    assert returned.next_retry_at
    attend_returned(returned.pk, now=returned.next_retry_at)
    send_bank_payout(returned.pk, now=returned.next_retry_at)
    assert Payout.objects.get().stripe_payout_id != paid.stripe_payout_id
    assert unsound() == {}


def test_an_event_of_the_reversal_alone_returns_the_payout_whoever_makes_bank_payouts_now(
    paid: Payout, sandbox: Stripe, settings: Settings
) -> None:
    settings.BANK_PAYOUTS_BY_STRIPE = True
    reversal = reverse_at_bank(sandbox, paid)
    tell = [
        event
        for event in sandbox.state("events")["events"]
        if event["data"]["object"].get("id") == reversal["id"]
    ]
    sandbox.post_event(tell[-1])
    inbox.handle_event(event_id=tell[-1]["id"], now=sql.now())
    assert Payout.objects.get().status == PayoutStatus.RETURNED


@pytest.mark.parametrize("sandbox_options", [{"payout_seconds": 3_600}])
def test_a_reversal_that_is_under_way_moves_no_payout(sent: Payout, sandbox: Stripe) -> None:
    send_on(sent)
    sandbox.control("clock", advance=3_600)
    hear(sandbox)
    reverse_at_bank(sandbox, Payout.objects.get())
    hear(sandbox)
    assert Payout.objects.get().status == PayoutStatus.PAID
    sandbox.control("clock", advance=3_600)
    hear(sandbox)
    assert Payout.objects.get().status == PayoutStatus.RETURNED


@pytest.mark.django_db(transaction=True)
def test_a_transfer_recorded_during_a_failed_look_up_goes_to_the_bank_at_once(
    payout: Payout, sandbox: Stripe, stripe: StripeEvents
) -> None:
    lose(sandbox, "/v1/transfers")
    send(payout)
    age(days=2)
    sandbox.inject({"method": "GET", "path": "/v1/transfers", "kind": "timeout", "seconds": 1})
    meanwhile(
        sandbox,
        "GET /v1/transfers",
        ask=lambda: send_transfer(payout.pk, now=due(payout)),
        tell=lambda: stripe.tell("transfer.created"),
    )
    assert Payout.objects.get().status == PayoutStatus.IN_TRANSIT
    assert due(payout) <= sql.now()


@pytest.mark.django_db(transaction=True)
def test_a_bank_payout_recorded_during_an_empty_look_up_is_not_absent(
    payout: Payout, sandbox: Stripe, stripe: StripeEvents
) -> None:
    sandbox.inject({"method": "POST", "path": "/v1/payouts", "kind": "connection_reset", "count": 1})
    send_on(send(payout))
    age(days=2)
    attempt = PayoutAttempt.objects.get(kind=AttemptKind.BANK_PAYOUT)
    told = sandbox.control(f"accounts/{attempt.destination}/payout")
    sandbox.inject({"method": "GET", "path": "/v1/payouts", "kind": "latency_ms", "latency_ms": 1_000})
    falls_due: list[datetime | None] = []

    def tell() -> None:
        stripe.tell("payout.created", metadata=attempt.metadata)
        falls_due.append(Payout.objects.get().next_retry_at)

    meanwhile(
        sandbox,
        "GET /v1/payouts",
        ask=lambda: send_bank_payout(payout.pk, now=due(payout)),
        tell=tell,
    )
    attempt.refresh_from_db()
    assert (attempt.status, attempt.stripe_id) == (AttemptStatus.SUCCEEDED, told["id"])
    settled = Payout.objects.get()
    assert (settled.stripe_payout_id, [settled.next_retry_at]) == (told["id"], falls_due)


@pytest.mark.django_db(transaction=True)
def test_a_payout_paid_during_a_failed_question_never_falls_due_again(
    payout: Payout, sandbox: Stripe, stripe: StripeEvents
) -> None:
    send_on(send(payout))
    sandbox.inject({"method": "GET", "path": "/v1/payouts/po_.*", "kind": "timeout", "seconds": 1})
    meanwhile(
        sandbox,
        "GET /v1/payouts/{id}",
        ask=lambda: send_bank_payout(payout.pk, now=due(payout)),
        tell=lambda: stripe.tell("payout.paid"),
    )
    paid = Payout.objects.get()
    assert (paid.status, paid.next_retry_at) == (PayoutStatus.PAID, None)
