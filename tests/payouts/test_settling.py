"""An account leaves us with a payout's money: once its creator is known to have it, staff mark it as paid."""

from collections.abc import Callable

import pytest

from accounts.models import CreatorPaymentAccount
from accounts.services.payment_accounts import refresh_payment_account
from database import sql
from database.staff import Act
from payouts.errors import NotSettleable
from payouts.gateway import BankPayout
from payouts.models import Difference, Payout, PayoutAttempt
from payouts.services.staff import interventions
from payouts.states import AttemptStatus, PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import unsound
from tests.payouts.sending import attend_returned, recorded, send_bank_payout, send_transfer

pytestmark = pytest.mark.django_db
REVERSE = {"method": "POST", "path": "/v1/transfers/.*/reversals"}
KEPT = {**REVERSE, "kind": "status", "status": 403, "code": "account_invalid"}


@pytest.fixture
def leave(sandbox: Stripe) -> Callable[[], None]:
    """Have the creator disconnect their account, and handle the event."""

    def leave() -> None:
        account = CreatorPaymentAccount.objects.get()
        sandbox.control(f"accounts/{account.stripe_account_id}/deauthorize")
        refresh_payment_account(account, now=sql.now())

    return leave


def send(payout: Payout) -> None:
    send_transfer(payout.pk, now=sql.now())
    send_bank_payout(payout.pk, now=sql.now())


def settle(payout: Payout) -> Payout:
    return interventions.settle_payout(payout.pk, act=Act("dana", "Alice has it, she wrote"), now=sql.now())


def test_a_payout_in_transit_can_be_marked_as_paid(payout: Payout, leave: Callable[[], None]) -> None:
    send(payout)
    with pytest.raises(NotSettleable, match="be marked as paid"):
        settle(payout)
    leave()
    settled = settle(payout)
    assert (settled.status, settled.next_retry_at) == (PayoutStatus.PAID, None)
    assert settled.paid_at is not None
    event = settled.events.latest("pk")
    assert (event.actor, event.reason) == ("dana", "Alice has it, she wrote")
    assert unsound() == {}


def test_a_returned_payout_that_cannot_be_reversed_can_be_marked_as_paid(
    payout: Payout, sandbox: Stripe, leave: Callable[[], None]
) -> None:
    send_transfer(payout.pk, now=sql.now())
    leave()
    sandbox.inject(KEPT)
    send_bank_payout(payout.pk, now=sql.now())
    attend_returned(payout.pk, now=sql.now())
    assert Payout.objects.get().status == PayoutStatus.RETURNED
    settled = settle(payout)
    assert (settled.status, settled.failure_code) == (PayoutStatus.PAID, "")
    assert [event.to_status for event in settled.events.order_by("pk")][-2:] == ["in_transit", "paid"]
    assert not PayoutAttempt.objects.filter(status=AttemptStatus.OPEN).exists()
    assert Difference.objects.get().resolution == "dana marked it as paid: Alice has it, she wrote"
    assert unsound() == {}


def test_a_payout_that_may_have_come_back_is_not_settled(
    payout: Payout, sandbox: Stripe, leave: Callable[[], None]
) -> None:
    send_transfer(payout.pk, now=sql.now())
    leave()
    sandbox.inject({**REVERSE, "kind": "status", "status": 500, "after_work": True})
    send_bank_payout(payout.pk, now=sql.now())
    attend_returned(payout.pk, now=sql.now())
    with pytest.raises(NotSettleable):
        settle(payout)
    Payout.objects.update(amount_reversed=1)
    PayoutAttempt.objects.filter(status=AttemptStatus.OPEN).update(in_doubt=False)
    with pytest.raises(NotSettleable):
        settle(payout)
    assert Payout.objects.get().status == PayoutStatus.RETURNED


def test_a_settled_payout_that_the_bank_returns_is_returned(
    payout: Payout, sandbox: Stripe, leave: Callable[[], None]
) -> None:
    send(payout)
    leave()
    sent = settle(payout).stripe_payout_id
    failed = {
        "id": sent,
        "status": "failed",
        "amount": 80_00,
        "currency": "usd",
        "failure_code": "no_account",
        "created": 0,
    }
    account = payout.attempts.earliest("created_at").destination
    assert recorded(BankPayout.of(failed, account=account), now=sql.now())
    assert Payout.objects.get().status == PayoutStatus.RETURNED
    assert unsound() == {}


@pytest.mark.parametrize("status", ["pending", "cancelled"])
def test_an_unsent_payout_is_not_settled(payout: Payout, leave: Callable[[], None], status: str) -> None:
    if status == "cancelled":
        interventions.cancel_payout(payout.pk, act=Act("dana", "Odd"), now=sql.now())
    leave()
    with pytest.raises(NotSettleable):
        settle(payout)
