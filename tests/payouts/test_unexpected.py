"""Unexpected transfers, for payouts that had ended."""

from datetime import timedelta

import pytest

from accounts.models import Hold
from database import sql
from database.staff import Act
from earnings.models import Adjustment
from ledger.models import AccountKind
from payouts.gateway import Transfer
from payouts.identity import Identity
from payouts.models import Difference, Payout, PayoutAttempt
from payouts.services import sending
from payouts.services.staff import interventions
from payouts.states import AttemptStatus, PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import Market, balance, unsound
from tests.payouts.sending import REFUSAL, SEND, Sender

pytestmark = pytest.mark.django_db


def turn_up(attempt: PayoutAttempt, *, transfer_id: str = "tr_ghost", back: int = 0) -> None:
    """Handle the event of a transfer that names this attempt, with so much reversed."""
    sent = Transfer(
        id=transfer_id,
        amount=attempt.amount,
        amount_reversed=back,
        currency=attempt.currency,
        destination=attempt.destination,
        destination_payment="py_ghost",
        transfer_group=attempt.payout.transfer_group,
        identity=Identity.of(attempt.metadata),
        created=sql.now(),
    )
    sending.record_transfer(sent, payout_id=attempt.payout_id, now=sql.now())


@pytest.fixture
def failed(market: Market, payout: Payout, sandbox: Stripe) -> PayoutAttempt:
    """An attempt that Stripe refused, its payout failed, and its rows in the next payout, which waits."""
    sandbox.inject({**REFUSAL, "count": 1})
    assert Sender(payout).send().status == PayoutStatus.FAILED
    market.run()
    return payout.attempts.get()


def test_a_transfer_for_a_failed_payout_is_owed_back_and_holds_the_creator(failed: PayoutAttempt) -> None:
    waiting = Payout.objects.exclude(pk=failed.payout_id).get()
    turn_up(failed)
    waiting.refresh_from_db()
    assert waiting.status == PayoutStatus.CANCELLED
    assert Hold.objects.get().source == "system"
    assert balance(waiting.creator_id, AccountKind.CREATOR_PAYABLE) == 0
    difference = Difference.objects.get()
    assert (difference.kind, difference.subject, difference.amount) == (
        "unexpected_transfer",
        "tr_ghost",
        80_00,
    )
    assert unsound() == {}


def test_it_is_booked_once_however_often_it_is_reported(failed: PayoutAttempt) -> None:
    for _ in range(3):
        turn_up(failed)
    assert Adjustment.objects.get().amount == -80_00
    assert Difference.objects.count() == 1
    assert unsound() == {}


def test_what_comes_back_of_it_is_booked_back(failed: PayoutAttempt) -> None:
    turn_up(failed)
    for back in (30_00, 30_00, 80_00, 30_00):
        sending.record_reversal("tr_ghost", back, now=sql.now())
    amounts = Adjustment.objects.order_by("pk").values_list("amount", flat=True)
    assert list(amounts) == [-80_00, 30_00, 50_00]
    assert Difference.objects.get().resolved_by == "system"
    assert balance(failed.payout.creator_id, AccountKind.CREATOR_PAYABLE) == 80_00
    assert unsound() == {}


def test_one_that_was_already_reversed_costs_nothing(failed: PayoutAttempt) -> None:
    turn_up(failed, back=80_00)
    assert balance(failed.payout.creator_id, AccountKind.CREATOR_PAYABLE) == 80_00
    assert Difference.objects.get().resolved_at is not None
    assert unsound() == {}


def test_a_transfer_in_another_payouts_group_settles_nothing_of_the_attempt_it_names(
    market: Market, payout: Payout, sandbox: Stripe
) -> None:
    """Anybody may have written a transfer's metadata; here everything but the group agrees with the attempt."""
    sandbox.inject({**SEND, "kind": "connection_reset", "count": 1})
    Sender(payout).send()
    bob = market.creator("bob", account=None)
    market.onboard(bob)
    other = market.payout(bob)
    made = sandbox.client.v1.transfers.create(
        {
            "amount": 80_00,
            "currency": "usd",
            "destination": payout.attempts.get().destination,
            "transfer_group": other.transfer_group,
            "metadata": payout.attempts.get().metadata,
        }
    )
    interventions.sync_payout(other.pk, act=Act("dana", "Asked by bob"), now=sql.now())
    assert payout.attempts.get().status == AttemptStatus.OPEN
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PROCESSING
    difference = Difference.objects.get()
    assert (difference.subject, difference.payout) == (made.id, other)
    assert unsound() == {}


def absent(payout: Payout, sandbox: Stripe) -> Sender:
    """Have an attempt proved absent, so that its payout waits for a new key."""
    sandbox.inject({**SEND, "kind": "connection_reset", "count": 1})
    sender = Sender(payout)
    sender.send()
    assert sender.send(after=timedelta(hours=25)).status == PayoutStatus.PENDING
    return sender


def test_a_transfer_thought_absent_is_the_payouts_own_while_it_waits(payout: Payout, sandbox: Stripe) -> None:
    sender = absent(payout, sandbox)
    turn_up(sender.attempts[0])
    settled = sender.payout
    assert (settled.status, settled.stripe_transfer_id) == (PayoutStatus.IN_TRANSIT, "tr_ghost")
    assert sender.attempts[0].status == AttemptStatus.SUCCEEDED
    assert not Difference.objects.exists()
    assert unsound() == {}


def test_a_second_transfer_for_a_payout_is_owed_back(payout: Payout, sandbox: Stripe) -> None:
    sender = absent(payout, sandbox)
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    turn_up(sender.attempts[0])
    assert sender.payout.status == PayoutStatus.IN_TRANSIT
    assert balance(payout.creator_id, AccountKind.CREATOR_PAYABLE) == -80_00
    assert Difference.objects.get().subject == "tr_ghost"
    assert unsound() == {}


def test_a_second_transfer_of_one_attempt_is_owed_back(payout: Payout, sandbox: Stripe) -> None:
    sender = Sender(payout)
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    for _ in range(2):
        turn_up(sender.attempts[0])
    assert sender.attempts[0].stripe_id == sender.payout.stripe_transfer_id == sandbox.transfers()[0]["id"]
    assert balance(payout.creator_id, AccountKind.CREATOR_PAYABLE) == -80_00
    assert Difference.objects.get().subject == "tr_ghost"
    assert unsound() == {}


def test_a_transfer_found_reversed_releases_the_rows(payout: Payout, sandbox: Stripe) -> None:
    """Its answer was lost, and it was reversed in Stripe's dashboard before any look-up."""
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    sender = Sender(payout)
    sender.send()
    sandbox.control(f"transfers/{sandbox.transfers()[0]['id']}/reverse")
    assert sender.send(after=timedelta(hours=25)).status == PayoutStatus.REVERSED
    assert balance(payout.creator_id, AccountKind.CREATOR_PAYABLE) == 80_00
    assert unsound() == {}


def test_sync_records_what_stripe_has(payout: Payout, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    Sender(payout).send()
    found = interventions.sync_payout(payout.pk, act=Act("dana", "Asked by alice"), now=sql.now())
    assert found.status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1
