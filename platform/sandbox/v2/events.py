"""Thin events: they name an account, and what changed has to be read.

Source: https://docs.stripe.com/api/v2/core/events and https://docs.stripe.com/event-destinations
"""

import json

from sandbox import deliveries, switches
from sandbox.context import Context
from sandbox.errors import JsonObject
from sandbox.ids import new_id
from sandbox.parameters import COMPARISONS, Array, Text
from sandbox.router import Route
from sandbox.store import Condition
from sandbox.v2 import destinations, lists
from sandbox.v2.errors import NotFound
from sandbox.v2.times import Times, timestamp

KIND = "v2.core.event"
URL = "/v2/core/events"
KEPT_SECONDS = 30 * 24 * 60 * 60
# Only in the answer to a request for the event.
_FETCHED = ("data", "changes")


def emit_about(
    context: Context, event_type: str, account_id: str, *, data: JsonObject | None = None
) -> JsonObject:
    """Emit an event about an account; `data` has to be fetched.

    It isn't known whether such events are of the platform (`@self`) or of the connected account (`@accounts`, which
    is then the event's context): a switch says which.
    """
    related = {"id": account_id, "type": "v2.core.account", "url": f"/v2/core/accounts/{account_id}"}
    return _emit(context, event_type, account_id, related=related, data=data)


def emit_of(context: Context, event_type: str, account_id: str, *, data: JsonObject) -> JsonObject:
    """Emit an event whose account is only in its `data`."""
    return _emit(context, event_type, account_id, related=None, data=data)


def _emit(
    context: Context, event_type: str, account_id: str, *, related: JsonObject | None, data: JsonObject | None
) -> JsonObject:
    origin = switches.read(context, "thin_events_from")
    of_account = origin == destinations.ACCOUNTS
    event = _new(context, event_type, related=related, data=data) | {
        "context": account_id if of_account else None
    }
    context.tx.insert(event, account=account_id if of_account else context.platform)
    for destination in destinations.listening(context, event_type, origin=origin):
        deliveries.queue(context, event, destination=destination["id"])
    return event


def ping(context: Context, params: JsonObject) -> JsonObject:
    """Send a test event to one destination, whichever events it takes."""
    destination = context.tx.find(destinations.KIND, params["id"], account=context.platform)
    if destination is None:
        raise NotFound("event destination", params["id"])
    related = {
        "id": destination["id"],
        "type": destinations.KIND,
        "url": f"/v2/core/event_destinations/{destination['id']}",
    }
    event = _new(context, f"{destinations.KIND}.ping", related=related, data=None)
    context.tx.insert(event, account=context.platform)
    deliveries.queue(context, event, destination=destination["id"])
    return event


def notification(event: JsonObject) -> JsonObject:
    """Return what is delivered of an event."""
    return {name: value for name, value in event.items() if name not in _FETCHED}


def retrieve(context: Context, params: JsonObject) -> JsonObject:
    event = context.tx.find(KIND, params["id"], account=context.account)
    if event is None or event["created"] < _oldest(context):
        raise NotFound("event", params["id"])
    return event


def list_events(context: Context, params: JsonObject) -> JsonObject:
    """List events of the last 30 days, of some types and times, or about one object."""
    conditions: list[Condition] = [(_CREATED, ">=", _oldest(context))]
    asked: list[tuple[str, object]] = []
    for comparison, moment in params.get("created", []):
        conditions.append((_CREATED, comparison, moment))
        asked.append((f"created[{_BOUNDS[comparison]}]", moment))
    if types := params.get("types"):
        conditions.append(("json_extract(body, '$.type')", "in", json.dumps(types)))
        asked += [("types[]", each) for each in types]
    if object_id := params.get("object_id"):
        conditions.append(("json_extract(body, '$.related_object.id')", "=", object_id))
        asked.append(("object_id", object_id))
    data, next_page_url = lists.page(context, params, kind=KIND, url=URL, conditions=conditions, asked=asked)
    return {"data": data, "next_page_url": next_page_url, "previous_page_url": None}


def _new(
    context: Context, event_type: str, *, related: JsonObject | None, data: JsonObject | None
) -> JsonObject:
    request = {"id": context.request_id, "idempotency_key": context.idempotency_key or ""}
    event: JsonObject = {
        "id": new_id("evt"),
        "object": KIND,
        "changes": None,
        "context": None,
        "created": timestamp(context.now),
        "livemode": False,
        "reason": {"type": "request", "request": request} if context.request_id else None,
        "type": event_type,
    }
    if related is not None:
        event["related_object"] = related
    return event if data is None else event | {"data": data}


def _oldest(context: Context) -> str:
    return timestamp(context.now - KEPT_SECONDS)


_CREATED = "json_extract(body, '$.created')"
_BOUNDS = {comparison: name for name, comparison in COMPARISONS.items()}

ROUTES = (
    Route(
        "GET",
        URL,
        list_events,
        {**lists.PAGE, "created": Times(), "object_id": Text(), "types": Array()},
    ),
    Route("GET", f"{URL}/{{id}}", retrieve, {}),
    Route("POST", "/v2/core/event_destinations/{id}/ping", ping, {}),
)
