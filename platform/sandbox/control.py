"""What tests and demos do in place of banks and account holders: `/_sandbox/…`, with the same API key."""

from collections import Counter
from threading import Lock

from sandbox import balances, events
from sandbox.accounts import find_account, requirements
from sandbox.context import Context
from sandbox.errors import JsonObject
from sandbox.faults import RULES, Faults
from sandbox.ids import new_id
from sandbox.parameters import Currency, Integer
from sandbox.router import Route

PREFIX = "/_sandbox/"


class Traffic:
    """How many requests each route has had since the start, those that a fault ended included."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: Counter[str] = Counter()

    def count(self, route: str) -> None:
        with self._lock:
            self._requests[route] += 1

    def requests(self) -> dict[str, int]:
        with self._lock:
            return dict(self._requests)


class Control:
    def __init__(self, *, faults: Faults, traffic: Traffic) -> None:
        self._faults = faults
        self._traffic = traffic

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                "/_sandbox/fund",
                fund,
                {"amount": Integer(1, required=True), "currency": Currency(required=True)},
            ),
            Route("POST", "/_sandbox/accounts/{id}/complete", complete_onboarding, {}),
            Route("POST", "/_sandbox/faults", self.replace_faults, RULES),
            Route("DELETE", "/_sandbox/faults", self.clear_faults, {}),
            Route("GET", "/_sandbox/state", self.state, {}),
        )

    def replace_faults(self, context: Context, params: JsonObject) -> JsonObject:
        self._faults.replace(params["rules"])
        return {"rules": params["rules"]}

    def clear_faults(self, context: Context, params: JsonObject) -> JsonObject:
        self._faults.replace([])
        return {"rules": []}

    def state(self, context: Context, params: JsonObject) -> JsonObject:
        """All there is, of all accounts, oldest first."""
        tx = context.tx
        owners = tx.execute("select distinct account from balances order by account")
        return {
            "platform": context.platform,
            "accounts": tx.every("account"),
            "transfers": tx.every("transfer"),
            "payouts": tx.every("payout"),
            "charges": tx.every("charge"),
            "balance_transactions": tx.every("balance_transaction"),
            "balances": {row["account"]: balances.balance_of(context, row["account"]) for row in owners},
            "events": tx.every("event"),
            "deliveries": [dict(row) for row in tx.execute("select * from deliveries order by rowid")],
            "requests": self._traffic.requests(),
            "faults": self._faults.injected(),
        }


def fund(context: Context, params: JsonObject) -> JsonObject:
    """Top up the platform's available balance."""
    balances.post(
        context,
        account=context.platform,
        transaction_type="topup",
        amount=params["amount"],
        currency=params["currency"],
        source=None,
        description="STRIPE TOP-UP",
    )
    return balances.balance_of(context, context.platform)


def complete_onboarding(context: Context, params: JsonObject) -> JsonObject:
    """Do what an account's holder does in hosted onboarding, to the end and without mistakes.

    Under the recipient service agreement an account takes transfers but no card payments.
    Source: https://docs.stripe.com/connect/service-agreement-types
    """
    before = find_account(context, params["id"])
    full = before["tos_acceptance"]["service_agreement"] == "full"
    account = {
        **before,
        "business_type": before["business_type"] or "individual",
        "capabilities": dict.fromkeys(before["capabilities"], "active"),
        "charges_enabled": full and "card_payments" in before["capabilities"],
        "details_submitted": True,
        "external_accounts": before["external_accounts"]
        | {"data": [_bank_account(before)], "total_count": 1},
        "payouts_enabled": True,
        "requirements": requirements(()),
        "tos_acceptance": before["tos_acceptance"] | {"date": context.created, "ip": "127.0.0.1"},
    }
    events.record_change(context, "account.updated", before, account, account=account["id"])
    return account


def _bank_account(account: JsonObject) -> JsonObject:
    return {
        "id": new_id("ba"),
        "object": "bank_account",
        "account": account["id"],
        "account_holder_name": None,
        "account_holder_type": None,
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "country": account["country"],
        "currency": account["default_currency"],
        "default_for_currency": True,
        "fingerprint": new_id("fp"),
        "last4": "6789",
        "metadata": {},
        "routing_number": "110000000",
        "status": "new",
    }
