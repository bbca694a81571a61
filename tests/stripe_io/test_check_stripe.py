"""`manage.py check_stripe` finds what is missing at Stripe, and says what to do."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from database import sql
from stripe_io import client as stripe_io
from stripe_io.checking import State, check_stripe
from stripe_io.checking.webhooks import ACCOUNTS, PATH, SELF, THIN, wanted_types
from stripe_io.handlers import handled_types
from tests.local_stripe import Stripe

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox_options() -> dict[str, Any]:
    """Endpoints that are listed; nobody listens there."""
    return {
        "webhook_url": f"http://127.0.0.1:9{PATH}",
        "webhook_secrets": ("whsec_1", "whsec_2"),
        "thin_secrets": ("whsec_3",),
    }


@pytest.fixture(autouse=True)
def unchecked(sandbox: Stripe, settings: Settings) -> None:
    """The service opens accounts by API v2, and hasn't called Stripe yet."""
    settings.STRIPE_ACCOUNTS = "v2"
    stripe_io.forget_checks()


@pytest.fixture
def connected(sandbox: Stripe) -> str:
    return sandbox.client.v1.accounts.create({"type": "express", "country": "US"}).id


def findings(state: State = State.WRONG) -> list[str]:
    """Check, and return the sentences of one state, each with what to do."""
    found = check_stripe(now=sql.now())
    return [f"{finding.sentence} {finding.remedy}".strip() for finding in found if finding.state == state]


def endpoint(sandbox: Stripe, *, of: str) -> str:
    listed = sandbox.client.v1.webhook_endpoints.list().data
    (found,) = [each.id for each in listed if bool(each.application) is (of == ACCOUNTS)]
    return found


@pytest.mark.usefixtures("connected")
def test_a_platform_that_is_set_up_has_nothing_wrong() -> None:
    assert findings() == []
    assert len(findings(State.GOOD)) > 8


