"""Event destinations: where thin events are delivered, each with a secret of its own.

Source: https://docs.stripe.com/api/v2/core/event_destinations
"""

import secrets
from fnmatch import fnmatchcase

from sandbox.config import Config
from sandbox.context import Context
from sandbox.errors import InvalidRequest, JsonObject
from sandbox.ids import new_id
from sandbox.parameters import Array, Choice, Hash, Metadata, Schema, Text, Url, merge_metadata
from sandbox.router import Route
from sandbox.store import Transaction
from sandbox.v2 import lists
from sandbox.v2.errors import NotFound
from sandbox.v2.times import timestamp

SELF, ACCOUNTS = "@self", "@accounts"
SECRET, URL = "webhook_endpoint.signing_secret", "webhook_endpoint.url"
KIND = "v2.core.event_destination"
AT_MOST = 16
_CONFIGURED = "Thin events of the settings"

CREATE: Schema = {
    "description": Text(),
    "enabled_events": Array(required=True),
    "event_payload": Choice(("snapshot", "thin"), required=True),
    "events_from": Array(Choice((SELF, ACCOUNTS))),
    "include": Array(Choice((SECRET, URL))),
    "metadata": Metadata(),
    "name": Text(required=True),
    "type": Choice(("webhook_endpoint",), required=True),
    "webhook_endpoint": Hash({"url": Url(required=True)}, required=True),
}


def open_configured(tx: Transaction, config: Config, *, platform: str, now: float) -> None:
    """Have the destinations of the settings: one for both kinds of events, or one for each.

    One that was there before keeps its id, so that what was queued for it goes to where it is now.
    """
    before = {tuple(old["events_from"]): old["id"] for old in tx.every(KIND) if old["name"] == _CONFIGURED}
    for old in before.values():
        tx.disown(old)
    if not config.webhook_url:
        return
    origins = [(SELF, ACCOUNTS)] if len(config.thin_secrets) == 1 else [(SELF,), (ACCOUNTS,)]
    for secret, origin in zip(config.thin_secrets, origins, strict=False):
        wanted = {
            "name": _CONFIGURED,
            "enabled_events": ["*"],
            "events_from": list(origin),
            "event_payload": "thin",
        }
        destination = _new(wanted, url=config.webhook_url, secret=secret, now=now)
        if origin in before:
            tx.save({**destination, "id": before[origin]})
            tx.give(before[origin], account=platform)
        else:
            tx.insert(destination, account=platform)


def create(context: Context, params: JsonObject) -> JsonObject:
    """Make a destination. Those of snapshots can be listed, but nothing is delivered to them."""
    if len(_all(context)) >= AT_MOST:
        raise InvalidRequest(f"You can have at most {AT_MOST} event destinations.")
    destination = _new(
        params,
        url=params["webhook_endpoint"]["url"],
        secret=f"whsec_{secrets.token_hex(24)}",
        now=context.now,
    )
    context.tx.insert(destination, account=context.account)
    return _shown(destination, include=params.get("include", []))


def retrieve(context: Context, params: JsonObject) -> JsonObject:
    return _shown(_find(context, params["id"]), include=params.get("include", []))


def list_destinations(context: Context, params: JsonObject) -> JsonObject:
    include = params.get("include", [])
    data, next_page_url = lists.page(
        context,
        params,
        kind=KIND,
        url="/v2/core/event_destinations",
        conditions=[],
        asked=[("include[]", part) for part in include],
    )
    shown = [_shown(destination, include=include) for destination in data]
    return {"data": shown, "next_page_url": next_page_url, "previous_page_url": None}


def disable(context: Context, params: JsonObject) -> JsonObject:
    return _change(context, params["id"], status="disabled", details={"disabled": {"reason": "user"}})


def enable(context: Context, params: JsonObject) -> JsonObject:
    return _change(context, params["id"], status="enabled", details=None)


def listening(context: Context, event_type: str, *, origin: str) -> list[JsonObject]:
    """Find the destinations of thin events that take an event from `@self` or `@accounts`."""
    return [
        destination
        for destination in _all(context)
        if destination["event_payload"] == "thin"
        and destination["status"] == "enabled"
        and origin in destination["events_from"]
        and any(fnmatchcase(event_type, _literal(pattern)) for pattern in destination["enabled_events"])
    ]


def _literal(pattern: str) -> str:
    """Only `*` stands for more than itself: the brackets in `v2.core.account[identity].updated` don't."""
    return pattern.replace("[", "[[]")


def _all(context: Context) -> list[JsonObject]:
    owned = context.tx.every_owned(KIND)
    return [destination for account, destination in owned if account == context.platform]


def _find(context: Context, destination_id: str) -> JsonObject:
    destination = context.tx.find(KIND, destination_id, account=context.platform)
    if destination is None:
        raise NotFound("event destination", destination_id)
    return destination


def _change(context: Context, destination_id: str, *, status: str, details: JsonObject | None) -> JsonObject:
    changes = {"status": status, "status_details": details, "updated": timestamp(context.now)}
    after = _find(context, destination_id) | changes
    context.tx.save(after)
    return _shown(after, include=[])


def _new(params: JsonObject, *, url: str, secret: str, now: float) -> JsonObject:
    return {
        "id": new_id("ed"),
        "object": KIND,
        "created": timestamp(now),
        "description": params.get("description", ""),
        "enabled_events": params["enabled_events"],
        "event_payload": params["event_payload"],
        "events_from": params.get("events_from", [SELF]),
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata", {})),
        "name": params["name"],
        "snapshot_api_version": None,
        "status": "enabled",
        "status_details": None,
        "type": "webhook_endpoint",
        "updated": timestamp(now),
        "webhook_endpoint": {"signing_secret": secret, "url": url},
    }


def _shown(destination: JsonObject, *, include: list[str]) -> JsonObject:
    """Hide the secret and the URL, unless they were asked for; the secret is shown at creation only."""
    endpoint = destination["webhook_endpoint"]
    shown = {
        "signing_secret": endpoint["signing_secret"] if SECRET in include else None,
        "url": endpoint["url"] if URL in include else None,
    }
    return {**destination, "webhook_endpoint": shown if include else None}


_INCLUDE_URL: Schema = {"include": Array(Choice((URL,)))}

ROUTES = (
    Route("POST", "/v2/core/event_destinations", create, CREATE),
    Route("GET", "/v2/core/event_destinations", list_destinations, {**lists.PAGE, **_INCLUDE_URL}),
    Route("GET", "/v2/core/event_destinations/{id}", retrieve, _INCLUDE_URL),
    Route("POST", "/v2/core/event_destinations/{id}/disable", disable, {}),
    Route("POST", "/v2/core/event_destinations/{id}/enable", enable, {}),
)
