"""Where a creator's payouts go is kept by the bank's name and the last four digits, from each change on."""

import pytest
from django.db import DatabaseError, transaction

from accounts import gateway
from accounts.models import Creator, CreatorPaymentAccount, Destination
from accounts.services import opening, payment_accounts
from database import sql
from tests.factories import CreatorFactory
from tests.local_stripe import Stripe
from tests.payouts.tampering import guards_off

pytestmark = pytest.mark.django_db


def refreshed(row: CreatorPaymentAccount) -> CreatorPaymentAccount:
    return payment_accounts.refresh_payment_account(row, now=sql.now())


@pytest.fixture(params=["v1", "v2"])
def account(request: pytest.FixtureRequest, sandbox: Stripe) -> CreatorPaymentAccount:
    """Alice's account, onboarded by each of Stripe's APIs."""
    alice: Creator = CreatorFactory.create(external_id="alice")
    request.getfixturevalue("settings").STRIPE_ACCOUNTS = request.param
    row = opening.open_payment_account(alice, now=sql.now())
    assert row.stripe_account_id
    gateway.complete_in_sandbox(row.stripe_account_id)
    return refreshed(row)


def told(row: CreatorPaymentAccount) -> list[str]:
    return [str(destination) for destination in row.destinations.order_by("pk")]


def test_the_bank_and_the_last_four_digits_are_kept(account: CreatorPaymentAccount) -> None:
    assert (account.external_account_bank, account.external_account_last4) == ("STRIPE TEST BANK", "6789")
    assert told(account) == ["STRIPE TEST BANK •••• 6789"]


def test_a_change_adds_a_destination_and_keeps_the_one_before(
    account: CreatorPaymentAccount, sandbox: Stripe
) -> None:
    sandbox.control(f"accounts/{account.stripe_account_id}/bank_account", object="card")
    changed = refreshed(refreshed(account))
    assert told(changed) == ["STRIPE TEST BANK •••• 6789", "Visa •••• 5556"]
    last = changed.destinations.latest("pk")
    assert (last.external_account_id, last.since) == (
        changed.external_account_id,
        changed.external_account_since,
    )


def test_one_known_from_before_is_named_from_when_it_came(account: CreatorPaymentAccount) -> None:
    """An installation that is upgraded knows the id, and not yet the bank."""
    with guards_off():
        sql.run("DELETE FROM payout_destinations")
    CreatorPaymentAccount.objects.update(external_account_bank="", external_account_last4="")
    account.refresh_from_db()
    payment_accounts.refresh_standing(account, now=sql.now())
    assert [row.since for row in Destination.objects.all()] == [account.created_at]


def test_a_destination_never_changes(account: CreatorPaymentAccount) -> None:
    with pytest.raises(DatabaseError, match="is history"), transaction.atomic():
        Destination.objects.update(last4="0000")
