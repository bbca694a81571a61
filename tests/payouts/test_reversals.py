"""A reversed transfer releases the rows if it was fully reversed and nothing went to the bank."""

from datetime import timedelta

import pytest
from django.db import transaction

from database import sql
from earnings.models import CreatorEarning
from ledger.models import AccountKind, LedgerEntry
from payouts.models import Difference, Payout, PayoutAttempt
from payouts.services import sending
from payouts.services.moves import move
from payouts.states import AttemptKind, PayoutStatus
from stripe_io.errors import NotYet, SetAside
from tests.local_stripe import Stripe
from tests.payouts.market import Market, balance, unsound
from tests.payouts.sending import send_bank_payout, send_transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(payout: Payout) -> Payout:
    """Its transfer is made, its bank payout is not."""
    send_transfer(payout.pk, now=sql.now())
    payout.refresh_from_db()
    return payout


def reverse(payout: Payout, *, amount: int | None = None) -> None:
    sending.record_reversal(
        payout.stripe_transfer_id, payout.net_amount if amount is None else amount, now=sql.now()
    )


def suspense() -> int:
    entries = LedgerEntry.objects.filter(account__kind=AccountKind.SUSPENSE)
    return sum(entries.values_list("amount", flat=True))


def status() -> str:
    return Payout.objects.get().status


def test_a_full_reversal_releases_the_rows_for_a_later_run(
    market: Market, sent: Payout, sandbox: Stripe
) -> None:
    reverse(sent)
    assert status() == PayoutStatus.REVERSED
    row = CreatorEarning.objects.get()
    assert (row.payout, row.closed_at is None) == (None, False)
    assert balance(sent.creator_id, AccountKind.CREATOR_PAYABLE) == 80_00
    assert unsound() == {}
    market.run()
    again = Payout.objects.exclude(pk=sent.pk).get()
    assert again.line_items.get().earning == row
    assert unsound() == {}


def test_the_same_reversal_twice_is_one(sent: Payout) -> None:
    reverse(sent)
    reverse(sent)
    assert sent.events.filter(to_status="reversed").count() == 1
    assert unsound() == {}


def test_after_a_reversal_nothing_goes_to_the_bank(sent: Payout, sandbox: Stripe) -> None:
    reverse(sent)
    send_bank_payout(sent.pk, now=sql.now() + timedelta(days=1))
    assert sandbox.state()["payouts"] == []


def test_a_returned_payout_can_be_reversed(sent: Payout) -> None:
    with transaction.atomic():
        move(sent, PayoutStatus.RETURNED, now=sql.now(), reason="a test", stripe_payout_id="po_failed")
    reverse(sent)
    assert status() == PayoutStatus.REVERSED
    assert unsound() == {}


def test_a_partial_reversal_is_held_in_suspense_for_staff(sent: Payout) -> None:
    reverse(sent, amount=10_00)
    reverse(sent, amount=30_00)
    assert status() == PayoutStatus.IN_TRANSIT
    assert CreatorEarning.objects.get().payout == sent
    difference = Difference.objects.get()
    assert (difference.kind, difference.amount, difference.payout) == ("unexplained_reversal", -30_00, sent)
    assert difference.detail == "$30.00 of $80.00 came back while the payout was in transit"
    assert suspense() == 30_00
    assert unsound() == {}


def test_an_older_event_of_a_reversal_changes_nothing(sent: Payout) -> None:
    reverse(sent, amount=30_00)
    reverse(sent, amount=10_00)
    assert suspense() == 30_00
    assert unsound() == {}


def test_a_partly_reversed_transfer_does_not_go_to_the_bank(sent: Payout, sandbox: Stripe) -> None:
    reverse(sent, amount=30_00)
    send_bank_payout(sent.pk, now=sql.now() + timedelta(days=1))
    assert sandbox.state()["payouts"] == []


def test_once_the_rest_came_back_too_the_rows_are_released(sent: Payout) -> None:
    reverse(sent, amount=30_00)
    reverse(sent)
    assert status() == PayoutStatus.REVERSED
    assert balance(sent.creator_id, AccountKind.CREATOR_PAYABLE) == 80_00
    assert Difference.objects.get().resolved_by == "system"
    assert suspense() == 0
    assert unsound() == {}


@pytest.mark.parametrize("where", [PayoutStatus.IN_TRANSIT, PayoutStatus.PAID])
def test_a_reversal_after_the_bank_payout_is_for_staff(sent: Payout, where: PayoutStatus) -> None:
    Payout.objects.update(stripe_payout_id="po_1")
    if where == PayoutStatus.PAID:
        with transaction.atomic():
            move(sent, where, now=sql.now(), reason="a test")
    reverse(sent)
    reverse(sent)
    assert status() == where
    assert CreatorEarning.objects.get().payout == sent
    assert Difference.objects.get().amount == -80_00
    assert suspense() == 80_00
    assert unsound() == {}


def test_a_reversal_waits_while_a_bank_payout_may_be_in_progress(sent: Payout, sandbox: Stripe) -> None:
    """Its answer was lost: the money may be on its way to the bank, so the rows aren't released yet."""
    sandbox.inject({"method": "POST", "path": "/v1/payouts", "kind": "drop_response_after_work", "count": 1})
    send_bank_payout(sent.pk, now=sql.now())
    assert PayoutAttempt.objects.filter(kind=AttemptKind.BANK_PAYOUT, status="open").exists()
    with pytest.raises(NotYet):
        reverse(sent)
    assert status() == PayoutStatus.IN_TRANSIT
    assert CreatorEarning.objects.get().payout == sent


def test_a_transfer_that_is_not_ours_changes_nothing(sent: Payout) -> None:
    with pytest.raises(SetAside):
        sending.record_reversal("tr_other", 80_00, now=sql.now())
    assert status() == PayoutStatus.IN_TRANSIT
