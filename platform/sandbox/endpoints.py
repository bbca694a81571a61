"""Webhook endpoints: where snapshot events are delivered, and which.

The settings make two, the platform's own and Connect's; a Connect endpoint names the platform's Connect application.

Source: https://docs.stripe.com/api/webhook_endpoints
"""

from sandbox.config import API_VERSION, Config
from sandbox.context import Context
from sandbox.errors import JsonObject
from sandbox.ids import new_id
from sandbox.lists import PAGE, list_objects, retrieve_object
from sandbox.parameters import EXPAND, Array, Boolean, Schema, Text, Url
from sandbox.router import Route
from sandbox.store import Transaction

KIND = "webhook_endpoint"
URL = "/v1/webhook_endpoints"
_CONFIGURED = "An endpoint of the settings"

UPDATE: Schema = {**EXPAND, "disabled": Boolean(), "enabled_events": Array(), "url": Url()}
CREATE: Schema = {
    **EXPAND,
    "api_version": Text(),
    "connect": Boolean(),
    "description": Text(),
    "enabled_events": Array(required=True),
    "url": Url(required=True),
}


def open_configured(tx: Transaction, config: Config, *, platform: str, now: float) -> None:
    """Make the endpoints of the settings; what was changed about them survives a restart."""
    if not config.webhook_url:
        return
    if existing := _configured(tx):
        for endpoint in existing:
            tx.save({**endpoint, "url": config.webhook_url})
        return
    for application in (None, platform.replace("acct_", "ca_")):
        endpoint = _new(application, url=config.webhook_url, api_version=API_VERSION, now=now)
        tx.insert({**endpoint, "description": _CONFIGURED, "enabled_events": ["*"]}, account=platform)


def listens(context: Context, event_type: str, *, connected: bool) -> bool:
    """Return whether the endpoint of the settings takes an event of this type, of a connected account or our own."""
    return any(
        endpoint["status"] == "enabled"
        and bool(endpoint["application"]) is connected
        and not {"*", event_type}.isdisjoint(endpoint["enabled_events"])
        for endpoint in _configured(context.tx)
    )


def create(context: Context, params: JsonObject) -> JsonObject:
    """Make an endpoint. It can be listed, but nothing is delivered to it."""
    application = context.platform.replace("acct_", "ca_") if params.get("connect") else None
    endpoint = {
        **_new(application, url=params["url"], api_version=params.get("api_version"), now=context.now),
        "description": params.get("description"),
        "enabled_events": params["enabled_events"],
    }
    context.tx.insert(endpoint, account=context.account)
    return endpoint


def update(context: Context, params: JsonObject) -> JsonObject:
    endpoint = retrieve_object(context, KIND, params["id"])
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    endpoint |= {name: params[name] for name in ("enabled_events", "url") if name in params}
    context.tx.save(endpoint)
    return endpoint


def list_endpoints(context: Context, params: JsonObject) -> JsonObject:
    return list_objects(context, params, kind=KIND, url=URL, filters=())


def delete(context: Context, params: JsonObject) -> JsonObject:
    endpoint = retrieve_object(context, KIND, params["id"])
    context.tx.disown(endpoint["id"])
    return {"id": endpoint["id"], "object": KIND, "deleted": True}


def _configured(tx: Transaction) -> list[JsonObject]:
    return [
        endpoint
        for owner, endpoint in tx.every_owned(KIND)
        if owner and endpoint["description"] == _CONFIGURED
    ]


def _new(application: str | None, *, url: str, api_version: str | None, now: float) -> JsonObject:
    return {
        "id": new_id("we"),
        "object": KIND,
        "api_version": api_version,
        "application": application,
        "created": int(now),
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": url,
    }


ROUTES = (
    Route("POST", URL, create, CREATE),
    Route("GET", URL, list_endpoints, PAGE),
    Route("POST", f"{URL}/{{id}}", update, UPDATE),
    Route("DELETE", f"{URL}/{{id}}", delete, {}),
)
