"""When a creator's destination changes, payouts wait: someone else may have changed it."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from pytest_django import Settings

from accounts import gateway, selectors, tasks
from accounts.models import Creator, CreatorPaymentAccount, Hold, HoldSource
from accounts.services import holds, opening, payment_accounts
from database import sql
from database.staff import Act
from tests.api import caller
from tests.factories import CreatorFactory
from tests.local_stripe import Stripe
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def creator(sandbox: Stripe) -> Creator:
    """Alice, onboarded with her first bank account."""
    alice = CreatorFactory.create(external_id="alice")
    onboard(alice)
    return alice


def onboard(creator: Creator) -> CreatorPaymentAccount:
    account = opening.open_payment_account(creator, now=sql.now())
    assert account.stripe_account_id
    gateway.complete_in_sandbox(account.stripe_account_id)
    return refreshed(creator)


def refreshed(creator: Creator) -> CreatorPaymentAccount:
    row = CreatorPaymentAccount.objects.get(creator=creator, replaced_at=None)
    return payment_accounts.refresh_payment_account(row, now=sql.now())


def stripe_account(creator: Creator) -> str:
    account = CreatorPaymentAccount.objects.get(creator=creator, replaced_at=None).stripe_account_id
    assert account
    return account


def at_stripe(sandbox: Stripe, creator: Creator, what: str, **account_data: str) -> None:
    sandbox.control(f"accounts/{stripe_account(creator)}/{what}", **account_data)


def replace(creator: Creator) -> None:
    row = CreatorPaymentAccount.objects.get(creator=creator, replaced_at=None)
    payment_accounts.replace_payment_account(row, act=Act("dana", "Moved"), now=sql.now())


def test_a_creators_first_bank_account_is_no_change(creator: Creator) -> None:
    row = refreshed(creator)
    assert row.external_account_id.startswith("ba_")
    assert row.external_account_fingerprint
    assert not Hold.objects.exists()


def test_another_bank_account_makes_payouts_wait_for_two_days(creator: Creator, sandbox: Stripe) -> None:
    at_stripe(sandbox, creator, "bank_account")
    row = refreshed(creator)
    (hold,) = Hold.objects.all()
    assert hold.source == HoldSource.SYSTEM
    assert row.external_account_id in hold.reason
    assert row.synced_at
    assert hold.expires_at == row.synced_at + timedelta(hours=48)
    status = caller("alice").get("/api/v1/accounts/status").json()
    assert status["cooling_down_until"] == hold.expires_at.isoformat().replace("+00:00", "Z")


def test_the_time_of_a_change_of_bank_account_is_recorded(creator: Creator, sandbox: Stripe) -> None:
    assert refreshed(creator).external_account_since is None
    at_stripe(sandbox, creator, "bank_account")
    changed = refreshed(creator)
    assert changed.external_account_since == changed.synced_at
    assert refreshed(creator).external_account_since == changed.external_account_since


def test_a_change_is_noticed_once(creator: Creator, sandbox: Stripe) -> None:
    at_stripe(sandbox, creator, "bank_account")
    for _ in range(3):
        refreshed(creator)
    assert Hold.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_change_that_many_workers_see_at_once_is_one(creator: Creator, sandbox: Stripe) -> None:
    at_stripe(sandbox, creator, "bank_account")
    at_once(*[partial(refreshed, creator)] * 6)
    assert Hold.objects.count() == 1


def test_each_change_starts_its_own_cool_down(creator: Creator, sandbox: Stripe) -> None:
    for _ in range(2):
        at_stripe(sandbox, creator, "bank_account")
        refreshed(creator)
    assert selectors.cooling_down_until(creator.pk) == Hold.objects.latest("expires_at").expires_at
    assert Hold.objects.count() == 2


def test_a_bank_account_that_was_removed_before_a_new_one_was_added_is_remembered(
    creator: Creator, sandbox: Stripe
) -> None:
    sandbox.remove_bank_account(stripe_account(creator))
    assert refreshed(creator).external_account_id
    assert not Hold.objects.exists()
    at_stripe(sandbox, creator, "bank_account")
    refreshed(creator)
    assert Hold.objects.count() == 1


def test_a_corrected_name_is_no_change_of_bank_account(creator: Creator, sandbox: Stripe) -> None:
    at_stripe(sandbox, creator, "bank_account/edit", account_holder_name="Alice")
    refreshed(creator)
    assert not Hold.objects.exists()


def test_the_same_bank_account_added_again_is_no_change(creator: Creator, sandbox: Stripe) -> None:
    row = refreshed(creator)
    CreatorPaymentAccount.objects.update(external_account_id="ba_before")
    assert refreshed(creator).external_account_id == row.external_account_id
    assert not Hold.objects.exists()


def test_a_bank_account_without_a_fingerprint_is_compared_by_its_id(
    creator: Creator, sandbox: Stripe
) -> None:
    CreatorPaymentAccount.objects.update(external_account_fingerprint="")
    refreshed(creator)
    assert not Hold.objects.exists()
    CreatorPaymentAccount.objects.update(external_account_fingerprint="", external_account_id="ba_before")
    refreshed(creator)
    assert Hold.objects.count() == 1


def test_another_stripe_account_makes_payouts_wait_once_its_bank_account_is_known(
    creator: Creator, sandbox: Stripe
) -> None:
    replace(creator)
    opening.open_payment_account(creator, now=sql.now())
    assert not Hold.objects.exists()
    onboard(creator)
    assert Hold.objects.count() == 1


def test_the_bank_account_of_a_replaced_account_no_longer_matters(creator: Creator, sandbox: Stripe) -> None:
    old = refreshed(creator)
    replace(creator)
    sandbox.control(f"accounts/{old.stripe_account_id}/bank_account")
    payment_accounts.refresh_payment_account(old, now=sql.now())
    assert not Hold.objects.exists()


def test_the_bank_account_of_the_accounts_own_currency_counts() -> None:
    def bank(name: str, currency: str, *, default: bool) -> dict[str, Any]:
        return {"id": name, "currency": currency, "default_for_currency": default, "fingerprint": None}

    banks = [
        bank("ba_old", "eur", default=False),
        bank("ba_pounds", "gbp", default=True),
        bank("ba_euros", "eur", default=True),
    ]
    account_data = {"default_currency": "eur", "external_accounts": {"data": banks}}
    assert gateway.ExternalAccount.paid_by(account_data) == gateway.ExternalAccount(
        id="ba_euros", fingerprint=""
    )
    assert gateway.ExternalAccount.paid_by({"external_accounts": {"data": banks[:1]}})
    assert gateway.ExternalAccount.paid_by({"external_accounts": None}) is None


def test_no_cool_down_starts_when_it_is_set_to_zero_hours(
    creator: Creator, sandbox: Stripe, settings: Settings
) -> None:
    settings.PAYOUT_COOL_DOWN_HOURS = 0
    at_stripe(sandbox, creator, "bank_account")
    refreshed(creator)
    assert not Hold.objects.exists()


def test_beat_lifts_expired_holds_and_nothing_else(creator: Creator) -> None:
    holds.cool_down(creator, reason="another bank account", now=sql.now() - timedelta(hours=48))
    holds.cool_down(creator, reason="yet another", now=sql.now() - timedelta(hours=47))
    holds.place_hold(creator, source=HoldSource.SYSTEM, act=Act("system", "looks odd"))
    tasks.lift_expired_holds()
    (over,) = Hold.objects.filter(lifted_at__isnull=False)
    assert (over.reason, over.lifted_by) == ("another bank account", "system")
