"""Transfer reversals: a transfer's amount, or part of it, taken back from the connected account.

Source: https://docs.stripe.com/api/transfer_reversals
"""

from sandbox import balances, charges, events, rules
from sandbox.accounts import find_account
from sandbox.context import Context
from sandbox.errors import BalanceInsufficient, InvalidRequest, JsonObject, ResourceMissing
from sandbox.ids import new_id
from sandbox.lists import PAGE, list_objects, retrieve_object
from sandbox.parameters import EXPAND, Integer, Metadata, Schema, Text, merge_metadata
from sandbox.router import Route

# How many a transfer includes; the rest must be listed.
SHOWN = 10
_PENDING = "pending_reversals"

CREATE: Schema = {
    **EXPAND,
    "amount": Integer(minimum=1),
    "description": Text(),
    "metadata": Metadata(),
}


def create(context: Context, params: JsonObject) -> JsonObject:
    """Take the money back, or refuse if the connected account has too little that is available.

    While `pending_reversals` is on, a reversal that would be refused waits instead.

    Source: https://docs.stripe.com/connect/separate-charges-and-transfers#reverse-transfers and
    https://docs.stripe.com/connect/pending-transfer-reversals
    """
    transfer = retrieve_object(context, "transfer", params["id"])
    amount = _reversible(transfer, params)
    destination = find_account(context, transfer["destination"])
    arrival = charges.arrival_of(context, transfer)
    cost, _ = charges.price(context, transfer, arrival, amount=amount)
    if balances.available(context, account=destination["id"], currency=arrival["currency"]) >= cost:
        return _reverse(context, transfer, params, amount=amount)
    if _may_be_pending(context):
        return _await(context, transfer, params, amount=amount)
    raise BalanceInsufficient(
        "The recipient of this transfer does not have sufficient funds in their Stripe balance to reverse "
        "this amount."
    )


def reverse_from_dashboard(context: Context, params: JsonObject) -> JsonObject:
    """Take the money back even if the connected account has too little: its balance may become negative.

    Source: https://docs.stripe.com/connect/account-balances
    """
    transfer = retrieve_object(context, "transfer", params["id"])
    return _reverse(context, transfer, params, amount=_reversible(transfer, params))


def retrieve(context: Context, params: JsonObject) -> JsonObject:
    retrieve_object(context, "transfer", params["transfer"])
    reversal = retrieve_object(context, "transfer_reversal", params["id"])
    if reversal["transfer"] != params["transfer"]:
        raise ResourceMissing("transfer_reversal", params["id"])
    return reversal


def list_reversals(context: Context, params: JsonObject) -> JsonObject:
    transfer = retrieve_object(context, "transfer", params["id"])
    return list_objects(
        context,
        {**params, "transfer": transfer["id"]},
        kind="transfer_reversal",
        url=transfer["reversals"]["url"],
        filters=("transfer",),
    )


def _reversible(transfer: JsonObject, params: JsonObject) -> int:
    """Return the requested amount, or by default all that is left."""
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = int(params.get("amount", left))
    if not 0 < amount <= left:
        raise InvalidRequest(
            f"Transfer reversal amount ({amount}) is greater than unreversed amount on transfer ({left})",
            param="amount",
        )
    return amount


def _reverse(context: Context, transfer: JsonObject, params: JsonObject, *, amount: int) -> JsonObject:
    reversal = {
        **_new(context, transfer, params, amount=amount),
        **({"status": "succeeded"} if _may_be_pending(context) else {}),
    }
    reversal |= _move(context, transfer, reversal, description=params.get("description"))
    context.tx.insert(reversal, account=context.platform)
    _show(context, transfer, reversal)
    return reversal


def _await(context: Context, transfer: JsonObject, params: JsonObject, *, amount: int) -> JsonObject:
    """Leave a reversal pending; no balance moves, but the transfer counts it."""
    reversal = {**_new(context, transfer, params, amount=amount), "status": "pending"}
    context.tx.insert(reversal, account=context.platform)
    _show(context, transfer, reversal)
    return reversal


def end_pending(context: Context, params: JsonObject) -> JsonObject:
    """End a pending reversal: `succeeded` once its account can pay, `failed` after 45 days, or `canceled`."""
    waiting = context.tx.find("transfer_reversal", params["id"], account=context.platform)
    if waiting is None or waiting.get("status") != "pending":
        raise InvalidRequest(f"{params['id']} is not a pending reversal.")
    transfer = retrieve_object(context, "transfer", waiting["transfer"])
    reversal = {**waiting, "status": params["status"]}
    if params["status"] == "succeeded":
        reversal |= _move(context, transfer, reversal)
    context.tx.save(reversal)
    counted = 0 if params["status"] == "succeeded" else -waiting["amount"]
    shown = [reversal if each["id"] == reversal["id"] else each for each in transfer["reversals"]["data"]]
    after = _after(transfer, counted, {**transfer["reversals"], "data": shown})
    events.record_change(context, "transfer.updated", transfer, after, account=context.platform)
    return reversal


def allow_pending(context: Context, params: JsonObject) -> JsonObject:
    """Switch pending reversals on or off, as Stripe does for a platform in its private preview."""
    return rules.replace(context, _PENDING, [{}] if params["enabled"] else [])


def _may_be_pending(context: Context) -> bool:
    return bool(context.tx.execute("select 1 from rules where subject = ?", (_PENDING,)))


def _new(context: Context, transfer: JsonObject, params: JsonObject, *, amount: int) -> JsonObject:
    return {
        "id": new_id("trr"),
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": None,
        "created": context.created,
        "currency": transfer["currency"],
        "destination_payment_refund": None,
        "metadata": merge_metadata({}, params.get("metadata", {})),
        "source_refund": None,
        "transfer": transfer["id"],
    }


def _move(
    context: Context, transfer: JsonObject, reversal: JsonObject, *, description: str | None = None
) -> JsonObject:
    """Move the money; return the reversal's fields that say so."""
    refund = charges.refund(context, transfer, amount=reversal["amount"], reversal_id=reversal["id"])
    transaction = balances.post(
        context,
        account=context.platform,
        transaction_type="transfer_refund",
        amount=reversal["amount"],
        currency=transfer["currency"],
        source=reversal["id"],
        description=description,
    )
    return {"balance_transaction": transaction["id"], "destination_payment_refund": refund["id"]}


def _show(context: Context, transfer: JsonObject, reversal: JsonObject) -> None:
    """Show a new reversal on its transfer."""
    shown = transfer["reversals"]
    after = _after(
        transfer,
        reversal["amount"],
        {
            **shown,
            "data": [reversal, *shown["data"]][:SHOWN],
            "has_more": shown["total_count"] >= SHOWN,
            "total_count": shown["total_count"] + 1,
        },
    )
    events.emit(context, "transfer.reversed", after, account=context.platform)
    events.record_change(context, "transfer.updated", transfer, after, account=context.platform)


def _after(transfer: JsonObject, amount: int, reversals: JsonObject) -> JsonObject:
    """Return the transfer after this much more of it, or less, counts as reversed."""
    reversed_so_far = transfer["amount_reversed"] + amount
    return {
        **transfer,
        "amount_reversed": reversed_so_far,
        "reversals": reversals,
        "reversed": reversed_so_far == transfer["amount"],
    }


ROUTES = (
    Route("POST", "/v1/transfers/{id}/reversals", create, CREATE),
    Route("GET", "/v1/transfers/{id}/reversals", list_reversals, PAGE),
    Route("GET", "/v1/transfers/{transfer}/reversals/{id}", retrieve, EXPAND),
)
