"""The payments that transfers leave on connected accounts: `py_` objects, which Stripe calls charges.

Source: https://docs.stripe.com/api/charges/object
"""

from sandbox import balances
from sandbox.context import Context
from sandbox.errors import JsonObject
from sandbox.ids import new_id
from sandbox.lists import retrieve_object
from sandbox.parameters import EXPAND
from sandbox.router import Route

_NOBODY = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}


def create_destination_payment(context: Context, transfer: JsonObject) -> JsonObject:
    """Bring a transfer's amount to its destination's balance, after the time that settling takes."""
    account = transfer["destination"]
    charge_id = new_id("py")
    transaction = balances.post(
        context,
        account=account,
        transaction_type="payment",
        amount=transfer["amount"],
        currency=transfer["currency"],
        source=charge_id,
        description=transfer["description"],
        delay=context.config.settle_seconds,
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
        "balance_transaction": transaction["id"],
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
    return charge


def retrieve(context: Context, params: JsonObject) -> JsonObject:
    return retrieve_object(context, "charge", params["id"])


ROUTES = (Route("GET", "/v1/charges/{id}", retrieve, EXPAND),)
