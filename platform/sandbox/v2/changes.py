"""A changed account, told as its API tells it: v1 by snapshots, v2 by thin events that name the changed part.

Source: https://docs.stripe.com/connect/accounts-v2/migrate-integration
"""

from dataclasses import replace

from sandbox import events as snapshots
from sandbox.context import Context
from sandbox.errors import JsonObject
from sandbox.v2 import events, records, rendering
from sandbox.v2.records import CARD_PAYMENTS, MERCHANT, RECIPIENT, Record

_PARTS = ("defaults", "identity", "requirements", "future_requirements")
_PLAIN = ("contact_email", "contact_phone", "display_name", "dashboard", "metadata")


def record(context: Context, before: JsonObject, after: JsonObject) -> None:
    """Save a changed account and tell of it; without a change there is no event."""
    if before == after:
        return
    known = records.find(context, after["id"])
    if records.sends_snapshots(context, after["id"]):
        snapshots.record_change(context, "account.updated", before, after, account=after["id"])
    else:
        context.tx.save(after)
    if known is not None:
        active = {
            name
            for name, status in rendering.capabilities(after, known).items()
            if status["status"] == "active"
        }
        kept = records.without_standing(known, capabilities=active)
        records.save(context, after["id"], kept)
        tell(context, (before, known), (after, kept))


def set_standing(context: Context, account: JsonObject, standing: dict[str, JsonObject]) -> None:
    """Set how API v2 shows capabilities that aren't active, until they are active again."""
    record = records.find(context, account["id"])
    if record is not None and standing:
        after = replace(record, standing=record.standing | standing)
        records.save(context, account["id"], after)
        tell(context, (account, record), (account, after))


def tell(context: Context, before: tuple[JsonObject, Record], after: tuple[JsonObject, Record]) -> None:
    """Emit a thin event for each part of an account that changed."""
    account_id = after[0]["id"]
    old, new = (rendering.render(*each, include=list(rendering.INCLUDES)) for each in (before, after))
    if any(old[name] != new[name] for name in _PLAIN):
        events.emit_about(context, "v2.core.account.updated", account_id)
    for part in _PARTS:
        if old[part] != new[part]:
            events.emit_about(context, f"v2.core.account[{part}].updated", account_id)
    for configuration in (RECIPIENT, MERCHANT):
        if old["configuration"][configuration] != new["configuration"][configuration]:
            events.emit_about(context, f"v2.core.account[configuration.{configuration}].updated", account_id)
    _tell_of_capabilities(context, before, after)


def _tell_of_capabilities(
    context: Context, before: tuple[JsonObject, Record], after: tuple[JsonObject, Record]
) -> None:
    old, new = rendering.capabilities(*before), rendering.capabilities(*after)
    for name, status in new.items():
        configuration = MERCHANT if name == CARD_PAYMENTS else RECIPIENT
        if status != old[name] and configuration in after[1].configurations:
            capability = name if name == CARD_PAYMENTS else f"stripe_balance.{name}"
            events.emit_about(
                context,
                f"v2.core.account[configuration.{configuration}].capability_status_updated",
                after[0]["id"],
                data={"updated_capability": capability},
            )
