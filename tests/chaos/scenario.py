"""What is thrown at the service: spells of bad weather at Stripe, and what people do meanwhile."""

import json
import random
from collections.abc import Callable, Mapping
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from io import StringIO
from typing import Any

from django.core.management import CommandError, call_command

from accounts.principals import BILLING_SCOPE, Principal
from database import sql
from tests.api import token_of
from tests.chaos.stage import Stage
from tests.chaos.trade import SOURCE, Trade

Rule = dict[str, Any]
_MOVES = {"method": "POST", "path": r"/v1/(transfers|payouts)(/.*)?"}
_TRANSFERS = {"method": "POST", "path": r"/v1/transfers"}
_BANK_PAYOUTS = {"method": "POST", "path": r"/v1/payouts"}
_ANYTHING = {"path": r"/v1/.*"}
_IN_USE = {"status": 409, "type": "idempotency_error", "code": "idempotency_key_in_use"}
_SAVED_REFUSAL = {"kind": "abort_work", "status": 400, "probability": 0.05}

WEATHER: Mapping[str, list[Rule]] = {
    "calm": [{**_ANYTHING, "kind": "latency_ms", "latency_ms": 1}],
    "answers lost": [{**_MOVES, "kind": "drop_response_after_work", "probability": 0.3}],
    "500 after the work": [
        {**_MOVES, "kind": "status", "status": 500, "after_work": True, "probability": 0.2}
    ],
    "500 instead of the work, replayed": [
        {**_MOVES, "kind": "abort_work", "status": 500, "probability": 0.2}
    ],
    "500 at random": [{**_ANYTHING, "kind": "status", "status": 500, "probability": 0.2}],
    "silence": [{**_MOVES, "kind": "timeout", "seconds": 1, "probability": 0.1}],
    "silence after the work": [
        {**_MOVES, "kind": "timeout", "seconds": 1, "after_work": True, "probability": 0.1}
    ],
    "resets": [{**_ANYTHING, "kind": "connection_reset", "probability": 0.2}],
    "rate limit": [{**_ANYTHING, "kind": "rate_limit_per_second", "rate_limit_per_second": 20}],
    "lock timeouts": [
        {**_MOVES, "kind": "status", "status": 429, "code": "lock_timeout", "probability": 0.2}
    ],
    "keys in use": [{**_MOVES, "kind": "status", **_IN_USE, "probability": 0.2}],
    "slowness": [{**_ANYTHING, "kind": "latency_ms", "latency_ms": 300}],
    "key refused": [{**_ANYTHING, "kind": "status", "status": 401}],
    "key not allowed": [{**_MOVES, "kind": "status", "status": 403}],
    "outage": [{"kind": "status", "status": 503}],
    "no network": [{"kind": "connection_reset"}],
    "transfers refused": [{**_TRANSFERS, **_SAVED_REFUSAL, "code": "insufficient_capabilities_for_transfer"}],
    "bank payouts refused": [{**_BANK_PAYOUTS, **_SAVED_REFUSAL, "code": "bank_account_unusable"}],
}
WEBHOOKS: list[Rule] = [
    {"kind": "drop", "probability": 0.05},
    {"kind": "double", "probability": 0.1},
    {"kind": "delay", "seconds": 20, "probability": 0.1},
    {"kind": "reorder", "seconds": 5, "probability": 0.3},
]
BANKS: list[Rule] = [
    {"stage": "pending", "failure_code": "could_not_process", "probability": 0.02},
    {"stage": "in_transit", "failure_code": "no_account", "probability": 0.02},
    {"stage": "paid", "failure_code": "account_closed", "after_seconds": 2, "probability": 0.02},
]

_RETURNED_FROM = """
SELECT DISTINCT attempt.destination AS id
FROM payout_attempts AS attempt JOIN payouts AS payout ON payout.id = attempt.payout_id
WHERE payout.status = 'returned'
"""


