"""Accounts that Stripe's v2 API opens: their life from the first click on."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts import gateway
from accounts.errors import StripeUnavailable
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount
from accounts.services import opening, payment_accounts
from database import sql
from stripe_io import services as inbox
from stripe_io.models import InboxEvent
from tests.accounts.portal import come_back, link, portal_query
from tests.api import caller
from tests.browser import Browser
from tests.factories import CreatorFactory
from tests.local_stripe import Stripe

pytestmark = pytest.mark.django_db
CREATE = {"method": "POST", "path": "/v2/core/accounts"}
ONBOARD = "/api/v1/accounts/onboard"
OWN_ACCOUNT = "GET /v1/account"  # once for each process


@pytest.fixture(autouse=True)
def v2(api: str, settings: Settings) -> None:
    settings.STRIPE_ACCOUNTS = "v2"
    settings.REQUESTS_PER_MINUTE = {**settings.REQUESTS_PER_MINUTE, "links": 1_000_000}


@pytest.fixture
def creator() -> Creator:
    return CreatorFactory.create(external_id="alice", country="DE")


def opened(creator: Creator, *, after: timedelta = timedelta(), **params: str) -> CreatorPaymentAccount:
    return opening.open_payment_account(creator, now=sql.now() + after, **params)


def calls(sandbox: Stripe) -> dict[str, int]:
    """Count the service's own requests to Stripe."""
    requests: dict[str, int] = sandbox.state("requests")["requests"]
    return {
        route: count for route, count in requests.items() if "_sandbox" not in route and route != OWN_ACCOUNT
    }


def test_an_account_is_opened_for_transfers_and_manual_payouts(creator: Creator, sandbox: Stripe) -> None:
    row = opened(creator, business_type="individual")
    assert row.stripe_account_id
    told = sandbox.client.v2.core.accounts.retrieve(
        row.stripe_account_id, {"include": ["configuration.recipient", "defaults", "identity"]}
    ).to_dict()
    assert (row.api, row.account_status, row.schedule) == ("v2", AccountStatus.PENDING, "manual")
    assert (row.country, row.default_currency, row.business_type) == ("DE", "EUR", "individual")
    assert (told["dashboard"], told["contact_email"]) == ("express", "alice@example.com")
    assert told["identity"]["country"] == "de"
    assert told["metadata"] == {"creator_id": "alice", "payment_account_id": str(row.pk)}
    assert told["applied_configurations"] == ["recipient"]
    settings = sandbox.client.v1.balance_settings.retrieve({}, {"stripe_account": row.stripe_account_id})
    assert settings.to_dict()["payments"]["payouts"]["schedule"]["interval"] == "manual"


def test_card_payments_are_requested_where_stripe_wants_them(
    creator: Creator, sandbox: Stripe, settings: Settings
) -> None:
    settings.STRIPE_REQUEST_CARD_PAYMENTS = True
    row = opened(creator)
    assert row.stripe_account_id
    told = sandbox.client.v2.core.accounts.retrieve(row.stripe_account_id).to_dict()
    assert set(told["applied_configurations"]) == {"merchant", "recipient"}
    assert set(row.capabilities) == {"card_payments", "payouts", "transfers"}


def test_a_link_is_only_made_once_the_schedule_is_manual(creator: Creator, sandbox: Stripe) -> None:
    sandbox.inject({"method": "POST", "path": "/v1/balance_settings", "kind": "connection_reset", "count": 1})
    alice = caller("alice")
    assert alice.post(ONBOARD, format="json").status_code == 503
    assert "POST /v2/core/account_links" not in calls(sandbox)
    assert alice.post(ONBOARD, format="json").status_code == 200
    assert calls(sandbox)["POST /v2/core/accounts"] == 1
    assert CreatorPaymentAccount.objects.get().schedule == "manual"


