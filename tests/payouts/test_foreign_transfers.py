"""Transfers that other uses of the same Stripe account make are one difference a day, and not one each."""

from datetime import UTC, datetime, timedelta

import pytest
import stripe
from pytest_django import Settings

from accounts import gateway as stripe_accounts
from database import sql
from database.staff import Act
from payouts.models import Difference, DifferenceKind, Payout
from payouts.services import differences
from payouts.services.reconciliation.staging import OVERLAP
from stripe_io.client import client
from tests.local_stripe import Stripe
from tests.payouts.reconciling import account_of, kinds, reconcile, reverse

pytestmark = pytest.mark.django_db
A_DAY_LATER = timedelta(days=1, hours=1)


@pytest.fixture
def other() -> str:
    """A connected account that belongs to no creator of ours."""
    made = client().v1.accounts.create(
        {"country": "US", "capabilities": {"transfers": {"requested": True}}, "type": "express"}
    )
    stripe_accounts.complete_in_sandbox(made.id)
    return str(made.id)


def transfer(amount: int, *, to: str, **metadata: str) -> str:
    params: stripe.params.TransferCreateParams = {
        "amount": amount,
        "currency": "usd",
        "destination": to,
        "metadata": metadata,
    }
    return str(client().v1.transfers.create(params).id)


def test_transfers_of_other_uses_are_one_difference_a_day(paid: Payout, other: str) -> None:
    made = [transfer(amount, to=other) for amount in (5_00, 7_00)]
    assert reconcile().made.found == 0
    reconcile(after=A_DAY_LATER)
    found = Difference.objects.get()
    today = datetime.now(UTC).date()
    assert (found.kind, found.subject) == (DifferenceKind.FOREIGN_TRANSFERS, f"{today} USD")
    assert (found.amount, found.currency, found.creator, found.account) == (12_00, "USD", None, "")
    assert found.detail == f"2 to accounts of no creator, naming no payout; the first is {min(made)}"
    reconcile(after=A_DAY_LATER)
    assert Difference.objects.get() == found


def test_a_day_that_a_person_explained_is_explained_until_it_changes(paid: Payout, other: str) -> None:
    made = transfer(5_00, to=other)
    reconcile(after=A_DAY_LATER)
    differences.resolve_difference(
        Difference.objects.get().pk, act=Act("dana", "Tips, paid by another service"), now=sql.now()
    )
    assert reconcile(after=A_DAY_LATER).open == {}
    reverse(made, amount=1_00)
    assert reconcile(after=A_DAY_LATER).open == {DifferenceKind.FOREIGN_TRANSFERS: 1}


def test_a_day_stays_open_after_passes_that_no_longer_list_it(paid: Payout, other: str) -> None:
    transfer(5_00, to=other)
    reconcile(after=A_DAY_LATER)
    assert reconcile(after=A_DAY_LATER + OVERLAP + timedelta(days=2)).open == {
        DifferenceKind.FOREIGN_TRANSFERS: 1
    }


def test_bank_payouts_on_accounts_of_other_uses_are_not_read(
    paid: Payout, other: str, sandbox: Stripe
) -> None:
    transfer(5_00, to=other)
    sandbox.control(f"accounts/{other}/payout")
    result = reconcile(after=A_DAY_LATER)
    assert (result.made.transfers, result.made.bank_payouts) == (2, 1)
    assert kinds() == {DifferenceKind.FOREIGN_TRANSFERS}


def test_a_transfer_to_a_creator_that_names_nothing_is_a_difference_of_its_own(
    paid: Payout, settings: Settings
) -> None:
    settings.IGNORE_FOREIGN_TRANSFERS = True
    made = transfer(5_00, to=account_of(paid))
    reconcile(after=A_DAY_LATER)
    found = Difference.objects.get()
    assert (found.kind, found.subject) == (DifferenceKind.UNKNOWN_TRANSFER, made)


def test_a_transfer_that_names_a_payout_is_a_difference_of_its_own(paid: Payout, other: str) -> None:
    made = transfer(5_00, to=other, attempt_id="0198f5f0-0000-7000-8000-000000000000")
    reconcile(after=A_DAY_LATER)
    found = Difference.objects.get()
    assert (found.kind, found.subject) == (DifferenceKind.UNKNOWN_TRANSFER, made)


def test_a_setting_leaves_other_uses_out(paid: Payout, other: str, settings: Settings) -> None:
    transfer(5_00, to=other)
    reconcile(after=A_DAY_LATER)
    settings.IGNORE_FOREIGN_TRANSFERS = True
    assert reconcile(after=A_DAY_LATER).open == {}
