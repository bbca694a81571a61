"""The bank account that an account is paid out to, and changes to it that we didn't make.

Source: https://docs.stripe.com/api/external_accounts and https://docs.stripe.com/connect/payouts-bank-accounts
"""

from sandbox import events
from sandbox.accounts import find_account, requirements
from sandbox.context import Context
from sandbox.countries import DEFAULT_CURRENCY
from sandbox.errors import InvalidRequest, JsonObject
from sandbox.ids import new_id
from sandbox.parameters import Choice, Currency, Text
from sandbox.router import Route
from sandbox.v2 import changes as told

_MISSING = ("external_account",)


def new(account: JsonObject, *, country: str, currency: str) -> JsonObject:
    return {
        "id": new_id("ba"),
        "object": "bank_account",
        "account": account["id"],
        "account_holder_name": None,
        "account_holder_type": None,
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "country": country,
        "currency": currency,
        "default_for_currency": True,
        "fingerprint": new_id("fp"),
        "last4": "6789",
        "metadata": {},
        "routing_number": "110000000",
        "status": "new",
    }


def new_card(account: JsonObject, *, country: str, currency: str) -> JsonObject:
    """Make a debit card that takes payouts in place of a bank account.

    Source: https://docs.stripe.com/api/external_account_cards/object
    """
    return {
        "id": new_id("card"),
        "object": "card",
        "account": account["id"],
        "available_payout_methods": ["standard", "instant"],
        "brand": "Visa",
        "country": country,
        "currency": currency,
        "default_for_currency": True,
        "exp_month": 12,
        "exp_year": 2030,
        "fingerprint": new_id("fp"),
        "funding": "debit",
        "last4": "5556",
        "metadata": {},
        "name": None,
        "status": None,
    }


def replace(context: Context, params: JsonObject) -> JsonObject:
    """Replace the account's bank accounts with another one; the account then settles in its currency."""
    account = find_account(context, params["id"])
    make = new_card if params.get("object") == "card" else new
    bank = make(
        account,
        country=params.get("country") or account["country"],
        currency=params.get("currency") or account["default_currency"],
    )
    changes: JsonObject = {"default_currency": bank["currency"]}
    if account["requirements"]["currently_due"] == list(_MISSING):
        changes |= {"payouts_enabled": True, "requirements": requirements(())}
    _put(context, account, [bank], changes)
    _emit(context, "created", bank)
    for old in account["external_accounts"]["data"]:
        _emit(context, "deleted", old)
    return bank


def remove(context: Context, params: JsonObject) -> JsonObject:
    """Remove the bank account: the account can't be paid out until it has another."""
    account = find_account(context, params["id"])
    changes = {"payouts_enabled": False, "requirements": requirements(_MISSING)}
    _put(context, account, [], changes)
    for old in account["external_accounts"]["data"]:
        _emit(context, "deleted", old)
    return find_account(context, account["id"])


def edit(context: Context, params: JsonObject) -> JsonObject:
    """Correct the bank account: its status is `new` again, unless another one is given."""
    account = find_account(context, params["id"])
    banks = account["external_accounts"]["data"]
    if not banks:
        raise InvalidRequest("The account has no bank account.")
    changes = {"status": "new", **{name: params[name] for name in _EDITABLE if name in params}}
    return change(context, account, banks[0], changes)


def change(context: Context, account: JsonObject, bank: JsonObject, changes: JsonObject) -> JsonObject:
    """Change one of the account's bank accounts."""
    after = {**bank, **changes}
    banks = [
        after if existing["id"] == bank["id"] else existing
        for existing in account["external_accounts"]["data"]
    ]
    _put(context, account, banks, {})
    previous = {name: value for name, value in bank.items() if after[name] != value}
    if previous:
        _emit(context, "updated", after, previous=previous)
    return after


def _put(context: Context, account: JsonObject, banks: list[JsonObject], changes: JsonObject) -> None:
    listed = {**account["external_accounts"], "data": banks, "total_count": len(banks)}
    after = {**account, **changes, "external_accounts": listed}
    told.record(context, account, after)


def _emit(context: Context, what: str, bank: JsonObject, previous: JsonObject | None = None) -> None:
    events.emit(context, f"account.external_account.{what}", bank, account=bank["account"], previous=previous)


_EDITABLE = {"account_holder_name": Text(), "last4": Text(max_length=4), "status": Choice(("new", "errored"))}

ROUTES = (
    Route(
        "POST",
        "/_sandbox/accounts/{id}/bank_account",
        replace,
        {
            "country": Choice(tuple(sorted(DEFAULT_CURRENCY))),
            "currency": Currency(),
            "object": Choice(("bank_account", "card")),
        },
    ),
    Route("DELETE", "/_sandbox/accounts/{id}/bank_account", remove, {}),
    Route("POST", "/_sandbox/accounts/{id}/bank_account/edit", edit, _EDITABLE),
)
