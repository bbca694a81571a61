"""Staff hold, release and cancel safely while workers run, and their name and reason are stored."""

import json
from contextlib import suppress
from io import StringIO
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from pytest_django import Settings

from accounts.errors import AlreadyOnHold
from accounts.models import Hold, HoldSource
from accounts.services.holds import place_hold
from database import sql
from database.models import RecordedAct
from database.staff import Act, person_behind
from ledger.models import AccountKind
from payouts.errors import ActNotPossible, IllegalMove, NotRetryable
from payouts.management.commands.intervene import PAYOUT_ACTS
from payouts.models import Payout, RunDecision
from payouts.services.moves import move
from payouts.services.staff import interventions
from payouts.states import STAFF_ACTS, PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import Market, balance, unsound
from tests.payouts.sending import send_transfer
from tests.threads import at_once, wait_for_locked_out

WHY = Act("dana", "Looks odd")
SEND = {"method": "POST", "path": "/v1/transfers"}


def send(payout: Payout) -> Payout:
    send_transfer(payout.pk, now=sql.now())
    return Payout.objects.get(pk=payout.pk)


@pytest.mark.django_db
def test_a_hold_stops_waiting_payouts_and_a_release_resumes_them_once(
    payout: Payout, sandbox: Stripe
) -> None:
    interventions.hold_creator(payout.creator, act=WHY, now=sql.now())
    assert send(payout).status == PayoutStatus.ON_HOLD
    event = payout.events.latest("pk")
    assert (event.actor, event.reason) == ("dana", "Looks odd")
    assert interventions.release_creator(payout.creator, act=Act("erin", "All well"), now=sql.now()) == 1
    assert send(payout).status == PayoutStatus.IN_TRANSIT
    hold = Hold.objects.get()
    assert (hold.placed_by, hold.lifted_by, hold.lift_reason) == ("dana", "erin", "All well")
    assert len(sandbox.transfers()) == 1


@pytest.mark.django_db(transaction=True)
def test_of_people_who_hold_a_creator_at_once_one_does(payout: Payout) -> None:
    def hold(act: Act) -> str:
        try:
            interventions.hold_creator(payout.creator, act=act, now=sql.now())
        except AlreadyOnHold as refusal:
            return str(refusal)
        return ""

    told = at_once(lambda: hold(WHY), lambda: hold(Act("erin via console", "A complaint")))
    placed = Hold.objects.get()
    said = f"{person_behind(placed.placed_by)} already holds {payout.creator}: {placed.reason}"
    assert sorted(told) == ["", said]
    assert RecordedAct.objects.count() == 1


@pytest.mark.django_db
def test_staff_lift_only_what_staff_placed(payout: Payout) -> None:
    place_hold(payout.creator, source=HoldSource.STRIPE, act=Act("stripe", "disputes"))
    interventions.hold_creator(payout.creator, act=WHY, now=sql.now())
    assert interventions.release_creator(payout.creator, act=WHY, now=sql.now()) == 1
    assert Payout.objects.get().status == PayoutStatus.ON_HOLD
    assert Hold.objects.get(lifted_at=None).source == HoldSource.STRIPE


@pytest.mark.django_db
def test_a_cancelled_payout_releases_its_rows_and_is_never_sent(
    payout: Payout, market: Market, sandbox: Stripe
) -> None:
    interventions.cancel_payout(payout.pk, act=WHY, now=sql.now())
    assert send(payout).status == PayoutStatus.CANCELLED
    assert sandbox.transfers() == []
    assert balance(payout.creator_id, AccountKind.CREATOR_PAYABLE) == payout.net_amount
    assert unsound() == {}
    market.run()
    again = Payout.objects.exclude(pk=payout.pk).get()
    assert again.net_amount == payout.net_amount
    assert RunDecision.objects.get().payout == again


@pytest.mark.django_db
def test_a_held_payout_can_be_cancelled(payout: Payout) -> None:
    interventions.hold_creator(payout.creator, act=WHY, now=sql.now())
    assert interventions.cancel_payout(payout.pk, act=WHY, now=sql.now()).status == PayoutStatus.CANCELLED
    assert unsound() == {}