class People:
    """Staff, creators and billing; each act either happens or is refused, and the service must cope."""

    def __init__(self, stage: Stage, trade: Trade, chance: random.Random) -> None:
        self._stage = stage
        self._trade = trade
        self._chance = chance
        self._unpushed: list[Mapping[str, object]] = []
        self._held: set[str] = set()
        self._restricted: set[str] = set()

    @property
    def acts(self) -> Mapping[str, Callable[[], bool]]:
        return {
            "holds": self.hold,
            "releases": self.release,
            "cancellations": self.cancel,
            "adjustments": self.adjust,
            "batches of refunds": self.refund,
            "accounts restricted": self.restrict,
            "bank accounts replaced": self.change_bank,
            "reversals in the dashboard": self.reverse,
            "payouts by creators themselves": self.take_out,
        }

    def hold(self) -> bool:
        name = self._someone()
        self._held.add(name)
        return _command("intervene", "hold", name, *_signed("dana"))

    def release(self) -> bool:
        return bool(self._held) and _command(
            "intervene", "release", self._chance.choice(sorted(self._held)), *_signed("dana")
        )

    def cancel(self) -> bool:
        waiting = sql.rows(
            "SELECT id FROM payouts WHERE status IN ('pending', 'on_hold', 'processing') ORDER BY id"
        )
        chosen = self._chance.choice([row["id"] for row in waiting] or [None])
        return chosen is not None and _command("intervene", "cancel", str(chosen), *_signed("dana"))

    def adjust(self) -> bool:
        """Propose and approve; in the next month's run, as this month's is over."""
        amount = self._chance.choice((-1_000, 250, 5_000))
        told = StringIO()
        proposed = ("adjust", "propose", self._someone(), str(amount), "--json", *_signed("dana"))
        if not _command(*proposed, told=told):
            return False
        return _command("adjust", "approve", json.loads(told.getvalue())["adjustment"], "--actor", "erin")

    def refund(self) -> bool:
        """Push refunds, and those again of which it isn't known that they arrived."""
        self._unpushed += self._trade.refunds(self._chance.randint(1, 20))
        return self.push()

    def push(self) -> bool:
        caller = Principal(subject=SOURCE, role="service", scopes=frozenset([BILLING_SCOPE]))
        headers = {"Authorization": f"Bearer {token_of(caller)}", "Content-Type": "application/json"}
        with closing(HTTPConnection(self._stage.service.address, timeout=10)) as web:
            try:
                web.request(
                    "POST", "/api/v1/billing/records", json.dumps({"records": self._unpushed}), headers
                )
                answer = web.getresponse()
                answer.read()
            except (OSError, HTTPException):
                return False
        if answer.status != HTTPStatus.OK:
            return False
        self._unpushed = []
        return True

    def restrict(self) -> bool:
        account = self._chance.choice(self._accounts())
        self._restricted.add(account)
        self._stage.stripe.raw_request("post", f"/_sandbox/accounts/{account}/restrict")
        return True

    def change_bank(self) -> bool:
        account = self._chance.choice(self._accounts())
        self._stage.stripe.raw_request("post", f"/_sandbox/accounts/{account}/bank_account")
        return True

    def reverse(self) -> bool:
        """Take a transfer back in Stripe's dashboard, all or some of it, whatever became of it."""
        whole = [
            transfer for transfer in self._stage.ask_stripe("transfers") if not transfer["amount_reversed"]
        ]
        if not whole:
            return False
        transfer = self._chance.choice(whole)
        amount = self._chance.choice((transfer["amount"], self._chance.randint(1, transfer["amount"])))
        self._stage.stripe.raw_request("post", f"/_sandbox/transfers/{transfer['id']}/reverse", amount=amount)
        return True

    def take_out(self) -> bool:
        """Have a creator pay out by themselves what lies on their account."""
        account = self._chance.choice(self._accounts())
        self._stage.stripe.raw_request("post", f"/_sandbox/accounts/{account}/payout")
        return True

    def mend(self) -> None:
        """Do all that only people can do: lift holds, give documents, correct bank accounts, push what is left."""
        while self._unpushed and not self.push():
            pass
        for name in sorted(self._held):
            _command("intervene", "release", name, *_signed("dana"))
        for account in sorted(self._restricted):
            self._stage.stripe.raw_request("post", f"/_sandbox/accounts/{account}/enable")
        for row in sql.rows(_RETURNED_FROM):
            self._stage.stripe.raw_request("post", f"/_sandbox/accounts/{row['id']}/bank_account/edit")

    def _someone(self) -> str:
        return self._chance.choice(self._trade.creators)

    def _accounts(self) -> list[str]:
        rows = sql.rows(
            "SELECT stripe_account_id AS id FROM creator_payment_accounts ORDER BY created_at, id"
        )
        return [row["id"] for row in rows if row["id"]]


def _signed(actor: str) -> tuple[str, ...]:
    return ("--reason", "chaos", "--actor", actor)


def _command(*command: str, told: StringIO | None = None) -> bool:
    try:
        call_command(*command, stdout=told or StringIO(), stderr=StringIO())
    except CommandError:
        return False
    return True
