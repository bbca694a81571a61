"""Accounts as Stripe's v2 API describes them."""

from collections.abc import Mapping, Sequence
from typing import Any

Entry = dict[str, Any]


def capability(status: str, code: str = "", resolution: str = "provide_info") -> dict[str, Any]:
    details = [{"code": code, "resolution": resolution}] if code else []
    return {"status": status, "status_details": details}


def entry(
    description: str = "individual.given_name",
    *,
    due: str = "currently_due",
    awaits: str = "user",
    errors: Sequence[Mapping[str, str]] = (),
) -> Entry:
    return {
        "awaiting_action_from": awaits,
        "description": description,
        "errors": list(errors),
        "impact": {
            "restricts_capabilities": [
                {
                    "capability": "stripe_balance.stripe_transfers",
                    "configuration": "recipient",
                    "deadline": {"status": due},
                }
            ]
        },
        "minimum_deadline": {"status": due},
        "requested_reasons": [{"code": "routine_onboarding"}],
    }


def requirements(*entries: Entry, time: str | None = None, transition: str | None = None) -> dict[str, Any]:
    earliest = {"status": entries[0]["minimum_deadline"]["status"], "time": time} if entries else None
    return {
        "entries": list(entries),
        "minimum_transition_date": transition,
        "summary": {"minimum_deadline": earliest} if earliest else None,
    }


def account(
    *,
    transfers: Mapping[str, Any] | None = None,
    payouts: Mapping[str, Any] | None = None,
    entries: Sequence[Entry] = (),
    **changes: Any,
) -> dict[str, Any]:
    """Return an account that can be paid, apart from these changes."""
    balance = {
        "stripe_transfers": capability("active") if transfers is None else transfers,
        "payouts": capability("active") if payouts is None else payouts,
    }
    return {
        "id": "acct_1",
        "object": "v2.core.account",
        "livemode": False,
        "created": "2026-11-28T05:00:00.000Z",
        "closed": False,
        "applied_configurations": ["recipient"],
        "contact_email": "ada@example.com",
        "dashboard": "express",
        "metadata": {},
        "configuration": {
            "customer": None,
            "merchant": None,
            "recipient": {"applied": True, "capabilities": {"stripe_balance": balance}},
        },
        "defaults": {
            "currency": "eur",
            "responsibilities": {"fees_collector": "application", "losses_collector": "application"},
        },
        "identity": {"country": "de", "entity_type": "individual"},
        "requirements": requirements(*entries),
        "future_requirements": requirements(),
    } | changes
