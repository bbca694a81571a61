"""Accounts of API v2, which v1 shows too.

Source: https://docs.stripe.com/api/v2/core/accounts
"""

from dataclasses import replace
from typing import Any

from sandbox import accounts, opening, switches
from sandbox.context import Context
from sandbox.errors import AccountInvalid, InvalidRequest, JsonObject
from sandbox.ids import new_id
from sandbox.parameters import Array, Boolean, Choice, Currency, Hash, Metadata, Schema, Text, merge_metadata
from sandbox.router import Route
from sandbox.store import Condition
from sandbox.v2 import changes, events, lists, records, shapes
from sandbox.v2.errors import NotFound, Refusal
from sandbox.v2.records import CUSTOMER, MERCHANT, RECIPIENT, Record
from sandbox.v2.rendering import INCLUDES, render

URL = "/v2/core/accounts"
INCLUDE: Schema = {"include": Array(Choice(INCLUDES))}

_CONFIGURATIONS = Array(Choice((CUSTOMER, MERCHANT, RECIPIENT)))
_REQUESTED = Hash({"requested": Boolean(required=True)})
_RECIPIENT: Schema = {
    "capabilities": Hash({"stripe_balance": Hash({"stripe_transfers": _REQUESTED})}),
}
_MERCHANT: Schema = {"capabilities": Hash({"card_payments": _REQUESTED}), "mcc": Text()}
_APPLIED: Schema = {"applied": Boolean()}

CREATE: Schema = {
    **INCLUDE,
    "configuration": Hash({CUSTOMER: Hash({}), MERCHANT: Hash(_MERCHANT), RECIPIENT: Hash(_RECIPIENT)}),
    "contact_email": Text(),
    "contact_phone": Text(),
    "dashboard": Choice(("express", "full", "none")),
    "defaults": Hash(
        {
            "currency": Currency(),
            "locales": Array(),
            "profile": Hash(
                {"business_url": Text(), "doing_business_as": Text(), "product_description": Text()}
            ),
            "responsibilities": Hash(
                {
                    "fees_collector": Choice(shapes.FEES_COLLECTORS, required=True),
                    "losses_collector": Choice(("application", "stripe"), required=True),
                }
            ),
        }
    ),
    "display_name": Text(),
    "identity": Hash({"country": Text(), "entity_type": Choice(shapes.ENTITY_TYPES)}),
    "metadata": Metadata(),
}
UPDATE: Schema = {
    **CREATE,
    "configuration": Hash(
        {
            CUSTOMER: Hash(_APPLIED),
            MERCHANT: Hash({**_MERCHANT, **_APPLIED}),
            RECIPIENT: Hash({**_RECIPIENT, **_APPLIED}),
        }
    ),
}


def create(context: Context, params: JsonObject) -> JsonObject:
    """Open an account that can't do anything until its holder completes onboarding."""
    shapes.check(params)
    country = params["identity"]["country"].upper()
    account = accounts.new(
        new_id("acct"),
        country=country,
        account_type=shapes.V1_TYPES[params.get("dashboard", "none")],
        created=context.created,
    )
    before = Record(country=params["identity"]["country"].lower())
    account, record = _apply(account, before, params)
    opening.check_v2(context, country=country, capabilities=set(account["capabilities"]))
    if not opening.serves(context, country):
        record = replace(record, standing=dict.fromkeys(records.BALANCE, records.UNSUPPORTED_COUNTRY))
    context.tx.insert(account, account=context.account)
    records.save(context, account["id"], record)
    events.emit_about(context, "v2.core.account.created", account["id"])
    return render(account, record, include=params.get("include", []))


def retrieve(context: Context, params: JsonObject) -> JsonObject:
    account = find(context, params["id"])
    return render(account, records.of(context, account), include=params.get("include", []))


def update(context: Context, params: JsonObject) -> JsonObject:
    """Merge what is given into the account."""
    account = find(context, params["id"])
    record = records.of(context, account)
    if record.closed:
        raise Refusal("account_closed", "This account is closed.")
    after, changed = _apply(account, record, params)
    _save(context, (account, record), (after, changed))
    return render(after, changed, include=params.get("include", []))


