"""The payments that transfers create on connected accounts: `py_` objects, which Stripe calls charges.

Source: https://docs.stripe.com/api/charges/object
"""

import math

from sandbox import arrivals, balances, rates
from sandbox.context import Context
from sandbox.errors import InvalidRequest, JsonObject
from sandbox.ids import new_id
from sandbox.lists import retrieve_object
from sandbox.parameters import EXPAND
from sandbox.router import Route

_NOBODY = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}


def create_destination_payment(context: Context, transfer: JsonObject) -> JsonObject:
    """Add a transfer's amount to its destination's balance, in the destination's settlement currency, pending for the
    settlement time.

    What converts to nothing has no balance transaction. Source: https://github.com/antiwork/gumroad/pull/6746
    """
    account = transfer["destination"]
    destination = context.tx.get(account)
    assert destination is not None
    amount, currency, rate = transfer["amount"], destination["default_currency"], None
    if currency != transfer["currency"]:
        amount, rate = rates.convert(context, amount, source=transfer["currency"], target=currency)
    charge_id = new_id("py")
    transaction = (
        _arrive(context, transfer, charge_id, amount=amount, currency=currency, exchange_rate=rate)
        if amount
        else None
    )
    charge: JsonObject = {
        "id": charge_id,
        "object": "charge",
        "amount": transfer["amount"],
        "amount_captured": transfer["amount"],
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": transaction["id"] if transaction else None,
        "billing_details": _NOBODY,
        "calculated_statement_descriptor": None,
        "captured": True,
        "created": context.created,
        "currency": transfer["currency"],
        "customer": None,
        "description": transfer["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": {},
        "on_behalf_of": None,
        "outcome": None,
        "paid": True,
        "payment_intent": None,
        "payment_method": None,
        "payment_method_details": None,
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": transfer["id"],
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": None,
    }
    context.tx.insert(charge, account=account)
    arrivals.decide(context, charge_id)
    return charge


def _arrive(
    context: Context,
    transfer: JsonObject,
    charge_id: str,
    *,
    amount: int,
    currency: str,
    exchange_rate: float | None,
) -> JsonObject:
    settles = context.config.settle_seconds
    return balances.post(
        context,
        account=transfer["destination"],
        transaction_type="payment",
        amount=amount,
        currency=currency,
        source=charge_id,
        description=transfer["description"],
        available_on=math.ceil(context.now + settles) if settles else 0,
        exchange_rate=exchange_rate,
    )


def arrival_of(context: Context, transfer: JsonObject) -> JsonObject:
    """Find the balance transaction of a transfer's arrival; a transfer that brought nothing can't be reversed."""
    payment = context.tx.get(transfer["destination_payment"])
    assert payment is not None
    arrival = context.tx.get(payment["balance_transaction"])
    if arrival is None:
        raise InvalidRequest(
            "The amount converts to less than the smallest unit of the destination's currency."
        )
    return arrival


def price(
    context: Context, transfer: JsonObject, arrival: JsonObject, *, amount: int
) -> tuple[int, float | None]:
    """Return what taking back this much of a transfer costs its destination, and the rate if it is converted.

    It is converted back at the rate of the moment, with a spread.

    Source: https://docs.stripe.com/connect/currencies#converting-balances
    """
    source, target = transfer["currency"], arrival["currency"]
    if source == target:
        return amount, None
    cost, rate = rates.convert(context, amount, source=source, target=target, spread=rates.SPREAD)
    if not cost:
        raise InvalidRequest(
            f"The amount converts to less than the smallest unit of {target}.", param="amount"
        )
    return cost, rate


def refund(context: Context, transfer: JsonObject, *, amount: int, reversal_id: str) -> JsonObject:
    """Take back this much of a transfer from its destination's available balance."""
    payment = context.tx.get(transfer["destination_payment"])
    assert payment is not None
    arrival = arrival_of(context, transfer)
    cost, rate = price(context, transfer, arrival, amount=amount)
    refund_id = new_id("pyr")
    transaction = balances.post(
        context,
        account=transfer["destination"],
        transaction_type="payment_refund",
        amount=-cost,
        currency=arrival["currency"],
        source=refund_id,
        description=None,
        exchange_rate=rate,
    )
    refund: JsonObject = {
        "id": refund_id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": transaction["id"],
        "charge": payment["id"],
        "created": context.created,
        "currency": transfer["currency"],
        "metadata": {},
        "payment_intent": None,
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": reversal_id,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    context.tx.insert(refund, account=transfer["destination"])
    refunded = payment["amount_refunded"] + amount
    context.tx.save({**payment, "amount_refunded": refunded, "refunded": refunded == payment["amount"]})
    return refund


def retrieve(context: Context, params: JsonObject) -> JsonObject:
    return arrivals.read(context, retrieve_object(context, "charge", params["id"]))


ROUTES = (Route("GET", "/v1/charges/{id}", retrieve, EXPAND),)
