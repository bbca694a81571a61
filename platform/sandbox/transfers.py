"""Transfers: from the platform's balance to a connected account's.

Source: https://docs.stripe.com/api/transfers
"""

from sandbox import balances, charges, events, opening
from sandbox.context import Context
from sandbox.currencies import check_divisible, smallest_amount
from sandbox.errors import BalanceInsufficient, JsonObject, ReferenceMissing, TransfersNotCapable
from sandbox.ids import new_id
from sandbox.lists import PAGE, list_objects, retrieve_object
from sandbox.parameters import EXPAND, Currency, Integer, Metadata, Schema, Text, TimeRange, merge_metadata
from sandbox.router import Route

CREATE: Schema = {
    **EXPAND,
    "amount": Integer(minimum=1, required=True),
    "currency": Currency(required=True),
    "destination": Text(required=True),
    "description": Text(),
    "metadata": Metadata(),
    "transfer_group": Text(),
}


def create(context: Context, params: JsonObject) -> JsonObject:
    """Move the money at once, or refuse: a transfer has no pending state."""
    amount, currency = params["amount"], params["currency"]
    check_divisible(amount, currency, by=smallest_amount(currency))
    destination = context.tx.find("account", params["destination"], account=context.account)
    if destination is None:
        raise ReferenceMissing("destination", params["destination"], param="destination")
    if destination["capabilities"].get("transfers") != "active":
        raise TransfersNotCapable
    agreement = destination["tos_acceptance"]["service_agreement"]
    if refusal := opening.transfer_refusal(context, country=destination["country"], agreement=agreement):
        raise refusal
    if balances.available(context, account=context.account, currency=currency) < amount:
        raise BalanceInsufficient(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your "
            "available balance by creating Charges using the 4000000000000077 test card. See: "
            "https://stripe.com/docs/testing#available-balance"
        )
    transfer_id = new_id("tr")
    transaction = balances.post(
        context,
        account=context.account,
        transaction_type="transfer",
        amount=-amount,
        currency=currency,
        source=transfer_id,
        description=params.get("description"),
    )
    transfer: JsonObject = {
        "id": transfer_id,
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": transaction["id"],
        "created": context.created,
        "currency": currency,
        "description": params.get("description"),
        "destination": destination["id"],
        "destination_payment": None,
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata", {})),
        "reversals": {
            "object": "list",
            "data": [],
            "has_more": False,
            "total_count": 0,
            "url": f"/v1/transfers/{transfer_id}/reversals",
        },
        "reversed": False,
        "source_transaction": None,
        "source_type": "card",
        "transfer_group": params.get("transfer_group"),
    }
    transfer["destination_payment"] = charges.create_destination_payment(context, transfer)["id"]
    context.tx.insert(transfer, account=context.account)
    events.emit(context, "transfer.created", transfer, account=context.account)
    return transfer


def update(context: Context, params: JsonObject) -> JsonObject:
    before = retrieve_object(context, "transfer", params["id"])
    transfer = {
        **before,
        "description": params.get("description", before["description"]),
        "metadata": merge_metadata(before["metadata"], params.get("metadata", {})),
    }
    events.record_change(context, "transfer.updated", before, transfer, account=context.account)
    return transfer


def retrieve(context: Context, params: JsonObject) -> JsonObject:
    return retrieve_object(context, "transfer", params["id"])


def list_transfers(context: Context, params: JsonObject) -> JsonObject:
    return list_objects(
        context,
        params,
        kind="transfer",
        url="/v1/transfers",
        filters=("transfer_group", "destination", "created"),
    )


ROUTES = (
    Route("POST", "/v1/transfers", create, CREATE),
    Route(
        "GET",
        "/v1/transfers",
        list_transfers,
        {**PAGE, "transfer_group": Text(), "destination": Text(), "created": TimeRange()},
    ),
    Route("GET", "/v1/transfers/{id}", retrieve, EXPAND),
    Route("POST", "/v1/transfers/{id}", update, {**EXPAND, "description": Text(), "metadata": Metadata()}),
)
