"""What tests and demos do in place of banks and account holders: `/_sandbox/…`, with the same API key."""

from collections import Counter
from threading import Lock

from sandbox import balances, banks, dashboard, deliveries, holders, rates
from sandbox.clock import Clock
from sandbox.context import Context
from sandbox.errors import JsonObject
from sandbox.faults import RULES, Faults
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
    def __init__(self, *, clock: Clock, faults: Faults, traffic: Traffic) -> None:
        self._clock = clock
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
            Route("POST", "/_sandbox/clock", self.advance_clock, {"advance": Integer(1, required=True)}),
            Route("POST", "/_sandbox/faults", self.replace_faults, RULES),
            Route("DELETE", "/_sandbox/faults", self.clear_faults, {}),
            Route("GET", "/_sandbox/state", self.state, {}),
            *banks.ROUTES,
            *dashboard.ROUTES,
            *deliveries.ROUTES,
            *rates.ROUTES,
        )

    def advance_clock(self, context: Context, params: JsonObject) -> JsonObject:
        """Move the clock ahead by whole seconds; what falls due meanwhile is done before the next answer."""
        self._clock.advance(context.tx, params["advance"])
        return {"now": self._clock.now()}

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
            "transfer_reversals": tx.every("transfer_reversal"),
            "payouts": tx.every("payout"),
            "charges": tx.every("charge"),
            "balance_transactions": tx.every("balance_transaction"),
            "balances": {row["account"]: balances.balance_of(context, row["account"]) for row in owners},
            "events": tx.every("event"),
            "deliveries": [dict(row) for row in tx.execute("select * from deliveries order by id")],
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
    return holders.complete(context, params["id"])