@pytest.mark.django_db
def test_what_may_have_been_sent_cannot_be_cancelled(payout: Payout, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    assert send(payout).status == PayoutStatus.PROCESSING
    with pytest.raises(IllegalMove):
        interventions.cancel_payout(payout.pk, act=WHY, now=sql.now())
    assert Payout.objects.get().status == PayoutStatus.PROCESSING


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(5))
def test_of_a_concurrent_cancel_and_transfer_exactly_one_wins(
    payout: Payout, sandbox: Stripe, round_: int
) -> None:
    def cancel() -> bool:
        try:
            interventions.cancel_payout(payout.pk, act=WHY, now=sql.now())
        except IllegalMove:
            return False
        return True

    def transfer() -> bool:
        return send(payout).status == PayoutStatus.IN_TRANSIT

    cancelled, sent = at_once(cancel, transfer)
    assert cancelled is not sent
    assert len(sandbox.transfers()) == sent
    assert Payout.objects.get().status == (PayoutStatus.CANCELLED if cancelled else PayoutStatus.IN_TRANSIT)
    assert unsound() == {}


@pytest.mark.django_db(transaction=True)
def test_a_hold_waits_for_a_send_in_progress_and_then_applies(payout: Payout) -> None:
    begun = Event()

    def begin_to_send() -> None:
        with transaction.atomic():
            sending = Payout.objects.select_for_update().get()
            begun.set()
            wait_for_locked_out()
            move(sending, PayoutStatus.PROCESSING, now=sql.now(), reason="sending")

    def hold() -> None:
        assert begun.wait(10)
        interventions.hold_creator(payout.creator, act=WHY, now=sql.now())

    at_once(begin_to_send, hold)
    assert Payout.objects.get().status == PayoutStatus.PROCESSING
    assert Hold.objects.get().lifted_at is None


@pytest.mark.django_db(transaction=True)
def test_of_two_cancels_one_releases_the_rows(payout: Payout) -> None:
    def cancel() -> bool:
        try:
            interventions.cancel_payout(payout.pk, act=WHY, now=sql.now())
        except IllegalMove:
            return False
        return True

    assert sorted(at_once(cancel, cancel)) == [False, True]
    assert unsound() == {}


@pytest.mark.usefixtures("dana_and_erin")
def test_the_command_does_each(payout: Payout) -> None:
    def intervene(*arguments: str) -> dict[str, Any]:
        out = StringIO()
        call_command("intervene", *arguments, "--reason", "Odd", "--actor", "dana", "--json", stdout=out)
        return dict(json.loads(out.getvalue()))

    assert intervene("hold", "alice")["hold"] == str(Hold.objects.get().pk)
    assert intervene("release", "alice") == {"lifted": 1}
    assert intervene("cancel", str(payout.pk)) == {"payout": str(payout.pk), "status": "cancelled"}
    assert intervene("sync", str(payout.pk)) == {"payout": str(payout.pk), "status": "cancelled"}
    again = intervene("retry", str(payout.pk))
    assert again == {"payout": str(payout.retried_as.pk), "status": "pending"}
    send_transfer(payout.retried_as.pk, now=sql.now())
    assert intervene("reverse", again["payout"]) == {"payout": again["payout"], "status": "reversed"}
    for refused in (
        ("cancel", str(payout.pk)),
        ("cancel", str(uuid4())),
        ("retry", str(payout.pk)),
        ("reverse", str(payout.pk)),
        ("settle", str(payout.pk)),
        ("sync", str(uuid4())),
        ("hold", "nobody"),
    ):
        with pytest.raises(CommandError):
            intervene(*refused)


