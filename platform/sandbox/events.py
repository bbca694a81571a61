"""Events: stored for retrieval, and queued for the webhook endpoint in the same transaction.

Source: https://docs.stripe.com/api/events and https://docs.stripe.com/connect/webhooks
"""

from sandbox import deliveries, endpoints
from sandbox.config import API_VERSION
from sandbox.context import Context
from sandbox.errors import JsonObject
from sandbox.ids import new_id
from sandbox.lists import PAGE, list_objects, retrieve_object
from sandbox.parameters import EXPAND, Text, TimeRange
from sandbox.router import Route


def emit(
    context: Context,
    event_type: str,
    obj: JsonObject,
    *,
    account: str,
    previous: JsonObject | None = None,
) -> None:
    """Emit an event about `obj` on `account`; `previous` has the values that were replaced.

    A connected account's event has its id in `account`, is delivered to the Connect endpoint, and is found only with
    Stripe-Account. An account that ended the connection emits no events.
    """
    data: JsonObject = {"object": obj}
    if previous is not None:
        data["previous_attributes"] = previous
    connected = account == context.platform or context.tx.owner(account) == context.platform
    listening = (
        bool(context.config.webhook_url)
        and connected
        and endpoints.listens(context, event_type, connected=account != context.platform)
    )
    event: JsonObject = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": context.created,
        "data": data,
        "livemode": False,
        "pending_webhooks": int(listening),
        "request": {"id": context.request_id, "idempotency_key": context.idempotency_key},
        "type": event_type,
    }
    if account != context.platform:
        event["account"] = account
    context.tx.insert(event, account=account)
    if listening:
        deliveries.queue(context, event)


def record_change(
    context: Context, event_type: str, before: JsonObject, after: JsonObject, *, account: str
) -> None:
    """Save a changed object and emit an event with its previous values; without a change there is no event."""
    previous = {name: value for name, value in before.items() if after[name] != value}
    if previous:
        context.tx.save(after)
        emit(context, event_type, after, account=account, previous=previous)


def retrieve(context: Context, params: JsonObject) -> JsonObject:
    return retrieve_object(context, "event", params["id"])


def list_events(context: Context, params: JsonObject) -> JsonObject:
    return list_objects(context, params, kind="event", url="/v1/events", filters=("type", "created"))


ROUTES = (
    Route("GET", "/v1/events", list_events, {**PAGE, "type": Text(), "created": TimeRange()}),
    Route("GET", "/v1/events/{id}", retrieve, EXPAND),
)
