"""One function derives an account's status from Stripe's account."""

from itertools import product
from typing import Any

import pytest

from accounts.gateway import StripeAccount, v1
from accounts.models import AccountStatus


def account(**changes: Any) -> StripeAccount:
    """Return an account that can be paid, apart from these changes."""
    ready: dict[str, Any] = {
        "id": "acct_1",
        "object": "account",
        "details_submitted": True,
        "charges_enabled": False,
        "payouts_enabled": True,
        "capabilities": {"transfers": "active"},
        "requirements": {"currently_due": [], "past_due": [], "disabled_reason": None},
    }
    return v1.account_of(ready | changes)


def due(**requirements: Any) -> dict[str, Any]:
    return {"currently_due": [], "past_due": [], "disabled_reason": None} | requirements


NOTHING_YET = {
    "details_submitted": False,
    "payouts_enabled": False,
    "capabilities": {"transfers": "inactive"},
}
TABLE: list[tuple[dict[str, Any], AccountStatus]] = [
    ({}, AccountStatus.ACTIVE),
    # `charges_enabled` is only displayed: a recipient accepts no charges.
    ({"charges_enabled": True}, AccountStatus.ACTIVE),
    ({"requirements": due(currently_due=["external_account"])}, AccountStatus.ACTIVE),
    (NOTHING_YET, AccountStatus.PENDING),
    (NOTHING_YET | {"requirements": due(currently_due=["business_type"])}, AccountStatus.PENDING),
    ({"payouts_enabled": False}, AccountStatus.ONBOARDING),
    ({"capabilities": {"transfers": "pending"}}, AccountStatus.ONBOARDING),
    ({"capabilities": {}}, AccountStatus.ONBOARDING),
    ({"capabilities": None, "requirements": None}, AccountStatus.ONBOARDING),
    ({"payouts_enabled": False, "requirements": due(currently_due=["id"])}, AccountStatus.RESTRICTED),
    ({"payouts_enabled": False, "requirements": due(past_due=["id"])}, AccountStatus.RESTRICTED),
    (
        {"capabilities": {"transfers": "inactive"}, "requirements": due(past_due=["id"])},
        AccountStatus.RESTRICTED,
    ),
    *(
        ({"payouts_enabled": False, "requirements": due(disabled_reason=why)}, AccountStatus.RESTRICTED)
        for why in ("listed", "under_review", "platform_paused", "other", "requirements.past_due")
    ),
    (
        {"payouts_enabled": False, "requirements": due(disabled_reason="requirements.pending_verification")},
        AccountStatus.ONBOARDING,
    ),
    *(
        ({"requirements": due(disabled_reason=f"rejected.{why}")}, AccountStatus.DISABLED)
        for why in ("fraud", "listed", "terms_of_service", "other")
    ),
    (
        NOTHING_YET | {"requirements": due(disabled_reason="rejected.fraud", past_due=["id"])},
        AccountStatus.DISABLED,
    ),
]


@pytest.mark.parametrize(("changes", "status"), TABLE, ids=str)
def test_the_status_follows_from_stripes_account(changes: dict[str, Any], status: AccountStatus) -> None:
    assert AccountStatus.from_stripe(account(**changes)) == status


def test_active_needs_transfers_and_payouts_and_an_existing_account_is_never_not_created() -> None:
    booleans = [True, False]
    for transfers, payouts, submitted, charges in product(
        ["active", "inactive", "pending", None], booleans, booleans, booleans
    ):
        status = AccountStatus.from_stripe(
            account(
                capabilities={"transfers": transfers},
                payouts_enabled=payouts,
                details_submitted=submitted,
                charges_enabled=charges,
            )
        )
        assert (status == AccountStatus.ACTIVE) is (transfers == "active" and payouts)
        assert status != AccountStatus.NOT_CREATED


def test_an_inaccessible_account_is_disabled() -> None:
    assert AccountStatus.from_stripe(None) == AccountStatus.DISABLED