def said_no(*arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        call_command("intervene", *arguments, "--reason", "Odd", "--actor", "dana")
    return str(refused.value)


@pytest.mark.usefixtures("dana_and_erin")
def test_a_refused_act_says_the_payouts_status_and_what_can_be_tried(payout: Payout, sandbox: Stripe) -> None:
    assert said_no("reverse", str(payout.pk)).endswith("It is pending. You can try: cancel, sync.")
    assert said_no("retry", str(payout.pk)).endswith("It is pending. You can try: cancel, sync.")
    assert "can't be marked as paid" in said_no("settle", str(payout.pk))
    send(payout)
    refusal = said_no("cancel", str(payout.pk))
    assert f"Payout {payout.pk} can't move from in_transit to cancelled." in refusal
    assert refusal.endswith("It is in transit. You can try: reverse, settle, sync.")


@pytest.mark.django_db
@pytest.mark.parametrize("status", PayoutStatus)
def test_an_act_is_refused_in_every_other_state(payout: Payout, status: PayoutStatus) -> None:
    came_back = 80_00 if status == PayoutStatus.REVERSED else 0
    Payout.objects.update(status=status, amount_reversed=came_back, paid_at=sql.now())
    for act in {act for act, statuses in STAFF_ACTS.items() if status not in statuses}:
        intervene_with, _, _ = PAYOUT_ACTS[act]
        with pytest.raises(ActNotPossible), transaction.atomic():
            intervene_with(payout.pk, act=WHY, now=sql.now())


@pytest.mark.usefixtures("dana_and_erin")
def test_an_act_on_an_unknown_payout_or_creator_fails(
    market: Market, caplog: pytest.LogCaptureFixture
) -> None:
    missing = str(uuid4())
    with caplog.at_level("INFO"):
        for act in PAYOUT_ACTS:
            assert said_no(act, missing) == f"There is no payout {missing}."
    assert caplog.text == ""
    for act in ("hold", "release"):
        assert said_no(act, "nobody") == "There is no creator 'nobody'."


@pytest.mark.usefixtures("dana_and_erin")
def test_a_release_without_staff_holds_fails_and_says_what_holds_the_creator(payout: Payout) -> None:
    assert said_no("release", "alice") == "alice has no hold by staff to lift. There are no other holds."
    place_hold(payout.creator, source=HoldSource.STRIPE, act=Act("stripe", "disputes"))
    assert said_no("release", "alice").endswith("Open holds: Stripe, disputes.")
    assert Hold.objects.get().lifted_at is None


def refuse(payout: Payout, sandbox: Stripe) -> Payout:
    """Have Stripe refuse its transfer."""
    code = "insufficient_capabilities_for_transfer"
    sandbox.inject({**SEND, "kind": "status", "status": 400, "code": code, "count": 1})
    failed = send(payout)
    assert failed.status == PayoutStatus.FAILED
    return failed


@pytest.mark.django_db
def test_a_retry_pays_a_refused_payout_at_once_and_only_once(payout: Payout, sandbox: Stripe) -> None:
    failed = refuse(payout, sandbox)
    again = interventions.retry_payout(failed.pk, act=WHY, now=sql.now())
    assert (again.retry_of, again.net_amount, again.run) == (failed, 80_00, failed.run)
    event = again.events.get()
    assert (event.actor, event.reason) == ("dana", "Looks odd")
    with pytest.raises(NotRetryable, match="it already has a retry"):
        interventions.retry_payout(failed.pk, act=WHY, now=sql.now())
    assert send(again).status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1
    assert unsound() == {}


@pytest.mark.django_db
def test_a_retry_includes_late_earnings_of_its_period(
    payout: Payout, market: Market, sandbox: Stripe
) -> None:
    """A later refund would otherwise be paid out, and then owed."""
    failed = refuse(payout, sandbox)
    market.refund(payout.creator, 25_00)
    again = interventions.retry_payout(failed.pk, act=WHY, now=sql.now())
    assert (again.net_amount, again.line_items.count()) == (60_00, 2)
    assert unsound() == {}


@pytest.mark.django_db
def test_a_retry_pays_no_other_currency(
    payout: Payout, market: Market, sandbox: Stripe, settings: Settings
) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 25_00, "EUR": 25_00}
    failed = refuse(payout, sandbox)
    market.sell(payout.creator, 100_00, currency="EUR")
    again = interventions.retry_payout(failed.pk, act=WHY, now=sql.now())
    assert (again.currency, again.net_amount) == ("USD", 80_00)
    assert not Payout.objects.filter(currency="EUR").exists()


@pytest.mark.django_db
def test_a_retry_is_refused_as_the_run_would_refuse_it(
    payout: Payout, market: Market, sandbox: Stripe
) -> None:
    failed = refuse(payout, sandbox)
    interventions.hold_creator(payout.creator, act=WHY, now=sql.now())
    with pytest.raises(NotRetryable, match="On hold"):
        interventions.retry_payout(failed.pk, act=WHY, now=sql.now())
    interventions.release_creator(payout.creator, act=WHY, now=sql.now())
    market.run()
    with pytest.raises(NotRetryable, match="none of its earnings"):
        interventions.retry_payout(failed.pk, act=WHY, now=sql.now())
    assert Payout.objects.count() == 2
    assert unsound() == {}


@pytest.mark.django_db
def test_a_live_payout_cannot_be_retried(payout: Payout) -> None:
    with pytest.raises(NotRetryable, match="pending"):
        interventions.retry_payout(payout.pk, act=WHY, now=sql.now())


@pytest.mark.django_db(transaction=True)
def test_concurrent_retries_make_one_payout(payout: Payout, sandbox: Stripe) -> None:
    failed = refuse(payout, sandbox)

    def retry() -> None:
        with suppress(NotRetryable):
            interventions.retry_payout(failed.pk, act=WHY, now=sql.now())

    at_once(*[retry] * 4)
    assert Payout.objects.filter(retry_of=failed).count() == 1
    assert unsound() == {}
