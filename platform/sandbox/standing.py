"""An account's standing with Stripe and with us: capabilities, restrictions, and the end of the connection.

Source: https://docs.stripe.com/connect/account-capabilities and https://docs.stripe.com/connect/handling-api-verification
"""

from sandbox import events, holders
from sandbox.accounts import find_account, requirements
from sandbox.context import Context
from sandbox.errors import InvalidRequest, JsonObject
from sandbox.parameters import Choice, Hash
from sandbox.router import Route
from sandbox.v2 import changes as told
from sandbox.v2 import records

# Source: https://docs.stripe.com/api/accounts/object#account_object-requirements-disabled_reason
REASONS = (
    "requirements.past_due",
    "requirements.pending_verification",
    "listed",
    "other",
    "platform_paused",
    "rejected.fraud",
    "rejected.incomplete_verification",
    "rejected.listed",
    "rejected.other",
    "rejected.platform_fraud",
    "rejected.platform_other",
    "rejected.platform_terms_of_service",
    "rejected.terms_of_service",
    "under_review",
)

_STATUS = Choice(("active", "inactive", "pending"))
# Open lists at Stripe; `rejected` and its codes are in its newest versions.
# Source: https://docs.stripe.com/api/v2/core/accounts/object
V2_STATUSES = ("active", "pending", "restricted", "unsupported", "rejected")
CODES = (
    "determining_status",
    "requirements_past_due",
    "requirements_pending_verification",
    "restricted_other",
    "unsupported_business",
    "unsupported_country",
    "unsupported_entity_type",
    *(reason.replace(".", "_") for reason in REASONS if reason.startswith("rejected.")),
)
RESOLUTIONS = ("contact_stripe", "no_resolution", "provide_info")
_V2_STATUS = Hash(
    {"status": Choice(V2_STATUSES, required=True), "code": Choice(CODES), "resolution": Choice(RESOLUTIONS)}
)
_V1_STATUSES = {"active": "active", "pending": "pending"}
_OF_V2 = ("stripe_transfers", "payouts")


def restrict(context: Context, params: JsonObject) -> JsonObject:
    """Disable all of an account's capabilities, with a reason."""
    before = find_account(context, params["id"])
    reason = params.get("disabled_reason", REASONS[0])
    asked = requirements(holders.UNVERIFIED if reason == "requirements.past_due" else ())
    if reason == "requirements.pending_verification":
        asked["pending_verification"] = list(holders.UNVERIFIED)
    after = {
        **before,
        "capabilities": dict.fromkeys(before["capabilities"], "inactive"),
        "charges_enabled": False,
        "payouts_enabled": False,
        "requirements": asked | {"disabled_reason": reason},
    }
    return _changed(context, before, after)


def enable(context: Context, params: JsonObject) -> JsonObject:
    """Enable them all again."""
    before = find_account(context, params["id"])
    after = holders.complete(context, before["id"])
    _emit_capability_events(context, before, after)
    return after


def change_capabilities(context: Context, params: JsonObject) -> JsonObject:
    """Set capabilities as v1 calls them, or as v2 does with a code and what would help."""
    before = find_account(context, params["id"])
    of_v2 = {name: params[name] for name in _OF_V2 if name in params}
    statuses = {name: status for name, status in params.items() if name not in ("id", *_OF_V2)}
    if transfers := of_v2.get("stripe_transfers"):
        statuses["transfers"] = _V1_STATUSES.get(transfers["status"], "inactive")
    if unrequested := statuses.keys() - before["capabilities"].keys():
        raise InvalidRequest(f"The account never requested {', '.join(sorted(unrequested))}.")
    after = {**before, "capabilities": {**before["capabilities"], **statuses}}
    if payouts := of_v2.get("payouts"):
        after["payouts_enabled"] = payouts["status"] == "active"
    withheld = {name: given for name, given in of_v2.items() if given["status"] != "active"}
    told.set_standing(context, before, {name: _shown(given) for name, given in withheld.items()})
    return _changed(context, before, after)


def _shown(given: JsonObject) -> JsonObject:
    detail = {"code": given.get("code", CODES[0]), "resolution": given.get("resolution", RESOLUTIONS[0])}
    return {"status": given["status"], "status_details": [detail]}


def deauthorize(context: Context, params: JsonObject) -> JsonObject:
    """End the connection, as closing the account does: one event is sent, and then we no longer see the account.

    Source: https://docs.stripe.com/api/events/types#event_types-account.application.deauthorized
    """
    account = find_account(context, params["id"])
    application = {"id": context.platform.replace("acct_", "ca_"), "object": "application", "name": None}
    events.emit(context, "account.application.deauthorized", application, account=account["id"])
    context.tx.disown(account["id"])
    return account


def _changed(context: Context, before: JsonObject, after: JsonObject) -> JsonObject:
    told.record(context, before, after)
    _emit_capability_events(context, before, after)
    return after


def _emit_capability_events(context: Context, before: JsonObject, after: JsonObject) -> None:
    if not records.sends_snapshots(context, after["id"]):
        return
    for name, status in after["capabilities"].items():
        previous = before["capabilities"].get(name)
        if status != previous:
            capability = {
                "id": name,
                "object": "capability",
                "account": after["id"],
                "future_requirements": requirements(()),
                "requested": True,
                "requested_at": after["created"],
                "requirements": after["requirements"],
                "status": status,
            }
            events.emit(
                context, "capability.updated", capability, account=after["id"], previous={"status": previous}
            )


ROUTES = (
    Route("POST", "/_sandbox/accounts/{id}/restrict", restrict, {"disabled_reason": Choice(REASONS)}),
    Route("POST", "/_sandbox/accounts/{id}/enable", enable, {}),
    Route(
        "POST",
        "/_sandbox/accounts/{id}/capabilities",
        change_capabilities,
        {
            "card_payments": _STATUS,
            "payouts": _V2_STATUS,
            "stripe_transfers": _V2_STATUS,
            "transfers": _STATUS,
        },
    ),
    Route("POST", "/_sandbox/accounts/{id}/deauthorize", deauthorize, {}),
)
