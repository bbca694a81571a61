"""What an account's holder does at Stripe: onboarding, with its possible outcomes."""

from sandbox import bank_accounts
from sandbox.accounts import find_account, requirements
from sandbox.context import Context
from sandbox.errors import JsonObject
from sandbox.v2 import changes as told

# What is still required of someone who left the form before its last page.
LAST_PAGE = ("external_account", "tos_acceptance.date", "tos_acceptance.ip")
# What Stripe requires when it can't verify someone's identity, and why.
UNVERIFIED = ("individual.verification.document",)
NOT_VERIFIED = {
    "code": "verification_failed_keyed_identity",
    "reason": "The identity information you entered cannot be verified. Please correct any errors or upload a "
    "document that matches the identity fields (e.g., name and date of birth) that you entered.",
    "requirement": UNVERIFIED[0],
}


def complete(context: Context, account_id: str) -> JsonObject:
    """Complete the form without mistakes.

    Under the recipient service agreement an account accepts transfers but no card payments.
    Source: https://docs.stripe.com/connect/service-agreement-types
    """
    before = find_account(context, account_id)
    full = before["tos_acceptance"]["service_agreement"] == "full"
    return _changed(
        context,
        before,
        {
            **_submitted(context, before),
            "capabilities": dict.fromkeys(before["capabilities"], "active"),
            "charges_enabled": full and "card_payments" in before["capabilities"],
            "payouts_enabled": True,
            "requirements": requirements(()),
        },
    )


def submit(context: Context, account_id: str) -> JsonObject:
    """Complete the form; Stripe has yet to verify it, and capabilities are pending until then.

    Source: https://docs.stripe.com/api/capabilities/object#capability_object-status
    """
    before = find_account(context, account_id)
    verified = requirements(()) | {
        "disabled_reason": "requirements.pending_verification",
        "pending_verification": list(UNVERIFIED),
    }
    return _changed(
        context,
        before,
        {
            **_submitted(context, before),
            "capabilities": dict.fromkeys(before["capabilities"], "pending"),
            "charges_enabled": False,
            "payouts_enabled": False,
            "requirements": verified,
        },
    )


def leave(context: Context, account_id: str) -> JsonObject:
    """Fill in the first pages and leave; what was submitted before stays submitted."""
    before = find_account(context, account_id)
    if before["details_submitted"]:
        return before
    answered = {
        "business_type": before["business_type"] or "individual",
        "requirements": requirements(LAST_PAGE),
    }
    return _changed(context, before, answered)


def fail_verification(context: Context, account_id: str) -> JsonObject:
    """Complete the form with details that Stripe can't verify, so that it restricts the account.

    Source: https://docs.stripe.com/connect/handling-api-verification
    """
    before = find_account(context, account_id)
    return _changed(
        context,
        before,
        {
            **_submitted(context, before),
            "capabilities": dict.fromkeys(before["capabilities"], "inactive"),
            "charges_enabled": False,
            "payouts_enabled": False,
            "requirements": requirements(UNVERIFIED)
            | {"current_deadline": context.created, "errors": [NOT_VERIFIED]},
        },
    )


def _submitted(context: Context, account: JsonObject) -> JsonObject:
    banks = account["external_accounts"]
    bank = bank_accounts.new(account, country=account["country"], currency=account["default_currency"])
    return {
        "business_type": account["business_type"] or "individual",
        "details_submitted": True,
        "external_accounts": banks | {"data": banks["data"] or [bank], "total_count": 1},
        "tos_acceptance": account["tos_acceptance"] | {"date": context.created, "ip": "127.0.0.1"},
    }


def _changed(context: Context, before: JsonObject, changes: JsonObject) -> JsonObject:
    after = before | changes
    told.record(context, before, after)
    return after
