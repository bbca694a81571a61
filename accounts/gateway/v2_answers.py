"""Reading v2's answers: capabilities and requirements, under the names that v1 gave them.

All of Stripe's lists of codes are open, and grow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.gateway.objects import ExternalAccount, StripeAccount
from stripe_io.values import moment

PARTS = ("configuration", "defaults", "future_requirements", "identity", "requirements")
ACTIVE = "active"
# A capability that is, or a reason that has no resolution, never becomes active.
FOR_GOOD = frozenset(["rejected", "unsupported"])
# Stripe is at work, and needs nothing from the holder.
VERIFYING = frozenset(["determining_status", "requirements_pending_verification"])
# Only a person at Stripe can resolve these.
STOPPED = frozenset(["restricted_other"])
# Each deadline's list also has what is due earlier, as v1's lists do.
LISTS = {
    "past_due": ("past_due", "currently_due", "eventually_due"),
    "currently_due": ("currently_due", "eventually_due"),
    "eventually_due": ("eventually_due",),
}


class PartNotAskedFor(Exception):
    """The answer lacks a part that the request didn't ask for, or that Stripe left out. Null doesn't mean empty."""


def account_of(payload: dict[str, Any], *, in_v1: dict[str, Any] | None = None) -> StripeAccount:
    """Read the answer to a request about an account, and with it the same account in its v1 form, if that is known.

    Raises: PartNotAskedFor.

    Source: https://docs.stripe.com/api/v2/core/accounts/object
    """
    for part in PARTS:
        if payload.get(part) is None:
            raise PartNotAskedFor(f"{part} of account {payload['id']} is null")
    balance = _capabilities(payload, "recipient").get("stripe_balance") or {}
    transfers, payouts = balance.get("stripe_transfers") or {}, balance.get("payouts") or {}
    cards = _capabilities(payload, "merchant").get("card_payments") or {}
    details = [*(transfers.get("status_details") or []), *(payouts.get("status_details") or [])]
    codes = {detail.get("code") for detail in details}
    entries = payload["requirements"].get("entries") or []
    due = [entry for entry in entries if _awaits_holder(entry) and _deadline(entry) != "eventually_due"]
    told = {"transfers": transfers, "payouts": payouts, "card_payments": cards}
    stopped = bool(codes & STOPPED) or any(detail.get("resolution") == "contact_stripe" for detail in details)
    at_work = any(not _awaits_holder(entry) for entry in entries) or bool(codes and codes <= VERIFYING)
    pending = "pending" in {transfers.get("status"), payouts.get("status")}
    return StripeAccount(
        id=payload["id"],
        country=(payload["identity"].get("country") or "").upper(),
        default_currency=(payload["defaults"].get("currency") or "").upper(),
        business_type=payload["identity"].get("entity_type") or "",
        service_agreement="",
        submitted=None,
        charges_enabled=cards.get("status") == ACTIVE,
        payouts_enabled=payouts.get("status") == ACTIVE,
        transfers_active=transfers.get("status") == ACTIVE,
        rejected=bool({transfers.get("status"), payouts.get("status")} & FOR_GOOD)
        or any(detail.get("resolution") == "no_resolution" for detail in details)
        or bool(payload.get("closed")),
        awaits_holder=any(map(_awaits_holder, entries)),
        information_due=bool(due),
        verifying=pending or (at_work and not due and not stopped),
        capabilities={
            name: capability["status"] for name, capability in told.items() if capability.get("status")
        },
        requirements=_requirements(payload["requirements"], reason=_reason(transfers, payouts)),
        future_requirements=_requirements(payload["future_requirements"], reason=None),
        external_account=ExternalAccount.paid_by(in_v1) if in_v1 else None,
        schedule="",
        payload=payload,
    )


def _capabilities(payload: Mapping[str, Any], configuration: str) -> Mapping[str, Any]:
    """Return a configuration's capabilities; none if it isn't applied.

    Raises: PartNotAskedFor.
    """
    applied = payload["configuration"].get(configuration)
    if applied is None and configuration in (payload.get("applied_configurations") or []):
        raise PartNotAskedFor(f"configuration.{configuration} of account {payload['id']} is null")
    return (applied or {}).get("capabilities") or {}


def _reason(*capabilities: Mapping[str, Any]) -> str | None:
    """Return why Stripe doesn't pay out; None if it does."""
    for capability in capabilities:
        if capability.get("status") != ACTIVE:
            details = capability.get("status_details") or [{}]
            return details[0].get("code") or capability.get("status") or "inactive"
    return None


def _requirements(told: Mapping[str, Any], *, reason: str | None) -> dict[str, Any]:
    """Sort the entries by their deadline."""
    entries: Sequence[Mapping[str, Any]] = told.get("entries") or []
    lists: dict[str, list[str]] = {name: [] for name in LISTS}
    for entry in filter(_awaits_holder, entries):
        for name in LISTS[_deadline(entry)]:
            lists[name].append(str(entry.get("description") or ""))
    return {
        **lists,
        "pending_verification": [
            str(entry.get("description") or "") for entry in entries if not _awaits_holder(entry)
        ],
        "errors": [
            {
                "code": error.get("code"),
                "reason": error.get("description"),
                "requirement": entry.get("description"),
            }
            for entry in entries
            for error in entry.get("errors") or []
        ],
        "disabled_reason": reason,
        "current_deadline": _current_deadline(told),
    }


def _current_deadline(told: Mapping[str, Any]) -> int | None:
    """Return when what is currently due is due, or when future requirements come into force, in Unix seconds."""
    earliest = (told.get("summary") or {}).get("minimum_deadline") or {}
    dated = earliest.get("time") if earliest.get("status") != "eventually_due" else None
    deadline = moment(told.get("minimum_transition_date")) or moment(dated)
    return int(deadline.timestamp()) if deadline else None


def _awaits_holder(entry: Mapping[str, Any]) -> bool:
    return entry.get("awaiting_action_from") != "stripe"


def _deadline(entry: Mapping[str, Any]) -> str:
    """Return an entry's deadline; one that we don't know counts as currently due."""
    status = (entry.get("minimum_deadline") or {}).get("status")
    return status if status in LISTS else "currently_due"
