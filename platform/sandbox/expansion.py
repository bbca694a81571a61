"""`expand[]`: objects in place of their ids.

Source: https://docs.stripe.com/api/expanding_objects
"""

from typing import Any

from sandbox.context import Context
from sandbox.errors import InvalidRequest, JsonObject

_EXPANDABLE = {
    "balance_transaction": {"source"},
    "charge": {"balance_transaction", "source_transfer"},
    "payout": {
        "balance_transaction",
        "destination",
        "failure_balance_transaction",
        "original_payout",
        "reversed_by",
    },
    "refund": {"balance_transaction", "charge", "source_transfer_reversal"},
    "transfer": {"balance_transaction", "destination", "destination_payment", "reversals"},
    "transfer_reversal": {"balance_transaction", "destination_payment_refund", "transfer"},
}

_EXTERNAL = {"ba": "bank_account", "card": "card"}


def expand(context: Context, obj: JsonObject, paths: list[str]) -> JsonObject:
    """Return a copy with each path expanded, such as `data.destination_payment.balance_transaction`."""
    for path in paths:
        obj = _expand(context, obj, path.split("."), path)
    return obj


def _expand(context: Context, obj: JsonObject, names: list[str], path: str) -> JsonObject:
    name, *rest = names
    if obj["object"] == "list" and name == "data" and rest:
        return {**obj, "data": [_expand(context, item, rest, path) for item in obj["data"]]}
    if name not in _EXPANDABLE.get(obj["object"], ()):
        raise InvalidRequest(f"This property cannot be expanded ({path}).", param="expand")
    value: Any = _lookup(context, obj, obj.get(name))
    if rest and value is not None:
        value = _expand(context, value, rest, path)
    return {**obj, name: value}


def _lookup(context: Context, obj: JsonObject, value: Any) -> Any:
    """Return an id's object; what is already expanded, or absent, stays as it is."""
    if not isinstance(value, str):
        return value
    if value.startswith(("ba_", "card_")):
        account = context.tx.get(context.tx.owner(obj["id"]))
        assert account is not None
        bank_accounts = account["external_accounts"]["data"]
        deleted = {"id": value, "object": _EXTERNAL[value.partition("_")[0]], "deleted": True}
        return next((bank_account for bank_account in bank_accounts if bank_account["id"] == value), deleted)
    return context.tx.get(value)