def test_a_schedule_that_is_changed_is_set_to_manual_again(creator: Creator, sandbox: Stripe) -> None:
    row = opened(creator)
    assert row.stripe_account_id
    sandbox.client.v1.balance_settings.update(
        {"payments": {"payouts": {"schedule": {"interval": "daily"}}}},
        {"stripe_account": row.stripe_account_id},
    )
    sandbox.deliver_webhooks()
    inbox.handle_due(at_most=100)
    settings = sandbox.client.v1.balance_settings.retrieve({}, {"stripe_account": row.stripe_account_id})
    assert settings.to_dict()["payments"]["payouts"]["schedule"]["interval"] == "manual"
    assert CreatorPaymentAccount.objects.get().schedule == "manual"


@pytest.mark.parametrize("events_first", [False, True])
def test_onboarding_takes_at_most_seven_calls(
    creator: Creator, sandbox: Stripe, browser: Browser, events_first: bool
) -> None:
    browser.follow(link())
    location = browser.choose("complete").location
    if events_first:
        sandbox.deliver_webhooks()
        inbox.handle_due(at_most=100)
    assert portal_query(str(come_back(location)["Location"])) == {"onboarding": "complete"}
    sandbox.deliver_webhooks()
    inbox.handle_due(at_most=100)
    row = CreatorPaymentAccount.objects.get()
    assert (row.account_status, row.details_submitted) == (AccountStatus.ACTIVE, True)
    assert row.external_account_id
    assert InboxEvent.objects.filter(type="v2.core.account_link.returned", handled_at__isnull=False).exists()
    assert sum(calls(sandbox).values()) <= 7, calls(sandbox)


def test_thin_events_make_an_account_active_without_a_return(creator: Creator, sandbox: Stripe) -> None:
    row = opened(creator)
    assert row.stripe_account_id
    gateway.complete_in_sandbox(row.stripe_account_id)
    assert not [event for event in sandbox.events() if event["type"] == "account.updated"]
    sandbox.deliver_webhooks()
    inbox.handle_due(at_most=100)
    row = CreatorPaymentAccount.objects.get()
    assert (row.account_status, row.details_submitted, row.payouts_enabled) == ("active", True, True)
    assert row.external_account_fingerprint


def test_the_return_from_the_form_is_told_by_an_event_too(creator: Creator, sandbox: Stripe) -> None:
    row = opened(creator)
    event = {
        "id": "evt_returned",
        "object": "v2.core.event",
        "type": "v2.core.account_link.returned",
        "livemode": False,
        "created": "2026-11-28T05:00:00.000Z",
        "context": row.stripe_account_id,
        "related_object": None,
    }
    assert sandbox.post_event(event).status_code == 200
    assert inbox.handle_due(at_most=1) == 1
    row = CreatorPaymentAccount.objects.get()
    assert row.returned_at is not None
    assert row.account_status == AccountStatus.RESTRICTED  # back, with everything still missing


def test_a_return_that_stripe_no_longer_knows_is_set_aside(creator: Creator, sandbox: Stripe) -> None:
    opened(creator, after=timedelta(hours=-1))
    event = {
        "id": "evt_forgotten",
        "object": "v2.core.event",
        "type": "v2.core.account_link.returned",
        "livemode": False,
        "created": "2026-11-28T05:00:00.000Z",
        "context": None,
        "related_object": None,
    }
    assert sandbox.post_event(event).status_code == 200
    assert inbox.handle_due(at_most=1) == 1
    assert InboxEvent.objects.get(event_id="evt_forgotten").handled_at is not None


@pytest.mark.parametrize("kind", ["drop_response_after_work", "connection_reset"])
def test_after_a_lost_answer_the_same_key_opens_or_finds_the_account(
    creator: Creator, sandbox: Stripe, kind: str
) -> None:
    sandbox.inject({**CREATE, "kind": kind, "count": 1})
    with pytest.raises(StripeUnavailable):
        opened(creator)
    row = opened(creator, after=timedelta(days=28))
    assert (row.openings, len(open_accounts(sandbox))) == (1, 1)
    assert row.stripe_account_id == open_accounts(sandbox)[0]["id"]


