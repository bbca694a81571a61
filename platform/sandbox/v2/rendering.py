"""An account as API v2 shows it.

Source: https://docs.stripe.com/api/v2/core/accounts/object and
https://docs.stripe.com/api-includable-response-values
"""

from typing import Any

from sandbox.errors import JsonObject
from sandbox.v2 import requirements
from sandbox.v2.records import CARD_PAYMENTS, CUSTOMER, MERCHANT, PAYOUTS, RECIPIENT, STRIPE_TRANSFERS, Record
from sandbox.v2.times import timestamp

INCLUDES = (
    "configuration.customer",
    "configuration.merchant",
    "configuration.recipient",
    "defaults",
    "future_requirements",
    "identity",
    "requirements",
)

# A status, and why: what v1's disabled reasons are in v2. Stripe's newest versions have `rejected`.
_PAST_DUE = ("restricted", "requirements_past_due", "provide_info")
_OTHER = ("restricted", "restricted_other", "contact_stripe")
_REASONS = {
    "requirements.past_due": _PAST_DUE,
    "requirements.pending_verification": ("restricted", "requirements_pending_verification", "provide_info"),
}
_PENDING = ("pending", "determining_status", "provide_info")
_REJECTED = "rejected."


def render(account: JsonObject, record: Record, *, include: list[str]) -> JsonObject:
    """Show an account; the parts that weren't asked for are null, which doesn't mean empty."""
    parts = {part: value for part, value in _parts(account, record).items() if part in include}
    configuration = {name.partition(".")[2]: value for name, value in parts.items() if "." in name}
    asked_for_configuration = any(part.startswith("configuration.") for part in include)
    return {
        "id": account["id"],
        "object": "v2.core.account",
        "applied_configurations": record.configurations,
        "closed": record.closed,
        "configuration": _configurations(configuration) if asked_for_configuration else None,
        "contact_email": record.contact_email,
        "contact_phone": record.contact_phone,
        "created": timestamp(account["created"]),
        "dashboard": record.dashboard,
        "defaults": parts.get("defaults"),
        "display_name": record.display_name,
        "future_requirements": parts.get("future_requirements"),
        "identity": parts.get("identity"),
        "livemode": False,
        "metadata": account["metadata"],
        "requirements": parts.get("requirements"),
    }


def capabilities(account: JsonObject, record: Record) -> dict[str, JsonObject]:
    """The status of each capability by its name."""
    granted = account["capabilities"]
    balance = {
        STRIPE_TRANSFERS: granted.get("transfers"),
        PAYOUTS: "active" if account["payouts_enabled"] else _waits(granted.get("transfers")),
        CARD_PAYMENTS: granted.get("card_payments"),
    }
    return {name: _status(account, record, name, status) for name, status in balance.items()}


def _configurations(rendered: dict[str, Any]) -> JsonObject:
    return {name: rendered.get(name) for name in (CUSTOMER, MERCHANT, RECIPIENT)}


def _parts(account: JsonObject, record: Record) -> dict[str, Any]:
    status = capabilities(account, record)
    applied = record.configurations
    balance = {name: status[name] for name in (PAYOUTS, STRIPE_TRANSFERS)}
    return {
        "configuration.customer": {"applied": True, "capabilities": None} if CUSTOMER in applied else None,
        "configuration.merchant": {
            "applied": True,
            "capabilities": {
                CARD_PAYMENTS: status[CARD_PAYMENTS],
                "stripe_balance": {PAYOUTS: status[PAYOUTS]},
            },
        }
        if MERCHANT in applied
        else None,
        "configuration.recipient": {"applied": True, "capabilities": {"stripe_balance": balance}}
        if RECIPIENT in applied
        else None,
        "defaults": {
            "currency": account["default_currency"],
            "locales": record.locales,
            "profile": record.profile,
            "responsibilities": {**record.responsibilities, "requirements_collector": "stripe"},
        },
        "future_requirements": requirements.future(account["future_requirements"], record),
        "identity": {
            "attestations": None,
            "business_details": None,
            "country": record.country,
            "entity_type": record.entity_type,
            "individual": None,
        },
        "requirements": requirements.current(account["requirements"], record),
    }


def _waits(transfers: str | None) -> str:
    return "pending" if transfers == "pending" else "inactive"


def _status(account: JsonObject, record: Record, name: str, granted: str | None) -> JsonObject:
    if granted == "active":
        return {"status": "active", "status_details": []}
    if name in record.standing:
        return record.standing[name]
    status, code, resolution = _PENDING if granted == "pending" else _why(account)
    return {"status": status, "status_details": [{"code": code, "resolution": resolution}]}


def _why(account: JsonObject) -> tuple[str, str, str]:
    reason = account["requirements"]["disabled_reason"] or ""
    if reason.startswith(_REJECTED):
        return "rejected", reason.replace(".", "_"), "no_resolution"
    return _REASONS.get(reason, _OTHER if account["details_submitted"] else _PAST_DUE)
