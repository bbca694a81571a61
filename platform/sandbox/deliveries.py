"""Which events are delivered to the webhook endpoint, when and how often: once and at once, unless rules differ.

Source: https://docs.stripe.com/webhooks#event-ordering and https://docs.stripe.com/webhooks#handle-duplicate-events
"""

import re
from typing import Any

from sandbox import rules
from sandbox.broken_text import broken
from sandbox.context import Context
from sandbox.errors import JsonObject, ParameterMissing, ResourceMissing
from sandbox.ids import new_id
from sandbox.parameters import Array, Choice, Decimal, Hash, Pattern
from sandbox.router import Route

KINDS = ("drop", "double", "delay", "reorder", "broken_text", "other_mode")

_TIMED = ("delay", "reorder")
_SUBJECT = "webhooks"
_RULES = Array(
    Hash(
        {
            "kind": Choice(KINDS, required=True),
            "type": Pattern(),
            "seconds": Decimal(more_than=0),
            **rules.OFTEN,
        }
    )
)


def queue(context: Context, event: JsonObject, *, destination: str | None = None) -> None:
    """Queue an event for delivery according to the rules that hit it; a dropped event is kept with nothing due.

    It goes to the webhook endpoint, or to a destination of thin events.
    Broken text stays in the event, so that Stripe's list shows what was delivered.
    """
    struck: dict[str, list[JsonObject]] = {kind: [] for kind in KINDS}
    for rule in rules.strike(
        context,
        _SUBJECT,
        event["id"],
        matches=lambda rule: bool(re.fullmatch(rule.get("type", ".*"), event["type"])),
    ):
        struck[rule["kind"]].append(rule)
    if struck["broken_text"]:
        context.tx.save(broken(event))
    late = sum(rule["seconds"] for rule in struck["delay"])
    late += sum(rule["seconds"] * rule["drawn"] for rule in struck["reorder"])
    for _ in range(1 + len(struck["double"])):
        due_at = None if struck["drop"] else context.now + late
        _add(context, event["id"], due_at=due_at, destination=destination)
    if struck["other_mode"] and ("account" in event or destination):
        _queue_of_the_other_mode(context, event, destination)


def _queue_of_the_other_mode(context: Context, event: JsonObject, destination: str | None) -> None:
    """Queue an event like this one, as if it came from the other mode: no list shows it.

    A live Connect endpoint receives live and test events. Source: https://docs.stripe.com/connect/webhooks
    """
    twin = event | {"id": new_id("evt"), "livemode": not event["livemode"]}
    context.tx.insert(twin, account="")
    _add(context, twin["id"], due_at=context.now, destination=destination)


def _add(context: Context, event_id: str, *, due_at: float | None, destination: str | None) -> None:
    context.tx.execute(
        "insert into deliveries (event_id, destination, created_at, due_at) values (?, ?, ?, ?)",
        (event_id, destination, context.now, due_at),
    )


def _add_again(context: Context, event_id: str) -> None:
    """Queue an event anew for everyone it was queued for; one that nobody was to get goes to the webhook endpoint."""
    known: list[Any] = context.tx.execute(
        "select distinct destination from deliveries where event_id = ?", (event_id,)
    )
    for destination in [row["destination"] for row in known] or [None]:
        _add(context, event_id, due_at=context.now, destination=destination)


def replace_rules(context: Context, params: JsonObject) -> JsonObject:
    new_rules = params.get("rules", [])
    for position, rule in enumerate(new_rules):
        if rule["kind"] in _TIMED and "seconds" not in rule:
            raise ParameterMissing(f"rules[{position}][seconds]")
    return rules.replace(context, _SUBJECT, new_rules)


def resend(context: Context, params: JsonObject) -> JsonObject:
    """Deliver an event once more, regardless of the rules."""
    event = context.tx.get(params["id"])
    if event is None or event["object"] not in ("event", "v2.core.event"):
        raise ResourceMissing("event", params["id"])
    _add_again(context, event["id"])
    return event


def resend_lost(context: Context, params: JsonObject) -> JsonObject:
    """Deliver all events that were dropped or given up and never accepted."""
    lost: list[Any] = context.tx.execute(
        "select event_id from deliveries group by event_id"
        " having max(delivered_at) is null and max(due_at) is null order by min(id)"
    )
    for row in lost:
        _add_again(context, row["event_id"])
    return {"resent": [row["event_id"] for row in lost]}


ROUTES = (
    Route("POST", "/_sandbox/webhooks", replace_rules, {"rules": _RULES}),
    Route("POST", "/_sandbox/webhooks/resend", resend_lost, {}),
    Route("POST", "/_sandbox/events/{id}/resend", resend, {}),
)