@pytest.mark.parametrize("made", [False, True])
def test_a_key_of_30_days_is_not_sent_again_but_looked_for_among_the_events(
    creator: Creator, sandbox: Stripe, made: bool
) -> None:
    kind = "drop_response_after_work" if made else "connection_reset"
    sandbox.inject({**CREATE, "kind": kind, "count": 1})
    with pytest.raises(StripeUnavailable):
        opened(creator)
    row = opened(creator, after=timedelta(days=29, seconds=1))
    assert row.stripe_account_id == open_accounts(sandbox)[0]["id"]
    assert (len(open_accounts(sandbox)), row.openings) == (1, 1 if made else 2)


def test_a_refused_request_runs_again_once_its_cause_is_gone(creator: Creator, sandbox: Stripe) -> None:
    refusal = {"kind": "status", "status": 400, "code": "connect_profile_not_submitted", "message": "No."}
    sandbox.inject({**CREATE, **refusal, "count": 1})
    answers = [caller("alice").post(ONBOARD, format="json") for _ in range(2)]
    assert [answer.json()["code"] for answer in answers] == ["platform_not_ready"] * 2
    assert calls(sandbox) == {"POST /v2/core/accounts": 1}


def test_the_setting_does_not_change_an_opening_that_has_begun(
    creator: Creator, sandbox: Stripe, settings: Settings
) -> None:
    sandbox.inject({**CREATE, "kind": "drop_response_after_work", "count": 1})
    with pytest.raises(StripeUnavailable):
        opened(creator)
    assert CreatorPaymentAccount.objects.get().api == "v2"
    settings.STRIPE_ACCOUNTS = "v1"
    row = opened(creator)
    assert (row.api, len(open_accounts(sandbox))) == ("v2", 1)
    assert opened(CreatorFactory.create()).api == "v1"


def test_accounts_of_both_apis_are_refreshed_beside_each_other(
    creator: Creator, sandbox: Stripe, settings: Settings
) -> None:
    rows = [opened(creator)]
    settings.STRIPE_ACCOUNTS = "v1"
    rows.append(opened(CreatorFactory.create()))
    for row in rows:
        assert row.stripe_account_id
        gateway.complete_in_sandbox(row.stripe_account_id)
        refreshed = payment_accounts.refresh_payment_account(row, now=sql.now())
        assert (refreshed.account_status, refreshed.payable) == (AccountStatus.ACTIVE, True)
        assert refreshed.external_account_id


def test_an_account_that_is_closed_is_gone_and_another_is_opened(creator: Creator, sandbox: Stripe) -> None:
    row = opened(creator)
    assert row.stripe_account_id
    sandbox.client.v2.core.accounts.close(row.stripe_account_id, {"applied_configurations": ["recipient"]})
    sandbox.deliver_webhooks()
    inbox.handle_due(at_most=100)
    row = CreatorPaymentAccount.objects.get()
    assert (row.account_status, row.gone_at is None) == (AccountStatus.DISABLED, False)
    assert caller("alice").post(ONBOARD, format="json").status_code == 200
    new = CreatorPaymentAccount.objects.get(replaced_at=None)
    assert (new.api, new.stripe_account_id != row.stripe_account_id) == ("v2", True)


def test_the_dashboard_of_an_account_opens(creator: Creator, sandbox: Stripe) -> None:
    row = opened(creator)
    assert row.stripe_account_id
    gateway.complete_in_sandbox(row.stripe_account_id)
    assert caller("alice").get("/api/v1/accounts/dashboard").json()["dashboard_url"].startswith("http")


def open_accounts(sandbox: Stripe) -> list[dict[str, Any]]:
    state = sandbox.state("accounts", "platform")
    return [account for account in state["accounts"] if account["id"] != state["platform"]]
