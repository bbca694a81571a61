"""What the console says of an act is what its service does."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from accounts.models import CreatorPaymentAccount
from accounts.services.payment_accounts import refresh_payment_account
from database import sql
from database.refusals import Refusal
from database.staff import Act
from earnings.models import CreatorEarning
from payouts.models import Payout
from payouts.selectors import staff_acts
from payouts.services import sending
from payouts.services.staff import interventions
from payouts.states import PayoutStatus
from tests.factories import PayoutFactory
from tests.local_stripe import Stripe
from tests.payouts.market import Market
from tests.payouts.sending import REFUSAL, send_bank_payout, send_transfer

pytestmark = pytest.mark.django_db
WHY = Act("dana", "Looks odd")
# What says why an act is impossible, and what does it, without calling Stripe.
ACTS: dict[str, tuple[Callable[[Payout], str], Callable[..., Any]]] = {
    "cancel": (staff_acts.why_not_cancelled, interventions.cancel_payout),
    "reverse": (staff_acts.why_not_reversed, sending.request_reversal),
    "withdraw": (staff_acts.why_not_withdrawn, sending.withdraw_reversal),
    "settle": (staff_acts.why_not_settled, sending.settle),
}


def is_refused(do: Callable[..., Any], payout: Payout) -> bool:
    """Try an act, and undo it."""
    with transaction.atomic():
        try:
            do(payout.pk, act=WHY, now=sql.now())
        except Refusal:
            return True
        finally:
            transaction.set_rollback(True)
    return False


def agree(payout: Payout) -> dict[str, bool]:
    """Check that what is offered is what is done; return what is."""
    payout.refresh_from_db()
    offered = {act: not why_not(payout) for act, (why_not, _) in ACTS.items()}
    assert offered == {act: not is_refused(do, payout) for act, (_, do) in ACTS.items()}
    return offered


def offered(payout: Payout) -> set[str]:
    return {act for act, is_possible in agree(payout).items() if is_possible}


@pytest.mark.parametrize("status", PayoutStatus)
def test_an_act_is_offered_only_in_the_states_in_which_it_is_done(sent: Payout, status: PayoutStatus) -> None:
    came_back = 80_00 if status == PayoutStatus.REVERSED else 0
    Payout.objects.update(status=status, amount_reversed=came_back, paid_at=sql.now())
    agree(sent)


def test_an_act_is_offered_along_the_way_to_the_bank_only_while_it_is_done(
    payout: Payout, sandbox: Stripe
) -> None:
    assert offered(payout) == {"cancel"}
    send_transfer(payout.pk, now=sql.now())
    assert offered(payout) == {"reverse"}
    send_bank_payout(payout.pk, now=sql.now())
    assert offered(payout) == set()
    account = CreatorPaymentAccount.objects.get()
    sandbox.control(f"accounts/{account.stripe_account_id}/deauthorize")
    refresh_payment_account(account, now=sql.now())
    assert offered(payout) == {"settle"}


def test_an_act_is_offered_along_the_way_back_only_while_it_is_done(sent: Payout, sandbox: Stripe) -> None:
    account = sent.attempts.get().destination
    sandbox.control(f"accounts/{account}/adjust", amount=-50_00, currency="usd")
    interventions.reverse_payout(sent.pk, act=WHY, now=sql.now())
    assert offered(sent) == {"reverse", "withdraw"}
    interventions.withdraw_reversal(sent.pk, act=WHY, now=sql.now())
    assert "withdraw" not in offered(sent)


def test_a_retry_pays_what_was_said_or_is_refused_for_the_reason_said(
    payout: Payout, market: Market, sandbox: Stripe
) -> None:
    assert staff_acts.why_not_retried(payout, now=sql.now()).endswith("This one is pending.")
    sandbox.inject(REFUSAL)
    send_transfer(payout.pk, now=sql.now())
    payout.refresh_from_db()
    market.refund(payout.creator, 25_00)
    interventions.hold_creator(payout.creator, act=WHY, now=sql.now())
    said = staff_acts.retry_of(payout, now=sql.now())
    assert said
    assert (said.net.amount, said.reason and said.reason.value) == (60_00, "on_hold")
    assert staff_acts.why_not_retried(payout, now=sql.now()) == "A new payout can't be made now: on hold."
    interventions.release_creator(payout.creator, act=WHY, now=sql.now())
    said = staff_acts.retry_of(payout, now=sql.now())
    assert said
    assert said.reason is None
    assert staff_acts.why_not_retried(payout, now=sql.now()) == ""
    assert interventions.retry_payout(payout.pk, act=WHY, now=sql.now()).net == said.net
    assert staff_acts.why_not_retried(payout, now=sql.now()) == "It already has a retry."
    assert staff_acts.retry_of(payout, now=sql.now()) is None


def test_what_a_later_payout_took_is_not_retried(payout: Payout, market: Market, sandbox: Stripe) -> None:
    sandbox.inject(REFUSAL)
    send_transfer(payout.pk, now=sql.now())
    payout.refresh_from_db()
    CreatorEarning.objects.filter(creator=payout.creator).update(
        payout=PayoutFactory.create(creator=payout.creator)
    )
    took = staff_acts.why_not_retried(payout, now=sql.now())
    assert took == "Its earnings went into a later payout."
