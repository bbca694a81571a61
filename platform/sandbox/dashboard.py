"""What people do in Stripe's dashboards, and Stripe itself does, without our request."""

from dataclasses import replace

from sandbox import balances, payouts, reversals
from sandbox.accounts import find_account
from sandbox.context import Context
from sandbox.errors import JsonObject, ResourceMissing
from sandbox.parameters import Boolean, Choice, Currency, Integer
from sandbox.router import Route

# What else moves a balance without us.
# Source: https://docs.stripe.com/reports/balance-transaction-types
ADJUSTMENTS = (
    "adjustment",
    "connect_collection_transfer",
    "payout_minimum_balance_hold",
    "payout_minimum_balance_release",
    "reserve_transaction",
    "reserved_funds",
)


def adjust(context: Context, params: JsonObject) -> JsonObject:
    """Adjust an account's available balance, or the platform's; it may become negative."""
    account = find_account(context, params["id"])
    balances.post(
        context,
        account=account["id"],
        transaction_type=params.get("type", ADJUSTMENTS[0]),
        amount=params["amount"],
        currency=params.get("currency") or account["default_currency"],
        source=None,
        description="Adjustment",
    )
    return balances.balance_of(context, account["id"])


def pay_out(context: Context, params: JsonObject) -> JsonObject:
    """Pay out at the holder's request, or by Stripe's schedule: `amount`, or by default all that is available."""
    account = find_account(context, params["id"])
    currency = params.get("currency") or account["default_currency"]
    available = balances.available(context, account=account["id"], currency=currency)
    wanted = {"amount": params.get("amount", available), "currency": currency}
    acting = replace(context, account=account["id"])
    return (
        payouts.pay_automatically(acting, wanted)
        if params.get("automatic")
        else payouts.create(acting, wanted)
    )


def debit(context: Context, params: JsonObject) -> JsonObject:
    """Debit the bank account for a negative balance: `amount`, or by default what is missing."""
    account = find_account(context, params["id"])
    currency = params.get("currency") or account["default_currency"]
    missing = -balances.available(context, account=account["id"], currency=currency)
    wanted = {"amount": params.get("amount", missing), "currency": currency}
    return payouts.debit(replace(context, account=account["id"]), wanted)


def reverse_payout(context: Context, params: JsonObject) -> JsonObject:
    """Reverse a paid bank payout: its money comes back from the bank."""
    if context.tx.get(params["id"]) is None:
        raise ResourceMissing("payout", params["id"])
    return payouts.reverse(replace(context, account=context.tx.owner(params["id"])), params)


ROUTES = (
    Route(
        "POST",
        "/_sandbox/accounts/{id}/adjust",
        adjust,
        {"amount": Integer(required=True), "currency": Currency(), "type": Choice(ADJUSTMENTS)},
    ),
    Route(
        "POST",
        "/_sandbox/accounts/{id}/payout",
        pay_out,
        {"amount": Integer(minimum=1), "automatic": Boolean(), "currency": Currency()},
    ),
    Route(
        "POST",
        "/_sandbox/accounts/{id}/debit",
        debit,
        {"amount": Integer(minimum=1), "currency": Currency()},
    ),
    Route("POST", "/_sandbox/payouts/{id}/reverse", reverse_payout, {}),
    Route(
        "POST",
        "/_sandbox/transfers/{id}/reverse",
        reversals.reverse_from_dashboard,
        {"amount": Integer(minimum=1)},
    ),
    Route(
        "POST",
        "/_sandbox/pending_reversals",
        reversals.allow_pending,
        {"enabled": Boolean(required=True)},
    ),
    Route(
        "POST",
        "/_sandbox/reversals/{id}/end",
        reversals.end_pending,
        {"status": Choice(("succeeded", "failed", "canceled"), required=True)},
    ),
)
