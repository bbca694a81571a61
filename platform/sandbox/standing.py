"""An account's standing with Stripe and with us: capabilities, restrictions, and the end of the connection.

Source: https://docs.stripe.com/connect/account-capabilities and https://docs.stripe.com/connect/handling-api-verification
"""

from sandbox import events, holders
from sandbox.accounts import find_account, requirements
from sandbox.context import Context
from sandbox.errors import InvalidRequest, JsonObject
from sandbox.parameters import Choice
from sandbox.router import Route
from sandbox.v2 import changes, records

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


def restrict(context: Context, params: JsonObject) -> JsonObject:
    """Disable all of an account's capabilities, with a reason."""
    before = find_account(context, params["id"])
    reason = params.get("disabled_reason", REASONS[0])
    due = holders.UNVERIFIED if reason == "requirements.past_due" else ()
    after = {
        **before,
        "capabilities": dict.fromkeys(before["capabilities"], "inactive"),
        "charges_enabled": False,
        "payouts_enabled": False,
        "requirements": requirements(due) | {"disabled_reason": reason},
    }
    return _changed(context, before, after)


def enable(context: Context, params: JsonObject) -> JsonObject:
    """Enable them all again."""
    before = find_account(context, params["id"])
    after = holders.complete(context, before["id"])
    _emit_capability_events(context, before, after)
    return after


def change_capabilities(context: Context, params: JsonObject) -> JsonObject:
    before = find_account(context, params["id"])
    statuses = {name: status for name, status in params.items() if name != "id"}
    if unrequested := statuses.keys() - before["capabilities"].keys():
        raise InvalidRequest(f"The account never requested {', '.join(sorted(unrequested))}.")
    return _changed(context, before, {**before, "capabilities": {**before["capabilities"], **statuses}})


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
    changes.record(context, before, after)
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
        {"card_payments": _STATUS, "transfers": _STATUS},
    ),
    Route("POST", "/_sandbox/accounts/{id}/deauthorize", deauthorize, {}),
)
