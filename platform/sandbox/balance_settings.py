"""The settings of an account's balance: when it is paid out, and what is kept back.

Accounts of API v2 have their payout schedule here only.
Source: https://docs.stripe.com/api/balance-settings and https://docs.stripe.com/connect/manual-payouts
"""

from sandbox import events
from sandbox.accounts import INTERVALS, find_account
from sandbox.context import Context
from sandbox.countries import CURRENCIES
from sandbox.errors import JsonObject
from sandbox.parameters import EXPAND, Boolean, Choice, Hash, Integer, Schema, Text
from sandbox.router import Route
from sandbox.v2 import changes

UPDATE: Schema = {
    **EXPAND,
    "payments": Hash(
        {
            "debit_negative_balances": Boolean(),
            "payouts": Hash(
                {
                    "minimum_balance_by_currency": Hash({currency: Integer(0) for currency in CURRENCIES}),
                    "schedule": Hash({"interval": Choice(INTERVALS)}),
                    "statement_descriptor": Text(max_length=22),
                }
            ),
        }
    ),
}


def retrieve(context: Context, params: JsonObject) -> JsonObject:
    return _settings(context, find_account(context, context.account))


def update(context: Context, params: JsonObject) -> JsonObject:
    """Change what is given; the account shows most of it too."""
    account = find_account(context, context.account)
    before = _settings(context, account)
    wanted = params.get("payments", {})
    given = wanted.get("payouts", {})
    payouts = account["settings"]["payouts"]
    payouts = {
        "debit_negative_balances": wanted.get("debit_negative_balances", payouts["debit_negative_balances"]),
        "schedule": payouts["schedule"] | given.get("schedule", {}),
        "statement_descriptor": given.get("statement_descriptor", payouts["statement_descriptor"]),
    }
    after = {**account, "settings": account["settings"] | {"payouts": payouts}}
    for currency, amount in given.get("minimum_balance_by_currency", {}).items():
        context.tx.execute(
            "insert or replace into minimum_balances (account, currency, amount) values (?, ?, ?)",
            (account["id"], currency, amount),
        )
    changes.record(context, account, after)
    settings = _settings(context, after)
    if settings != before:
        events.emit(context, "balance_settings.updated", settings, account=account["id"])
    return settings


def _settings(context: Context, account: JsonObject) -> JsonObject:
    payouts = account["settings"]["payouts"]
    minimums = context.tx.execute(
        "select currency, amount from minimum_balances where account = ? order by currency", (account["id"],)
    )
    return {
        "object": "balance_settings",
        "payments": {
            "debit_negative_balances": payouts["debit_negative_balances"],
            "payouts": {
                "minimum_balance_by_currency": {row["currency"]: row["amount"] for row in minimums} or None,
                "schedule": {"interval": payouts["schedule"]["interval"]},
                "statement_descriptor": payouts["statement_descriptor"],
                "status": "enabled" if account["payouts_enabled"] else "disabled",
            },
            "settlement_timing": {"delay_days": payouts["schedule"]["delay_days"]},
        },
    }


ROUTES = (
    Route("GET", "/v1/balance_settings", retrieve, EXPAND),
    Route("POST", "/v1/balance_settings", update, UPDATE),
)
