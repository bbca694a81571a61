"""What staff take back goes to no bank until it is back, or until they withdraw that."""

from datetime import datetime, timedelta

import pytest
from django.core.management import call_command

from database import sql
from database.staff import Act
from payouts.errors import NotWithdrawable
from payouts.models import Difference, Payout, PayoutAttempt
from payouts.services import sending
from payouts.services.staff import interventions
from payouts.states import AttemptKind, PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import unsound

pytestmark = pytest.mark.django_db
FRAUD = Act("dana", "Fraud")
CLEARED = Act("erin", "It was not fraud")


@pytest.fixture
def wanted(sent: Payout, sandbox: Stripe) -> Payout:
    """Money that staff want back, and that Stripe refuses to take back now."""
    account = sent.attempts.get().destination
    sandbox.control(f"accounts/{account}/adjust", amount=-50_00, currency="usd")
    payout = interventions.reverse_payout(sent.pk, act=FRAUD, now=sql.now())
    assert payout.status == PayoutStatus.RETURNED
    sandbox.control(f"accounts/{account}/adjust", amount=50_00, currency="usd")
    return payout


def live_on(payout: Payout, *, days: int) -> datetime:
    """Attend to a payout each time it is due."""
    now = sql.now()
    over = now + timedelta(days=days)
    while payout.next_retry_at is not None and now < over:
        now = max(now, payout.next_retry_at)
        sending.attend(payout.pk, now=now)
        payout.refresh_from_db()
    return now


def test_what_staff_take_back_goes_to_no_bank(wanted: Payout, sandbox: Stripe) -> None:
    live_on(wanted, days=6)
    assert wanted.status == PayoutStatus.RETURNED
    live_on(wanted, days=10)
    assert wanted.status == PayoutStatus.REVERSED
    assert sandbox.state("payouts")["payouts"] == []
    assert unsound() == {}


def test_after_a_withdrawal_the_money_goes_to_the_bank(wanted: Payout, sandbox: Stripe) -> None:
    live_on(wanted, days=1)
    payout = interventions.withdraw_reversal(wanted.pk, act=CLEARED, now=sql.now())
    assert payout.status == PayoutStatus.IN_TRANSIT
    (made,) = sandbox.state("payouts")["payouts"]
    assert (made["id"], made["amount"]) == (payout.stripe_payout_id, 80_00)
    attempt = PayoutAttempt.objects.get(kind=AttemptKind.REVERSAL)
    assert (attempt.withdrawn_by, attempt.withdraw_reason) == ("erin", "It was not fraud")
    assert payout.events.latest("pk").reason.endswith("erin withdrew the reversal: It was not fraud")
    assert Difference.objects.get(kind="reversal_refused").resolution == "erin withdrew it: It was not fraud"
    assert unsound() == {}


def test_a_withdrawal_sends_nothing_while_the_creator_is_held(wanted: Payout, sandbox: Stripe) -> None:
    interventions.hold_creator(wanted.creator, act=FRAUD, now=sql.now())
    payout = interventions.withdraw_reversal(wanted.pk, act=CLEARED, now=sql.now())
    assert payout.status == PayoutStatus.RETURNED
    assert sandbox.state("payouts")["payouts"] == []


def test_staff_can_take_it_back_again_after_a_withdrawal(wanted: Payout, sandbox: Stripe) -> None:
    interventions.hold_creator(wanted.creator, act=FRAUD, now=sql.now())
    interventions.withdraw_reversal(wanted.pk, act=CLEARED, now=sql.now())
    again = interventions.reverse_payout(wanted.pk, act=FRAUD, now=sql.now())
    assert again.status == PayoutStatus.REVERSED
    assert unsound() == {}


def test_there_is_nothing_to_withdraw_if_staff_asked_for_nothing(sent: Payout) -> None:
    with pytest.raises(NotWithdrawable):
        interventions.withdraw_reversal(sent.pk, act=CLEARED, now=sql.now())


def test_a_withdrawal_is_not_repeated(wanted: Payout) -> None:
    interventions.hold_creator(wanted.creator, act=FRAUD, now=sql.now())
    interventions.withdraw_reversal(wanted.pk, act=CLEARED, now=sql.now())
    with pytest.raises(NotWithdrawable):
        interventions.withdraw_reversal(wanted.pk, act=CLEARED, now=sql.now())


def test_a_reversal_in_progress_is_not_withdrawn(sent: Payout, sandbox: Stripe) -> None:
    sandbox.inject(
        {"method": "POST", "path": "/v1/transfers/.*/reversals", "kind": "connection_reset", "count": 1}
    )
    interventions.reverse_payout(sent.pk, act=FRAUD, now=sql.now())
    with pytest.raises(NotWithdrawable):
        interventions.withdraw_reversal(sent.pk, act=CLEARED, now=sql.now())


@pytest.mark.usefixtures("dana_and_erin")
def test_staff_withdraw_by_command(wanted: Payout) -> None:
    call_command("intervene", "withdraw", str(wanted.pk), "--reason", "No fraud", "--actor", "dana")
    assert PayoutAttempt.objects.get(kind=AttemptKind.REVERSAL).withdrawn_by == "dana via cli"
