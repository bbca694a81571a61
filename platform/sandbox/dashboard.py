"""What people do in Stripe's dashboards, and Stripe itself does: nothing that we asked for."""

from sandbox import balances, reversals
from sandbox.accounts import find_account
from sandbox.context import Context
from sandbox.errors import JsonObject
from sandbox.parameters import Currency, Integer
from sandbox.router import Route


def adjust(context: Context, params: JsonObject) -> JsonObject:
    """Add to, or take from, an available balance, the platform's included; it may become negative."""
    account = find_account(context, params["id"])
    balances.post(
        context,
        account=account["id"],
        transaction_type="adjustment",
        amount=params["amount"],
        currency=params.get("currency") or account["default_currency"],
        source=None,
        description="Adjustment",
    )
    return balances.balance_of(context, account["id"])


ROUTES = (
    Route(
        "POST",
        "/_sandbox/accounts/{id}/adjust",
        adjust,
        {"amount": Integer(required=True), "currency": Currency()},
    ),
    Route(
        "POST",
        "/_sandbox/transfers/{id}/reverse",
        reversals.reverse_from_dashboard,
        {"amount": Integer(minimum=1)},
    ),
)