def test_the_command_prints_plain_lines_and_says_whether_something_is_wrong(sandbox: Stripe) -> None:
    out = StringIO()
    call_command("check_stripe", stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("✓ The key belongs to this database's Stripe account, acct_")
    assert lines[-1] == "Stripe is set up as this service needs it."
    assert "\x1b" not in out.getvalue()
    sandbox.client.v1.balance_settings.update({"payments": {"payouts": {"schedule": {"interval": "daily"}}}})
    with pytest.raises(SystemExit, match="1"):
        call_command("check_stripe", stdout=out)
    assert out.getvalue().splitlines()[-1] == "1 thing is wrong."


def test_the_command_prints_json(sandbox: Stripe) -> None:
    out = StringIO()
    call_command("check_stripe", "--json", stdout=out)
    assert json.loads(out.getvalue())["findings"][0]["state"] == "good"


def test_another_country_is_found(settings: Settings) -> None:
    settings.PLATFORM_COUNTRY = "DE"
    (finding,) = findings()
    assert "Set PLATFORM_COUNTRY=US." in finding
    assert findings(State.GOOD) == []


def test_a_key_that_stripe_refuses_is_found(sandbox: Stripe) -> None:
    sandbox.inject({"kind": "status", "status": 401, "message": "Invalid API Key provided"})
    (finding,) = findings()
    assert "Invalid API Key provided" in finding


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize(
    ("permission", "what"),
    [
        ("rak_accounts_kyc_basic_read", "the platform's account"),
        ("rak_balance_read", "the balance"),
        ("rak_balance_settings_read", "balance settings on connected accounts"),
        ("rak_charge_read", "charges on connected accounts"),
        ("rak_payout_read", "payouts on connected accounts"),
        ("rak_transfer_read", "transfers"),
        ("rak_v2_account_read", "accounts (v2)"),
        ("rak_v2_event_read", "events (v2)"),
    ],
)
def test_a_missing_permission_is_found(sandbox: Stripe, permission: str, what: str) -> None:
    sandbox.control("permissions", missing=[permission])
    assert any(
        f"doesn't read {what}. Give it the permission {permission} at" in finding for finding in findings()
    )


@pytest.mark.usefixtures("connected")
def test_a_missing_connect_column_is_found(sandbox: Stripe) -> None:
    sandbox.control("permissions", missing=["connect"])
    assert "The key doesn't read payouts on connected accounts. Give it the Connect column" in "".join(
        findings()
    )


def test_permissions_that_cannot_be_tried_are_listed() -> None:
    notes = " ".join(findings(State.NOTE))
    assert "before there is one" in notes
    assert "A restricted key needs those for accounts, account links" in notes


def test_automatic_payouts_of_the_platform_are_found(sandbox: Stripe) -> None:
    sandbox.client.v1.balance_settings.update({"payments": {"payouts": {"schedule": {"interval": "daily"}}}})
    (finding,) = findings()
    assert "pays the platform's balance out daily, with what creators are owed" in finding
    sandbox.client.v1.balance_settings.update(
        {"payments": {"payouts": {"minimum_balance_by_currency": {"usd": 5_000_00}}}}
    )
    assert findings() == []
    assert any("leaves 500,000 USD" in finding for finding in findings(State.NOTE))


def test_an_incomplete_platform_is_found(sandbox: Stripe) -> None:
    sandbox.control(f"objects/{sandbox.state('platform')['platform']}", null=["charges_enabled"])
    (finding,) = findings()
    assert "isn't complete: charges enabled: no." in finding


def test_a_clock_that_is_wrong_is_found() -> None:
    found = check_stripe(now=sql.now() + timedelta(minutes=2))
    (finding,) = [finding for finding in found if finding.state == State.WRONG]
    assert "clock and Stripe's differ by 1" in finding.sentence
    assert "NTP" in finding.remedy


def test_another_mode_is_found(settings: Settings) -> None:
    settings.STRIPE_LIVE_MODE = True
    assert any("Stripe answers in test mode" in finding for finding in findings())


def test_an_api_that_stripe_does_not_offer_is_found(sandbox: Stripe) -> None:
    refusal = {
        "kind": "status",
        "status": 400,
        "code": "accounts_v2_access_blocked",
        "message": "Not enabled.",
    }
    sandbox.inject({**refusal, "method": "GET", "path": "/v2/core/accounts"})
    assert any("refuses connected accounts of API v2: Not enabled." in finding for finding in findings())


@pytest.mark.parametrize(
    ("origin", "change", "sentence"),
    [
        (SELF, {"disabled": True}, "is disabled."),
        (ACCOUNTS, {"enabled_events": ["payout.*"]}, "Connect endpoint"),
        (SELF, {"url": "http://127.0.0.1:9/elsewhere"}, "No platform endpoint sends events to"),
        (ACCOUNTS, {"url": "http://127.0.0.1:9/elsewhere"}, "No Connect endpoint sends events to"),
    ],
)
def test_an_endpoint_that_does_not_deliver_is_found(
    sandbox: Stripe, origin: str, change: dict[str, Any], sentence: str
) -> None:
    sandbox.client.raw_request("post", f"/v1/webhook_endpoints/{endpoint(sandbox, of=origin)}", **change)
    (finding,) = findings()
    assert sentence in finding


def test_a_missing_destination_of_thin_events_is_found_if_it_is_used(
    sandbox: Stripe, settings: Settings
) -> None:
    for destination in sandbox.client.v2.core.event_destinations.list().data:
        sandbox.client.v2.core.event_destinations.disable(destination.id)
    (finding,) = findings()
    assert "destination of thin events ed_" in finding
    settings.STRIPE_ACCOUNTS = "v1"
    assert findings() == []


def test_thin_events_of_one_origin_only_are_noted(sandbox: Stripe) -> None:
    destinations = sandbox.client.v2.core.event_destinations
    for destination in destinations.list().data:
        destinations.disable(destination.id)
    destinations.create(
        {
            "name": "Ours",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "events_from": ["@self"],
            "enabled_events": ["*"],
            "webhook_endpoint": {"url": f"http://127.0.0.1:9{PATH}"},
        }
    )
    assert any("takes those from @accounts." in finding for finding in findings(State.NOTE))


def test_the_events_that_an_endpoint_lacks_are_named(sandbox: Stripe) -> None:
    wanted = wanted_types()[ACCOUNTS]
    known = [each for each in wanted if each != "payout.failed"]
    sandbox.client.raw_request(
        "post", f"/v1/webhook_endpoints/{endpoint(sandbox, of=ACCOUNTS)}", enabled_events=known
    )
    (finding,) = findings()
    assert "doesn't get: payout.failed." in finding


def test_an_endpoint_of_another_version_is_found(sandbox: Stripe) -> None:
    address = f"http://127.0.0.1:9{PATH}"
    made = {"url": address, "enabled_events": ["*"], "api_version": "2024-06-20"}
    sandbox.client.raw_request("post", "/v1/webhook_endpoints", **made)
    (finding,) = findings()
    assert "uses API version 2024-06-20" in finding


def test_every_event_type_has_its_endpoint() -> None:
    wanted = wanted_types()
    assert set().union(*wanted.values()) == set(handled_types())
    assert "balance.available" in wanted[SELF]
    assert "balance.available" in wanted[ACCOUNTS]
    assert {each.partition(".")[0] for each in wanted[SELF]} == {"balance", "charge", "transfer"}
    assert {each.partition(".")[0] for each in wanted[ACCOUNTS]} >= {
        "account",
        "balance",
        "capability",
        "payout",
    }
    assert not [each for each in wanted[THIN] if not each.startswith("v2.core.")]
