"""A hold set while a payout waits: the money stays reserved, nothing is sent; released, it is sent once."""

import pytest

from accounts.models import Hold, HoldSource
from accounts.services.holds import place_hold
from database import sql
from database.staff import Act
from ledger.models import AccountKind
from payouts.models import Payout
from payouts.services import sending
from payouts.states import PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import balance, unsound
from tests.payouts.sending import send_transfer

pytestmark = pytest.mark.django_db


def send(payout: Payout) -> Payout:
    send_transfer(payout.pk, now=sql.now())
    return Payout.objects.get(pk=payout.pk)


def lift(hold: Hold) -> None:
    hold.lifted_at = sql.now()
    hold.save(update_fields=["lifted_at"])


@pytest.fixture
def hold(payout: Payout) -> Hold:
    return place_hold(payout.creator, source=HoldSource.STAFF, act=Act("eve", "looks odd"))


def test_a_hold_on_the_creator_holds_the_waiting_payout(payout: Payout, hold: Hold, sandbox: Stripe) -> None:
    held = send(payout)
    assert (held.status, held.next_retry_at) == (PayoutStatus.ON_HOLD, None)
    assert balance(payout.creator_id, AccountKind.PAYOUTS_RESERVED) == payout.net_amount
    assert not payout.attempts.exists()
    assert sandbox.transfers() == []
    assert unsound() == {}


def test_a_held_payout_is_not_released_while_the_hold_lasts(
    payout: Payout, hold: Hold, sandbox: Stripe
) -> None:
    send(payout)
    sending.release_unheld(now=sql.now())
    assert send(payout).status == PayoutStatus.ON_HOLD
    assert sandbox.transfers() == []


def test_a_released_payout_is_sent_once(payout: Payout, hold: Hold, sandbox: Stripe) -> None:
    send(payout)
    lift(hold)
    for _ in range(2):
        sending.release_unheld(now=sql.now())
        assert send(payout).status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1
    assert unsound() == {}


def test_a_payout_is_released_only_when_no_hold_is_open(payout: Payout, hold: Hold) -> None:
    other = place_hold(payout.creator, source=HoldSource.STRIPE, act=Act("stripe", "disputes"))
    send(payout)
    lift(hold)
    sending.release_unheld(now=sql.now())
    assert Payout.objects.get().status == PayoutStatus.ON_HOLD
    lift(other)
    sending.release_unheld(now=sql.now())
    assert Payout.objects.get().status == PayoutStatus.PENDING


def test_a_hold_does_not_stop_a_payout_in_progress(payout: Payout, sandbox: Stripe) -> None:
    """While the outcome is unknown the payout can't be held: the money may be gone."""
    sandbox.inject(
        {"method": "POST", "path": "/v1/transfers", "kind": "drop_response_after_work", "count": 1}
    )
    unknown = send(payout)
    place_hold(payout.creator, source=HoldSource.STAFF, act=Act("eve", "looks odd"))
    assert unknown.next_retry_at is not None
    send_transfer(payout.pk, now=unknown.next_retry_at)
    assert Payout.objects.get().status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1


def test_the_same_hold_twice_is_one(payout: Payout, hold: Hold) -> None:
    again = place_hold(payout.creator, source=HoldSource.STAFF, act=Act("mallory", "looks odd"))
    assert again == hold
