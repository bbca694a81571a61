"""An account of API v2 in each standing that a product tells apart."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe
from stripe.v2.core import Account

from tests.sandbox.samples import ALL_PARTS

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(client: stripe.StripeClient, open_v2: Callable[..., Account]) -> Ask:
    """Ask controls for changes of one account, and read it."""
    account = open_v2().id

    def ask(what: str, **params: Any) -> dict[str, Any]:
        client.raw_request("post", f"/_sandbox/accounts/{account}/{what}", **params)
        found = client.v2.core.accounts.retrieve(account, {"include": ALL_PARTS})  # type: ignore[arg-type]
        return found.to_dict()

    return ask


def standing(account: dict[str, Any]) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """The status of each capability, with its codes and resolutions."""
    balance = account["configuration"]["recipient"]["capabilities"]["stripe_balance"]
    return {
        name: (
            capability["status"],
            [(detail["code"], detail["resolution"]) for detail in capability["status_details"]],
        )
        for name, capability in balance.items()
    }


def awaited(account: dict[str, Any]) -> set[str]:
    return {entry["awaiting_action_from"] for entry in account["requirements"]["entries"]}


def both(status: str, *details: tuple[str, str]) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    return {"stripe_transfers": (status, list(details)), "payouts": (status, list(details))}


def test_who_submitted_everything_waits_for_stripe(ask: Ask) -> None:
    account = ask("submit")
    assert standing(account) == both("pending", ("determining_status", "provide_info"))
    assert awaited(account) == {"stripe"}
    assert standing(ask("complete")) == both("active")


def test_verification_can_be_the_restriction(ask: Ask) -> None:
    ask("complete")
    account = ask("restrict", disabled_reason="requirements.pending_verification")
    assert standing(account) == both("restricted", ("requirements_pending_verification", "provide_info"))
    assert awaited(account) == {"stripe"}


def test_what_is_past_due_restricts_an_active_account(ask: Ask) -> None:
    ask("complete")
    account = ask("restrict")
    assert standing(account) == both("restricted", ("requirements_past_due", "provide_info"))
    assert awaited(account) == {"user"}
    assert account["requirements"]["summary"]["minimum_deadline"]["status"] == "past_due"


@pytest.mark.parametrize("reason", ["listed", "under_review", "platform_paused"])
def test_a_review_is_a_matter_for_stripe(ask: Ask, reason: str) -> None:
    ask("complete")
    assert standing(ask("restrict", disabled_reason=reason)) == both(
        "restricted", ("restricted_other", "contact_stripe")
    )


@pytest.mark.parametrize("why", ["fraud", "listed", "platform_terms_of_service", "incomplete_verification"])
def test_a_rejected_account_has_its_own_status(ask: Ask, why: str) -> None:
    account = ask("restrict", disabled_reason=f"rejected.{why}")
    assert standing(account) == both("rejected", (f"rejected_{why}", "no_resolution"))


def test_a_capability_can_be_set_as_v2_shows_it(ask: Ask) -> None:
    ask("complete")
    unsupported = {"status": "unsupported", "code": "unsupported_country", "resolution": "no_resolution"}
    account = ask("capabilities", payouts=unsupported)
    assert standing(account) == {
        "stripe_transfers": ("active", []),
        "payouts": ("unsupported", [("unsupported_country", "no_resolution")]),
    }
    account = ask("capabilities", stripe_transfers={"status": "restricted", "code": "restricted_other"})
    assert standing(account)["stripe_transfers"] == ("restricted", [("restricted_other", "contact_stripe")])
    assert standing(ask("enable")) == both("active")
    assert standing(ask("restrict")) == both("restricted", ("requirements_past_due", "provide_info"))


def test_transfers_can_be_active_without_payouts(ask: Ask) -> None:
    ask("complete")
    account = ask("capabilities", payouts={"status": "pending"})
    assert standing(account) == {
        "stripe_transfers": ("active", []),
        "payouts": ("pending", [("determining_status", "contact_stripe")]),
    }


def test_what_is_due_eventually_restricts_nothing_yet(ask: Ask) -> None:
    ask("complete")
    account = ask("requirements", eventually_due=["individual.verification.document"], deadline_in=86400)
    assert standing(account) == both("active")
    (entry,) = account["requirements"]["entries"]
    assert entry["description"] == "identity.individual.documents.primary_verification"
    assert entry["minimum_deadline"] == {"status": "eventually_due"}
    assert entry["requested_reasons"] == [{"code": "routine_verification"}]
    assert account["requirements"]["summary"]["minimum_deadline"]["time"] is not None


def test_what_will_be_required_has_its_date(ask: Ask) -> None:
    account = ask("requirements", currently_due=["external_account"], deadline_in=86400, future=True)
    future = account["future_requirements"]
    assert future["minimum_transition_date"] == future["summary"]["minimum_deadline"]["time"]
    (entry,) = future["entries"]
    assert [each["capability"] for each in entry["impact"]["restricts_capabilities"]] == [
        "stripe_balance.payouts"
    ]


def test_without_a_bank_account_only_payouts_are_restricted(client: stripe.StripeClient, ask: Ask) -> None:
    account = ask("complete")
    client.raw_request("delete", f"/_sandbox/accounts/{account['id']}/bank_account")
    account = ask("requirements", past_due=["external_account"])
    assert standing(account)["stripe_transfers"] == ("active", [])
    assert standing(account)["payouts"][0] == "restricted"


def test_a_disconnected_account_is_not_found(client: stripe.StripeClient, ask: Ask) -> None:
    account = ask("complete")["id"]
    client.raw_request("post", f"/_sandbox/accounts/{account}/deauthorize")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v2.core.accounts.retrieve(account)
    assert refused.value.http_status == 404
    with pytest.raises(stripe.PermissionError):
        client.v1.accounts.retrieve(account)
