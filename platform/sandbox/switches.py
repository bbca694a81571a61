"""Switches: how Stripe answers where that depends on the platform, changes with time, or isn't known.

They are kept in the store; docs/sandbox.md has a row for each.
"""

import json
from typing import Any

from sandbox import refusals
from sandbox.context import Context
from sandbox.errors import JsonObject
from sandbox.parameters import Array, Boolean, Choice, Integer, Schema
from sandbox.router import Route

SWITCHES: Schema = {
    "account_updated_for_v2": Boolean(),
    "refusals": Array(Choice(refusals.NAMES)),
    "regions": Boolean(),
    "thin_events_from": Choice(("@self", "@accounts")),
    "v1_lists_v2_accounts": Boolean(),
    "v2_key_with_other_parameters": Choice(("error", "current_state")),
    "v2_knows_v1_accounts_after": Integer(minimum=0),
    "v2_lists_accounts_after": Integer(minimum=0),
    "v2_shows_unsupported_countries": Boolean(),
    "v2_takes_v1_accounts": Boolean(),
}

DEFAULTS: JsonObject = {
    "account_updated_for_v2": False,
    "refusals": [],
    "regions": True,
    "thin_events_from": "@self",
    "v1_lists_v2_accounts": True,
    "v2_key_with_other_parameters": "error",
    "v2_knows_v1_accounts_after": 0,
    "v2_lists_accounts_after": 0,
    "v2_shows_unsupported_countries": False,
    "v2_takes_v1_accounts": True,
}

_PREFIX = "switch."


def read(context: Context, name: str) -> Any:
    rows = context.tx.execute("select value from meta where name = ?", (_PREFIX + name,))
    return json.loads(rows[0]["value"]) if rows else DEFAULTS[name]


def change(context: Context, params: JsonObject) -> JsonObject:
    """Set some switches; the others stay as they are."""
    for name, value in params.items():
        context.tx.execute(
            "insert or replace into meta (name, value) values (?, ?)", (_PREFIX + name, json.dumps(value))
        )
    return state(context, {})


def reset(context: Context, params: JsonObject) -> JsonObject:
    context.tx.execute("delete from meta where name like ?", (f"{_PREFIX}%",))
    return state(context, {})


def state(context: Context, params: JsonObject) -> JsonObject:
    return {name: read(context, name) for name in SWITCHES}


ROUTES = (
    Route("GET", "/_sandbox/switches", state, {}),
    Route("POST", "/_sandbox/switches", change, SWITCHES),
    Route("DELETE", "/_sandbox/switches", reset, {}),
)
