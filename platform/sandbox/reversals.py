"""Transfer reversals: a transfer's amount, or part of it, taken back from the connected account.

Source: https://docs.stripe.com/api/transfer_reversals
"""

from sandbox import balances, charges, events
from sandbox.accounts import find_account
from sandbox.context import Context
from sandbox.errors import BalanceInsufficient, InvalidRequest, JsonObject, ResourceMissing
from sandbox.ids import new_id
from sandbox.lists import PAGE, list_objects, retrieve_object
from sandbox.parameters import EXPAND, Integer, Metadata, Schema, Text, merge_metadata
from sandbox.router import Route

# How many a transfer includes; the rest must be listed.
SHOWN = 10

CREATE: Schema = {
    **EXPAND,
    "amount": Integer(minimum=1),
    "description": Text(),
    "metadata": Metadata(),
}


def create(context: Context, params: JsonObject) -> JsonObject:
    """Take the money back, or refuse if the connected account has too little.

    Source: https://docs.stripe.com/connect/separate-charges-and-transfers#reverse-transfers
    """
    transfer = retrieve_object(context, "transfer", params["id"])
    amount = _reversible(transfer, params)
    destination = find_account(context, transfer["destination"])
    arrival = charges.arrival_of(context, transfer)
    available = balances.available(context, account=destination["id"], currency=arrival["currency"])
    # What is still pending is still there.
    if arrival["status"] == "available" and available < charges.share(transfer, arrival, amount=amount):
        raise BalanceInsufficient(
            "The recipient of this transfer does not have sufficient funds in their Stripe balance to reverse "
            "this amount."
        )
    return _reverse(context, transfer, params, amount=amount)


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
    reversal_id = new_id("trr")
    refund = charges.refund(context, transfer, amount=amount, reversal_id=reversal_id)
    transaction = balances.post(
        context,
        account=context.platform,
        transaction_type="transfer_refund",
        amount=amount,
        currency=transfer["currency"],
        source=reversal_id,
        description=params.get("description"),
    )
    reversal: JsonObject = {
        "id": reversal_id,
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": transaction["id"],
        "created": context.created,
        "currency": transfer["currency"],
        "destination_payment_refund": refund["id"],
        "metadata": merge_metadata({}, params.get("metadata", {})),
        "source_refund": None,
        "transfer": transfer["id"],
    }
    context.tx.insert(reversal, account=context.platform)
    reversed_so_far = transfer["amount_reversed"] + amount
    shown = transfer["reversals"]
    after = {
        **transfer,
        "amount_reversed": reversed_so_far,
        "reversals": {
            **shown,
            "data": [reversal, *shown["data"]][:SHOWN],
            "has_more": shown["total_count"] >= SHOWN,
            "total_count": shown["total_count"] + 1,
        },
        "reversed": reversed_so_far == transfer["amount"],
    }
    events.emit(context, "transfer.reversed", after, account=context.platform)
    events.record_change(context, "transfer.updated", transfer, after, account=context.platform)
    return reversal


ROUTES = (
    Route("POST", "/v1/transfers/{id}/reversals", create, CREATE),
    Route("GET", "/v1/transfers/{id}/reversals", list_reversals, PAGE),
    Route("GET", "/v1/transfers/{transfer}/reversals/{id}", retrieve, EXPAND),
)
