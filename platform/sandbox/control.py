"""The control endpoints, `/_sandbox/…`: tests and demos act as banks and account holders, with the same API key."""

from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from sandbox import (
    arrivals,
    balances,
    bank_accounts,
    banks,
    dashboard,
    deliveries,
    holders,
    rates,
    standing,
    switches,
    tampering,
    verification,
)
from sandbox.clock import Clock
from sandbox.context import Context
from sandbox.errors import JsonObject
from sandbox.faults import RULES, Faults
from sandbox.parameters import Array, Choice, Currency, Integer
from sandbox.permissions import Permissions
from sandbox.router import Route

PREFIX = "/_sandbox/"


class Traffic:
    """Number of requests to each route since the start, including those ended by a fault."""

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
    def __init__(self, *, clock: Clock, faults: Faults, traffic: Traffic, permissions: Permissions) -> None:
        self._clock = clock
        self._faults = faults
        self._traffic = traffic
        self._permissions = permissions

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                "/_sandbox/fund",
                fund,
                {
                    "amount": Integer(1, required=True),
                    "currency": Currency(required=True),
                    "source_type": Choice(("card", "bank_account", "fpx")),
                },
            ),
            Route("POST", "/_sandbox/accounts/{id}/complete", complete_onboarding, {}),
            Route("POST", "/_sandbox/accounts/{id}/submit", submit_details, {}),
            Route("POST", "/_sandbox/clock", self.advance_clock, {"advance": Integer(1, required=True)}),
            Route("POST", "/_sandbox/faults", self.replace_faults, RULES),
            Route("DELETE", "/_sandbox/faults", self.clear_faults, {}),
            Route("GET", "/_sandbox/state", self.state, {"only": Array(Choice(PARTS))}),
            *self._permissions.routes,
            *arrivals.ROUTES,
            *bank_accounts.ROUTES,
            *banks.ROUTES,
            *dashboard.ROUTES,
            *deliveries.ROUTES,
            *rates.ROUTES,
            *standing.ROUTES,
            *switches.ROUTES,
            *tampering.ROUTES,
            *verification.ROUTES,
        )

    def advance_clock(self, context: Context, params: JsonObject) -> JsonObject:
        """Move the clock ahead by whole seconds; what falls due is done before the next response."""
        self._clock.advance(context.tx, params["advance"])
        return {"now": self._clock.now()}

    def replace_faults(self, context: Context, params: JsonObject) -> JsonObject:
        self._faults.replace(params["rules"])
        return {"rules": params["rules"]}

    def clear_faults(self, context: Context, params: JsonObject) -> JsonObject:
        self._faults.replace([])
        return {"rules": []}

    def state(self, context: Context, params: JsonObject) -> JsonObject:
        """Return the state of all accounts, or only some parts of it, oldest first."""
        wanted = params.get("only", PARTS)
        answer = {part: read(context) for part, read in _STORED.items() if part in wanted}
        live = {
            "platform": context.platform,
            "now": context.now,
            "requests": self._traffic.requests(),
            "faults": self._faults.injected(),
        }
        return answer | {part: value for part, value in live.items() if part in wanted}


def _every(kind: str) -> Callable[[Context], list[JsonObject]]:
    return lambda context: context.tx.every(kind)


def _moves(context: Context) -> list[JsonObject]:
    """Summarize each balance transaction, with its account."""
    return [
        {"account": account, **{field: transaction[field] for field in _MOVE_FIELDS}}
        for account, transaction in context.tx.every_owned("balance_transaction")
    ]


def _deauthorized(context: Context) -> list[str]:
    accounts = context.tx.every_owned("account")
    return [account["id"] for owner, account in accounts if not owner and account["id"] != context.platform]


def _balances(context: Context) -> JsonObject:
    owners = context.tx.execute("select distinct account from balances order by account")
    return {row["account"]: balances.balance_of(context, row["account"]) for row in owners}


def _deliveries(context: Context) -> list[JsonObject]:
    return [dict(row) for row in context.tx.execute("select * from deliveries order by id")]


_MOVE_FIELDS = ("id", "type", "amount", "currency", "source", "status", "created")

_STORED: Mapping[str, Callable[[Context], Any]] = {
    "accounts": _every("account"),
    "deauthorized": _deauthorized,
    "transfers": _every("transfer"),
    "transfer_reversals": _every("transfer_reversal"),
    "payouts": _every("payout"),
    "charges": _every("charge"),
    "balance_transactions": _every("balance_transaction"),
    "moves": _moves,
    "balances": _balances,
    "events": _every("event"),
    "thin_events": _every("v2.core.event"),
    "deliveries": _deliveries,
}

PARTS = ("platform", "now", *_STORED, "requests", "faults")


def fund(context: Context, params: JsonObject) -> JsonObject:
    """Top up the platform's available balance, with money from cards unless another source is named."""
    if (source_type := params.get("source_type", "card")) != "card":
        balances.count_source(
            context,
            account=context.platform,
            currency=params["currency"],
            source_type=source_type,
            amount=params["amount"],
        )
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


def submit_details(context: Context, params: JsonObject) -> JsonObject:
    return holders.submit(context, params["id"])