def close(context: Context, params: JsonObject) -> JsonObject:
    """Close an account for good: it can still be read, but does nothing."""
    account = find(context, params["id"])
    record = records.of(context, account)
    if set(params.get("applied_configurations", [])) != set(record.configurations):
        raise InvalidRequest(
            "All configurations of the account must be passed to close it.", param="applied_configurations"
        )
    after = {
        **account,
        "capabilities": dict.fromkeys(account["capabilities"], "inactive"),
        "charges_enabled": False,
        "payouts_enabled": False,
    }
    closed = replace(record, closed=True)
    _save(context, (account, record), (after, closed))
    events.emit_about(context, "v2.core.account.closed", account["id"])
    return render(after, closed, include=[])


def list_accounts(context: Context, params: JsonObject) -> JsonObject:
    """List accounts, newest first and late: not all that were just opened are there yet."""
    latest = context.created - switches.read(context, "v2_lists_accounts_after")
    conditions: list[Condition] = [
        ("json_extract(body, '$.created')", "<=", latest),
        (_closed, "=", int(params.get("closed", False))),
    ]
    asked: list[tuple[str, Any]] = [("closed", str(params.get("closed", False)).lower())]
    for name in params.get("applied_configurations", []):
        conditions.append((_applied(name), ">", 0))
        asked.append(("applied_configurations[]", name))
    data, next_page_url = lists.page(
        context, params, kind="account", url=URL, conditions=conditions, asked=asked
    )
    shown = [render(account, records.of(context, account), include=[]) for account in data]
    return {"data": shown, "next_page_url": next_page_url, "previous_page_url": None}


def find(context: Context, account_id: str) -> JsonObject:
    """Find a connected account; one of v1 is known a while after it was opened, or not at all.

    Source: https://docs.stripe.com/connect/accounts-v2/migrate-integration
    """
    try:
        account = accounts.find_account(context, account_id)
    except AccountInvalid:
        raise NotFound("account", account_id) from None
    if records.find(context, account_id) is None:
        if not switches.read(context, "v2_takes_v1_accounts"):
            raise Refusal(
                "v1_account_instead_of_v2_account",
                "V1 Account ID cannot be used in V2 Account APIs.",
                param="id",
            )
        if context.now < account["created"] + switches.read(context, "v2_knows_v1_accounts_after"):
            raise Refusal(
                "account_not_yet_compatible_with_v2",
                "This account is not yet compatible with Accounts v2. Please try again later.",
                param="id",
            )
    return account


def _save(context: Context, before: tuple[JsonObject, Record], after: tuple[JsonObject, Record]) -> None:
    if before != after:
        context.tx.save(after[0])
        records.save(context, after[0]["id"], after[1])
        changes.tell(context, before, after)


def _apply(account: JsonObject, record: Record, params: JsonObject) -> tuple[JsonObject, Record]:
    """Return the account and its record with the parameters applied."""
    defaults, identity = params.get("defaults", {}), params.get("identity", {})
    configured = params.get("configuration", {})
    plain = ("contact_email", "contact_phone", "dashboard", "display_name")
    changed = replace(
        record,
        **{name: params[name] for name in plain if name in params},
        country=identity.get("country", record.country).lower(),
        entity_type=identity.get("entity_type", record.entity_type),
        locales=defaults.get("locales", record.locales),
        profile=defaults.get("profile", record.profile),
        responsibilities=record.responsibilities | defaults.get("responsibilities", {}),
        configurations=shapes.configurations(record.configurations, configured),
    )
    capabilities = shapes.requested(account["capabilities"], configured, changed.configurations)
    after = {
        **account,
        "business_type": changed.entity_type,
        "capabilities": capabilities,
        "default_currency": defaults.get("currency", account["default_currency"]),
        "email": changed.contact_email,
        "metadata": merge_metadata(account["metadata"], params.get("metadata", {})),
    }
    return after, changed


_closed = "coalesce((select json_extract(record, '$.closed') from v2_accounts where v2_accounts.id = objects.id), 0)"


def _applied(configuration: str) -> str:
    return (
        "(select count(*) from v2_accounts, json_each(record, '$.configurations')"  # noqa: S608 - one of our own names
        f" where v2_accounts.id = objects.id and json_each.value = '{configuration}')"
    )


ROUTES = (
    Route("POST", URL, create, CREATE, refresh=retrieve),
    Route(
        "GET",
        URL,
        list_accounts,
        {**lists.PAGE, "applied_configurations": _CONFIGURATIONS, "closed": Boolean()},
    ),
    Route("GET", f"{URL}/{{id}}", retrieve, INCLUDE),
    Route("POST", f"{URL}/{{id}}", update, UPDATE, refresh=retrieve),
    Route(
        "POST", f"{URL}/{{id}}/close", close, {"applied_configurations": _CONFIGURATIONS}, refresh=retrieve
    ),
)
