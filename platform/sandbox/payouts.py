"""Bank payouts: from a Stripe balance to the bank.

Source: https://docs.stripe.com/api/payouts and https://docs.stripe.com/connect/manual-payouts
"""

from datetime import UTC, datetime

from sandbox import balances, banks, events
from sandbox.context import Context
from sandbox.currencies import check_divisible, least_payout_abroad, smallest_payout
from sandbox.errors import AmountTooSmall, BalanceInsufficient, InvalidRequest, JsonObject, PayoutsNotAllowed
from sandbox.ids import new_id
from sandbox.lists import PAGE, list_objects, retrieve_object
from sandbox.parameters import (
    EXPAND,
    Choice,
    Currency,
    Integer,
    Metadata,
    Schema,
    Text,
    TimeRange,
    merge_metadata,
)
from sandbox.router import Route

STATUSES = ("pending", "in_transit", "paid", "failed", "canceled")

CREATE: Schema = {
    **EXPAND,
    "amount": Integer(minimum=1, required=True),
    "currency": Currency(required=True),
    "description": Text(),
    "metadata": Metadata(),
    "method": Choice(("standard",)),
    "statement_descriptor": Text(max_length=22),
}


def create(context: Context, params: JsonObject) -> JsonObject:
    """Take the amount from the balance now; it arrives at the bank later."""
    amount, currency = params["amount"], params["currency"]
    bank_account = _bank_account(context, currency)
    _check_amount(context, amount, currency)
    if balances.available(context, account=context.account, currency=currency) < amount:
        raise BalanceInsufficient(
            "You have insufficient funds in your Stripe account for this transfer. Your card balance is too "
            "low. You can use the /balance endpoint to view your Stripe balance (for more details, see "
            "stripe.com/docs/api#balance)."
        )
    return _make(context, params, destination=bank_account)


def pay_automatically(context: Context, params: JsonObject) -> JsonObject:
    """Pay out as Stripe does by itself: by schedule, or when money has lain too long on a manual one.

    Source: https://docs.stripe.com/connect/manual-payouts
    """
    return _make(
        context,
        params,
        destination=_bank_account(context, params["currency"]),
        changes={"automatic": True, "reconciliation_status": "completed"},
    )


def debit(context: Context, params: JsonObject) -> JsonObject:
    """Take money from the bank, as Stripe does by itself when a balance is negative: a payout of a negative amount.

    Source: https://docs.stripe.com/connect/account-balances
    """
    bank_account = _bank_account(context, params["currency"])
    changes = {"automatic": True}
    return _make(context, {**params, "amount": -params["amount"]}, destination=bank_account, changes=changes)


def reverse(context: Context, params: JsonObject) -> JsonObject:
    """Take a paid payout back from the bank, by a payout of the negative amount.

    Source: https://docs.stripe.com/connect/payout-reversals
    """
    original = retrieve_object(context, "payout", params["id"])
    if original["status"] != "paid" or original["amount"] < 0 or original["reversed_by"]:
        raise InvalidRequest("This payout can not be reversed.")
    taken = {**params, "amount": -original["amount"], "currency": original["currency"]}
    changes = {"original_payout": original["id"], "type": original["type"]}
    reversal = _make(context, taken, destination={"id": original["destination"]}, changes=changes)
    after = {**original, "reversed_by": reversal["id"]}
    events.record_change(context, "payout.updated", original, after, account=context.account)
    return reversal


def _make(
    context: Context, params: JsonObject, *, destination: JsonObject, changes: JsonObject | None = None
) -> JsonObject:
    """Move the amount between the balance and the bank."""
    amount, currency, payout_id = params["amount"], params["currency"], new_id("po")
    transaction = balances.post(
        context,
        account=context.account,
        transaction_type="payout",
        amount=-amount,
        currency=currency,
        source=payout_id,
        description=params.get("description", "STRIPE PAYOUT"),
    )
    payout: JsonObject = {
        "id": payout_id,
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": _arrival_date(context),
        "automatic": False,
        "balance_transaction": transaction["id"],
        "created": context.created,
        "currency": currency,
        "description": params.get("description"),
        "destination": destination["id"],
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata", {})),
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": params.get("statement_descriptor"),
        "status": "pending",
        "trace_id": {"status": "pending", "value": None},
        "type": destination.get("object", "bank_account"),
        **(changes or {}),
    }
    context.tx.insert(payout, account=context.account)
    events.emit(context, "payout.created", payout, account=context.account)
    banks.take(context, payout)
    return payout


def _arrival_date(context: Context) -> int:
    """Return the day of arrival as midnight UTC, which is often before the payout was made."""
    arrives = datetime.fromtimestamp(context.now + context.config.payout_seconds, UTC)
    return int(arrives.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())


def cancel(context: Context, params: JsonObject) -> JsonObject:
    """Source: https://docs.stripe.com/api/payouts/cancel"""
    payout = retrieve_object(context, "payout", params["id"])
    if payout["status"] != "pending":
        raise InvalidRequest(
            f"Payouts can only be canceled while they are pending; this one is {payout['status']}."
        )
    return banks.cancel(context, payout)


def update(context: Context, params: JsonObject) -> JsonObject:
    before = retrieve_object(context, "payout", params["id"])
    payout = {**before, "metadata": merge_metadata(before["metadata"], params.get("metadata", {}))}
    events.record_change(context, "payout.updated", before, payout, account=context.account)
    return payout


def retrieve(context: Context, params: JsonObject) -> JsonObject:
    return retrieve_object(context, "payout", params["id"])


def list_payouts(context: Context, params: JsonObject) -> JsonObject:
    return list_objects(
        context, params, kind="payout", url="/v1/payouts", filters=("status", "created", "arrival_date")
    )


def _bank_account(context: Context, currency: str) -> JsonObject:
    """Find the account's bank account for this currency; raises if Stripe would not pay out to it."""
    account = context.tx.get(context.account)
    assert account is not None
    if not account["payouts_enabled"]:
        raise PayoutsNotAllowed
    for bank_account in account["external_accounts"]["data"]:
        if bank_account["currency"] == currency:
            return dict(bank_account)
    raise InvalidRequest(f"Sorry, you don't have any external accounts in that currency ({currency})")


def _check_amount(context: Context, amount: int, currency: str) -> None:
    """Refuse an amount that no bank accepts."""
    check_divisible(amount, currency, by=smallest_payout(currency))
    account, platform = context.tx.get(context.account), context.tx.get(context.platform)
    assert account is not None
    assert platform is not None
    if account["country"] != platform["country"] and amount < least_payout_abroad(currency):
        raise AmountTooSmall(
            f"Amount must be no less than {least_payout_abroad(currency)} {currency}", param="amount"
        )


ROUTES = (
    Route("POST", "/v1/payouts", create, CREATE),
    Route(
        "GET",
        "/v1/payouts",
        list_payouts,
        {**PAGE, "status": Choice(STATUSES), "created": TimeRange(), "arrival_date": TimeRange()},
    ),
    Route("GET", "/v1/payouts/{id}", retrieve, EXPAND),
    Route("POST", "/v1/payouts/{id}/cancel", cancel, EXPAND),
    Route("POST", "/v1/payouts/{id}", update, {**EXPAND, "metadata": Metadata()}),
)
