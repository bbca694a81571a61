"""Opening a creator's Stripe account: one, however often and however unluckily it is asked for."""

from datetime import timedelta
from typing import Any

import pytest

from accounts import gateway
from accounts.errors import StripeAccountGone, StripeUnavailable
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, Hold, HoldSource
from accounts.services import holds, payment_accounts
from database import sql
from tests.factories import CreatorFactory
from tests.threads import at_once

pytestmark = pytest.mark.django_db
CREATE = {"method": "POST", "path": "/v1/accounts"}
RETRIEVE = {"method": "GET", "path": "/v1/accounts/.*"}


@pytest.fixture
def creator() -> Creator:
    return CreatorFactory.create(external_id="alice")


def opened(creator: Creator) -> CreatorPaymentAccount:
    return payment_accounts.open_payment_account(creator, now=sql.now())


def connected(sandbox: Any) -> list[dict[str, Any]]:
    """The accounts at Stripe but for the platform's own."""
    state = sandbox.state()
    return [account for account in state["accounts"] if account["id"] != state["platform"]]


def test_an_account_is_made_for_transfers_and_manual_payouts(creator: Creator, sandbox: Any) -> None:
    row = opened(creator)
    (account,) = connected(sandbox)
    assert (row.stripe_account_id, row.account_status) == (account["id"], AccountStatus.PENDING)
    assert (row.country, row.default_currency) == ("US", "USD")
    assert account["type"] == "express"
    assert account["email"] == "alice@example.com"
    assert account["metadata"] == {"creator_id": "alice"}
    assert list(account["capabilities"]) == ["transfers"]
    assert account["settings"]["payouts"]["schedule"]["interval"] == "manual"


@pytest.mark.parametrize(
    ("platform", "country", "agreement"),
    [
        ("US", "US", "full"),
        ("US", "", "full"),
        ("US", "DE", "recipient"),
        ("DE", "DE", "full"),
        ("DE", "US", "recipient"),
    ],
)
def test_the_service_agreement_is_recipient_exactly_abroad(
    sandbox: Any, settings: Any, platform: str, country: str, agreement: str
) -> None:
    settings.PLATFORM_COUNTRY = platform
    row = opened(CreatorFactory.create(country=country))
    assert row.service_agreement == agreement
    assert connected(sandbox)[0]["tos_acceptance"]["service_agreement"] == agreement
    assert row.country == (country or platform)


def test_asking_again_makes_no_second_account(creator: Creator, sandbox: Any) -> None:
    first = opened(creator)
    assert opened(creator) == first
    assert len(connected(sandbox)) == CreatorPaymentAccount.objects.count() == 1


@pytest.mark.parametrize("kind", ["drop_response_after_work", "connection_reset"])
def test_after_a_lost_answer_the_same_account_is_found(creator: Creator, sandbox: Any, kind: str) -> None:
    sandbox.inject({**CREATE, "kind": kind, "count": 1})
    with pytest.raises(StripeUnavailable):
        opened(creator)
    row = CreatorPaymentAccount.objects.get()
    assert (row.account_status, row.stripe_account_id) == (AccountStatus.NOT_CREATED, None)
    assert opened(creator).stripe_account_id == connected(sandbox)[0]["id"]
    assert len(connected(sandbox)) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "fault", [{"kind": "latency_ms", "latency_ms": 50}, {"kind": "drop_response_after_work"}]
)
def test_clicking_in_many_tabs_at_once_makes_one_account(
    creator: Creator, sandbox: Any, fault: dict[str, Any]
) -> None:
    """Some may be told to try again; none gets an account of its own."""
    sandbox.inject({**CREATE, **fault, "count": 2})

    def click() -> str | None:
        try:
            return opened(creator).stripe_account_id
        except StripeUnavailable:
            return None

    at_once(*[click] * 6)
    final = click()
    assert [account["id"] for account in connected(sandbox)] == [final]
    assert CreatorPaymentAccount.objects.get().stripe_account_id == final


def test_a_replaced_account_gives_way_to_a_new_one(creator: Creator, sandbox: Any) -> None:
    old = opened(creator)
    old.replaced_at = sql.now()
    old.save(update_fields=["replaced_at"])
    new = opened(creator)
    assert new.stripe_account_id != old.stripe_account_id
    assert CreatorPaymentAccount.objects.count() == 2


def test_what_stripe_says_later_is_recorded(creator: Creator, sandbox: Any) -> None:
    row = opened(creator)
    assert row.stripe_account_id
    gateway.complete_in_sandbox(row.stripe_account_id)
    now = sql.now()
    active = payment_accounts.refresh_payment_account(row, now=now)
    assert (active.account_status, active.payouts_enabled, active.details_submitted) == ("active", True, True)
    assert (active.onboarding_completed_at, active.synced_at) == (now, now)
    later = payment_accounts.refresh_payment_account(row, now=now + timedelta(days=1))
    assert later.onboarding_completed_at == now


def test_an_older_answer_does_not_undo_a_later_one(creator: Creator, sandbox: Any) -> None:
    row = opened(creator)
    assert row.stripe_account_id
    before = gateway.retrieve_account(row.stripe_account_id)
    earlier = sql.now()
    gateway.complete_in_sandbox(row.stripe_account_id)
    payment_accounts.refresh_payment_account(row, now=sql.now())
    assert (
        payment_accounts.record_account(row, said=before, now=earlier).account_status == AccountStatus.ACTIVE
    )


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 403, "code": "account_invalid"}, StripeAccountGone),
        ({"kind": "status", "status": 404, "code": "resource_missing"}, StripeAccountGone),
        ({"kind": "status", "status": 401}, StripeUnavailable),
        ({"kind": "status", "status": 429}, StripeUnavailable),
        ({"kind": "status", "status": 500}, StripeUnavailable),
        ({"kind": "status", "status": 503}, StripeUnavailable),
        ({"kind": "connection_reset"}, StripeUnavailable),
        ({"kind": "timeout", "seconds": 0.01}, StripeUnavailable),
    ],
    ids=str,
)
def test_stripe_being_down_is_not_an_account_that_is_gone(
    creator: Creator, sandbox: Any, fault: dict[str, Any], error: type[Exception]
) -> None:
    row = opened(creator)
    CreatorPaymentAccount.objects.update(account_status=AccountStatus.ACTIVE)
    sandbox.inject({**RETRIEVE, **fault})
    with pytest.raises(error) as raised:
        payment_accounts.refresh_payment_account(row, now=sql.now())
    assert type(raised.value) is error
    assert CreatorPaymentAccount.objects.get().account_status == AccountStatus.ACTIVE


def test_a_row_without_an_account_is_not_asked_about(creator: Creator, sandbox: Any) -> None:
    row = CreatorPaymentAccount.objects.create(creator=creator)
    assert payment_accounts.refresh_payment_account(row, now=sql.now()) == row


@pytest.mark.django_db(transaction=True)
def test_the_same_hold_at_once_is_one(creator: Creator) -> None:
    def hold() -> Hold:
        return holds.place_hold(creator, source=HoldSource.SYSTEM, reason="the same", placed_by="system")

    assert len(set(at_once(*[hold] * 6))) == Hold.objects.count() == 1
