"""Balances and balance transactions.

Source: https://docs.stripe.com/api/balance and https://docs.stripe.com/api/balance_transactions
"""

from sandbox import events, schedule
from sandbox.context import Context
from sandbox.errors import InvalidRequest, JsonObject, ReferenceMissing
from sandbox.ids import new_id
from sandbox.lists import PAGE, list_objects, retrieve_object
from sandbox.parameters import EXPAND, Text, TimeRange
from sandbox.router import Route

SETTLE = "settle"

# Source: https://docs.stripe.com/reports/reporting-categories
REPORTING_CATEGORIES = {
    "adjustment": "other_adjustment",
    "connect_collection_transfer": "connect_collection_transfer",
    "payment": "charge",
    "payment_refund": "refund",
    "payout": "payout",
    "payout_minimum_balance_hold": "payout_minimum_balance_hold",
    "payout_minimum_balance_release": "payout_minimum_balance_release",
    "payout_cancel": "payout_reversal",
    "payout_failure": "payout_reversal",
    "reserve_transaction": "risk_reserved_funds",
    "reserved_funds": "risk_reserved_funds",
    "topup": "topup",
    "transfer": "transfer",
    "transfer_refund": "transfer_reversal",
}


def post(
    context: Context,
    *,
    account: str,
    transaction_type: str,
    amount: int,
    currency: str,
    source: str | None,
    description: str | None,
    available_on: int = 0,
    exchange_rate: float | None = None,
) -> JsonObject:
    """Change the balance of `account` by the signed `amount`, and return the balance transaction.

    The amount is pending until `available_on`, if that is in the future.
    """
    pending = available_on > context.now
    transaction: JsonObject = {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": max(available_on, context.created),
        "created": context.created,
        "currency": currency,
        "description": description,
        "exchange_rate": exchange_rate,
        "fee": 0,
        "fee_details": [],
        "net": amount,
        "reporting_category": REPORTING_CATEGORIES[transaction_type],
        "source": source,
        "status": "pending" if pending else "available",
        "type": transaction_type,
    }
    context.tx.insert(transaction, account=account)
    if pending:
        _move(context, account, currency, available=0, pending=amount)
        schedule.put(context, SETTLE, transaction["id"], due_at=available_on)
    else:
        _move(context, account, currency, available=amount, pending=0)
        _announce(context, account, amount)
    return transaction


def settle(context: Context, transaction_id: str) -> None:
    """Make a pending amount available."""
    transaction = context.tx.get(transaction_id)
    assert transaction is not None
    account, amount = context.tx.owner(transaction_id), transaction["amount"]
    context.tx.save({**transaction, "status": "available"})
    _move(context, account, transaction["currency"], available=amount, pending=-amount)
    _announce(context, account, amount)


def available(context: Context, *, account: str, currency: str) -> int:
    """Return what transfers and payouts can draw on: the account's available amount from cards.

    Source: https://docs.stripe.com/api/transfers/create#create_transfer-source_type
    """
    rows = context.tx.execute(
        "select available from balances where account = ? and currency = ?", (account, currency)
    )
    others = sum(_other_sources(context, account, currency).values())
    return (int(rows[0]["available"]) if rows else 0) - others


def count_source(context: Context, *, account: str, currency: str, source_type: str, amount: int) -> None:
    """Count an available amount as coming from another source than cards."""
    context.tx.execute(
        "insert into other_sources (account, currency, source_type, amount) values (?, ?, ?, ?)"
        " on conflict (account, currency, source_type) do update set amount = amount + excluded.amount",
        (account, currency, source_type, amount),
    )


def _other_sources(context: Context, account: str, currency: str) -> dict[str, int]:
    rows = context.tx.execute(
        "select source_type, amount from other_sources where account = ? and currency = ? order by source_type",
        (account, currency),
    )
    return {row["source_type"]: int(row["amount"]) for row in rows}


