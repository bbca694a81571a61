"""An account's requirements as API v2 shows them: entries, with what each restricts and until when.

Source: https://docs.stripe.com/api/v2/core/accounts/object
"""

from sandbox.errors import JsonObject
from sandbox.v2.records import CARD_PAYMENTS, MERCHANT, PAYOUTS, RECIPIENT, STRIPE_TRANSFERS, Record
from sandbox.v2.times import timestamp

_WORST_FIRST = ("past_due", "currently_due", "eventually_due")

# What API v2 calls a requirement.
_DESCRIPTIONS = {
    "business_profile.mcc": "configuration.merchant.mcc",
    "business_profile.url": "defaults.profile.business_url",
    "business_type": "identity.entity_type",
    "individual.verification": "identity.individual.documents.primary_verification",
    "representative.dob": "identity.individual.date_of_birth",
    "representative.email": "identity.individual.email",
    "representative.first_name": "identity.individual.given_name",
    "representative.last_name": "identity.individual.surname",
    "tos_acceptance.date": "identity.attestations.terms_of_service.account",
    "tos_acceptance.ip": "identity.attestations.terms_of_service.account",
}
_BANK_ACCOUNT = "external_account"


def current(requirements: JsonObject, record: Record) -> JsonObject:
    entries = _entries(requirements, record)
    return {"entries": entries, "summary": _summary(entries, requirements["current_deadline"])}


def future(requirements: JsonObject, record: Record) -> JsonObject:
    entries, due = _entries(requirements, record), requirements["current_deadline"]
    return {
        "entries": entries,
        "minimum_transition_date": timestamp(due) if due else None,
        "summary": _summary(entries, due),
    }


def describe(name: str) -> str:
    return _DESCRIPTIONS.get(".".join(name.split(".")[:2]), name)


def _entries(requirements: JsonObject, record: Record) -> list[JsonObject]:
    """Make an entry of each thing required; several fields of v1 can be one thing in v2."""
    due: dict[str, tuple[str, str]] = {}
    for name in requirements["pending_verification"]:
        due.setdefault(name, ("stripe", "currently_due"))
    for status in _WORST_FIRST:
        for name in requirements[status]:
            due.setdefault(name, ("user", status))
    errors = {error["requirement"]: error for error in requirements["errors"]}
    entries: dict[str, JsonObject] = {}
    for name, (actor, status) in due.items():
        entry = _entry(name, actor, status, record, requirements["current_deadline"])
        entry["errors"] = [_error(errors[name])] if name in errors else []
        entries.setdefault(entry["description"], entry)
    return list(entries.values())


def _entry(name: str, actor: str, status: str, record: Record, deadline: int | None) -> JsonObject:
    restricts = [
        {"capability": capability, "configuration": configuration, "deadline": {"status": status}}
        for configuration, capability in _restricts(name, record)
    ]
    return {
        "awaiting_action_from": actor,
        "description": describe(name),
        "errors": [],
        "impact": {"restricts_capabilities": restricts},
        "minimum_deadline": {"status": status},
        "reference": None,
        "requested_reasons": [{"code": "routine_onboarding" if deadline is None else "routine_verification"}],
    }


def _restricts(name: str, record: Record) -> list[tuple[str, str]]:
    """List what a missing thing restricts: without a bank account, only bank payouts."""
    balance = [PAYOUTS] if name == _BANK_ACCOUNT else [STRIPE_TRANSFERS, PAYOUTS]
    found = [(RECIPIENT, f"stripe_balance.{capability}") for capability in balance]
    if MERCHANT in record.configurations and name != _BANK_ACCOUNT:
        found.append((MERCHANT, CARD_PAYMENTS))
    return [each for each in found if each[0] in record.configurations]


def _error(error: JsonObject) -> JsonObject:
    return {"code": error["code"], "description": error["reason"]}


def _summary(entries: list[JsonObject], deadline: int | None) -> JsonObject | None:
    if not entries:
        return None
    statuses = {entry["minimum_deadline"]["status"] for entry in entries}
    worst = next(status for status in _WORST_FIRST if status in statuses)
    return {"minimum_deadline": {"status": worst, "time": timestamp(deadline) if deadline else None}}
