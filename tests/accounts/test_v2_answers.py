"""An account of the v2 API has the same states, and the same shape for creators, as one of v1."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.gateway import v1
from accounts.gateway.v2_answers import PARTS, PartNotAskedFor, account_of
from accounts.models import AccountStatus
from stripe_io.values import moment
from tests.accounts.v2 import account, capability, entry, requirements

FRESH = capability("restricted", "requirements_past_due")
VERIFYING = capability("restricted", "requirements_pending_verification")
STOPPED = capability("restricted", "restricted_other", "contact_stripe")
BACK = {"returned": True}
PAID_BEFORE = {"returned": True, "was_active": True}

# What Stripe says, what we remember, and the status. Source: https://docs.stripe.com/api/v2/core/accounts/object
TABLE: list[tuple[dict[str, Any], dict[str, bool], AccountStatus]] = [
    ({}, {}, AccountStatus.ACTIVE),
    ({"entries": [entry(due="eventually_due")]}, {}, AccountStatus.ACTIVE),
    ({"entries": [entry(due="past_due")]}, PAID_BEFORE, AccountStatus.ACTIVE),
    # A new account may be past due at once.
    (
        {"transfers": FRESH, "payouts": FRESH, "entries": [entry(due="past_due")]},
        {},
        AccountStatus.PENDING,
    ),
    ({"transfers": FRESH, "payouts": FRESH, "entries": [entry()]}, {}, AccountStatus.PENDING),
    (
        {"transfers": FRESH, "payouts": FRESH, "entries": [entry(due="eventually_due")]},
        {},
        AccountStatus.PENDING,
    ),
    # The holder left with something missing.
    ({"transfers": FRESH, "payouts": FRESH, "entries": [entry()]}, BACK, AccountStatus.RESTRICTED),
    (
        {"transfers": VERIFYING, "payouts": VERIFYING, "entries": [entry(awaits="stripe")]},
        BACK,
        AccountStatus.ONBOARDING,
    ),
    # Whoever closes the form once it is complete never returns.
    (
        {"transfers": VERIFYING, "payouts": VERIFYING, "entries": [entry(awaits="stripe")]},
        {},
        AccountStatus.ONBOARDING,
    ),
    ({"transfers": capability("restricted", "determining_status")}, BACK, AccountStatus.ONBOARDING),
    ({"transfers": capability("pending")}, BACK, AccountStatus.ONBOARDING),
    # Leg one would work, and leg two not.
    ({"payouts": capability("pending")}, BACK, AccountStatus.ONBOARDING),
    ({"payouts": FRESH, "entries": [entry(due="past_due")]}, PAID_BEFORE, AccountStatus.RESTRICTED),
    ({"payouts": VERIFYING, "entries": [entry(awaits="stripe")]}, PAID_BEFORE, AccountStatus.RESTRICTED),
    ({"transfers": STOPPED, "payouts": STOPPED}, BACK, AccountStatus.RESTRICTED),
    (
        {"transfers": STOPPED, "payouts": STOPPED, "entries": [entry(awaits="stripe")]},
        BACK,
        AccountStatus.RESTRICTED,
    ),
    ({"transfers": capability("restricted")}, {}, AccountStatus.RESTRICTED),
    ({"transfers": capability("unheard_of", "unheard_of", "unheard_of")}, {}, AccountStatus.RESTRICTED),
    *(
        ({"transfers": capability(status, code, "contact_stripe")}, PAID_BEFORE, AccountStatus.DISABLED)
        for status, code in [
            ("rejected", "rejected_fraud"),
            ("rejected", "rejected_platform_terms_of_service"),
            ("unsupported", "unsupported_country"),
        ]
    ),
    ({"payouts": capability("rejected", "rejected_other")}, PAID_BEFORE, AccountStatus.DISABLED),
    (
        {"transfers": capability("restricted", "restricted_other", "no_resolution")},
        PAID_BEFORE,
        AccountStatus.DISABLED,
    ),
    ({"closed": True}, PAID_BEFORE, AccountStatus.DISABLED),
]


@pytest.mark.parametrize(("told", "known", "status"), TABLE, ids=str)
def test_the_status_follows_from_stripes_account(
    told: dict[str, Any], known: dict[str, bool], status: AccountStatus
) -> None:
    assert AccountStatus.from_stripe(account_of(account(**told)), **known) == status


def test_an_account_whose_configuration_was_taken_away_cannot_be_paid() -> None:
    nothing = {"customer": None, "merchant": None, "recipient": None}
    read = account_of(account(applied_configurations=[], configuration=nothing))
    assert (read.transfers_active, read.payouts_enabled) == (False, False)
    assert AccountStatus.from_stripe(read, was_active=True) == AccountStatus.RESTRICTED


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_null_was_not_asked_for_and_says_nothing(part: str) -> None:
    with pytest.raises(PartNotAskedFor, match=part):
        account_of(account() | {part: None})


def test_a_configuration_that_is_applied_and_null_was_not_asked_for() -> None:
    with pytest.raises(PartNotAskedFor, match=r"configuration\.recipient"):
        account_of(account(configuration={"customer": None, "merchant": None, "recipient": None}))


def test_requirements_are_told_by_deadline_under_the_names_of_v1() -> None:
    unreadable = {"code": "verification_document_not_readable", "description": "The image is blurred."}
    told = requirements(
        entry("tos", due="past_due"),
        entry("iban"),
        entry("tax_id", due="eventually_due"),
        entry("passport", awaits="stripe", errors=[unreadable]),
        entry("new", due="a deadline of tomorrow"),
        time="2026-12-01T00:00:00.000Z",
    )
    later = requirements(entry("address"), transition="2027-03-01T00:00:00.000Z")
    read = account_of(account(transfers=FRESH, payouts=FRESH, requirements=told, future_requirements=later))
    assert read.requirements == {
        "past_due": ["tos"],
        "currently_due": ["tos", "iban", "new"],
        "eventually_due": ["tos", "iban", "tax_id", "new"],
        "pending_verification": ["passport"],
        "errors": [
            {
                "code": "verification_document_not_readable",
                "reason": "The image is blurred.",
                "requirement": "passport",
            }
        ],
        "disabled_reason": "requirements_past_due",
        "current_deadline": 1_796_083_200,
    }
    assert read.future_requirements["currently_due"] == ["address"]
    assert moment(read.future_requirements["current_deadline"]) == datetime(2027, 3, 1, tzinfo=UTC)


def test_a_deadline_of_what_is_only_due_eventually_is_none() -> None:
    told = requirements(entry(due="eventually_due"), time="2026-12-01T00:00:00.000Z")
    assert account_of(account(requirements=told)).requirements["current_deadline"] is None


def test_the_bank_account_comes_from_the_accounts_form_in_v1() -> None:
    bank = {"id": "ba_1", "fingerprint": "f1", "currency": "eur", "default_for_currency": True}
    in_v1 = {"default_currency": "eur", "external_accounts": {"data": [bank]}}
    read = account_of(account(), in_v1=in_v1)
    assert read.external_account
    assert (read.external_account.id, read.external_account.fingerprint) == ("ba_1", "f1")
    assert account_of(account()).external_account is None


def test_both_apis_are_read_alike() -> None:
    one = v1.account_of(
        {
            "id": "acct_1",
            "country": "DE",
            "default_currency": "eur",
            "business_type": "individual",
            "payouts_enabled": True,
            "capabilities": {"transfers": "active"},
        }
    )
    other = account_of(account())
    for fact in ("id", "country", "default_currency", "business_type", "payouts_enabled", "transfers_active"):
        assert getattr(one, fact) == getattr(other, fact)
    assert other.capabilities == {"transfers": "active", "payouts": "active"}