def balance_of(context: Context, account: str) -> JsonObject:
    """Render an account's balance; one without transactions shows zero in its own currency."""
    rows = context.tx.execute(
        "select currency, available, pending from balances where account = ? order by currency", (account,)
    )
    amounts = [(row["currency"], row["available"], row["pending"]) for row in rows]
    if not amounts:
        owner = context.tx.get(account)
        assert owner is not None
        amounts = [(owner["default_currency"], 0, 0)]
    balance: JsonObject = {
        "object": "balance",
        "available": [
            _amount(currency, amount, others=_other_sources(context, account, currency))
            for currency, amount, _ in amounts
        ],
        "livemode": False,
        "pending": [_amount(currency, amount, others={}) for currency, _, amount in amounts],
    }
    if account == context.platform:
        return balance | {"connect_reserved": _reserved(context, [currency for currency, _, _ in amounts])}
    return balance | {"instant_available": balance["available"]}


def _reserved(context: Context, currencies: list[str]) -> list[JsonObject]:
    """Render what connected accounts owe, for which the platform answers.

    Stripe also takes it out of what is available, which here only `adjust` does.
    Source: https://docs.stripe.com/connect/account-balances#understanding-connected-account-balances
    """
    rows = context.tx.execute(
        "select currency, -sum(available) as owed from balances where available < 0 and account <> ? group by currency",
        (context.platform,),
    )
    owed = dict.fromkeys(currencies, 0) | {row["currency"]: int(row["owed"]) for row in rows}
    return [{"amount": amount, "currency": currency} for currency, amount in owed.items()]


def _amount(currency: str, amount: int, *, others: dict[str, int]) -> JsonObject:
    """Render an amount by source; a source without money is absent, unless all are."""
    card = amount - sum(others.values())
    sources = {"card": card} if card or not others else {}
    return {"amount": amount, "currency": currency, "source_types": sources | others}


def _move(context: Context, account: str, currency: str, *, available: int, pending: int) -> None:
    context.tx.execute(
        "insert into balances (account, currency, available, pending) values (?, ?, ?, ?)"
        " on conflict (account, currency) do update"
        " set available = available + excluded.available, pending = pending + excluded.pending",
        (account, currency, available, pending),
    )


def _announce(context: Context, account: str, amount: int) -> None:
    """Emit `balance.available`; Stripe doesn't send it for amounts that leave.

    Source: https://docs.stripe.com/api/events/types#event_types-balance.available
    """
    if amount > 0:
        events.emit(context, "balance.available", balance_of(context, account), account=account)


def retrieve_balance(context: Context, params: JsonObject) -> JsonObject:
    return balance_of(context, context.account)


def retrieve(context: Context, params: JsonObject) -> JsonObject:
    return retrieve_object(context, "balance_transaction", params["id"])


def list_transactions(context: Context, params: JsonObject) -> JsonObject:
    """List balance transactions. Stripe can filter them only by automatic payouts; all payouts here are manual.

    Source: https://docs.stripe.com/api/balance_transactions/list#balance_transaction_list-payout
    """
    if payout := params.get("payout"):
        if context.tx.find("payout", payout, account=context.account) is None:
            raise ReferenceMissing("payout", payout, param="payout")
        raise InvalidRequest(
            "Balance transaction history can only be filtered on automatic transfers, not manual.",
            param="payout",
        )
    return list_objects(
        context,
        params,
        kind="balance_transaction",
        url="/v1/balance_transactions",
        filters=("source", "type", "currency", "created"),
    )


ROUTES = (
    Route("GET", "/v1/balance", retrieve_balance, EXPAND),
    Route(
        "GET",
        "/v1/balance_transactions",
        list_transactions,
        {
            **PAGE,
            "source": Text(),
            "type": Text(),
            "currency": Text(),
            "payout": Text(),
            "created": TimeRange(),
        },
    ),
    Route("GET", "/v1/balance_transactions/{id}", retrieve, EXPAND),
)
