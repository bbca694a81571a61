"""What staff, creators and billing do while the month is paid, and what only they can fix afterwards."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from io import StringIO

from django.core.management import CommandError, call_command

from accounts.principals import BILLING_SCOPE, CREATOR, Principal
from database import sql
from database.staff import NotStaff, Right, RightMissing
from tests.api import token_of
from tests.chaos.stage import Stage
from tests.chaos.trade import SOURCE, Trade
from tests.factories import UserFactory

_RETURNED_FROM = """
SELECT DISTINCT attempt.destination AS id
FROM payout_attempts AS attempt JOIN payouts AS payout ON payout.id = attempt.payout_id
WHERE payout.status = 'returned'
"""
_HOLDERS = """
SELECT creator.external_id AS holder, account.country
FROM creator_payment_accounts AS account JOIN creators AS creator ON creator.id = account.creator_id
WHERE account.stripe_account_id = ANY(%(accounts)s)
ORDER BY holder
"""
_LIVE_ACCOUNT = """
SELECT account.stripe_account_id AS id
FROM creator_payment_accounts AS account JOIN creators AS creator ON creator.id = account.creator_id
WHERE creator.external_id = %(holder)s AND account.replaced_at IS NULL
"""
_BEHIND = "SELECT FROM sending_pauses WHERE cause = 'behind_stripe' AND lifted_at IS NULL"
# The staff, each with only the rights that they need.
STAFF = {
    "dana": [
        Right.HOLD,
        Right.RELEASE,
        Right.CANCEL_PAYOUT,
        Right.RETRY_PAYOUT,
        Right.REVERSE_PAYOUT,
        Right.SYNC,
        Right.PAUSE_SENDING,
        Right.RESUME_SENDING,
        Right.RECOVER,
        Right.PROPOSE_ADJUSTMENT,
    ],
    "erin": [Right.APPROVE_ADJUSTMENT],
}
_TRIES = 60
# How often a creator retries when the service may be too busy.
_PATIENCE = 5


class People:
    """Staff, creators and billing; each act either happens or is refused, and the service must cope.

    What they did at Stripe without the service is recorded by Stripe's ids: only that may be left for a person to do.
    """

    def __init__(self, stage: Stage, trade: Trade, chance: random.Random) -> None:
        for name, rights in STAFF.items():
            UserFactory.create(username=name, rights=rights)
        self._stage = stage
        self._trade = trade
        self._chance = chance
        self._records: list[Mapping[str, object]] = []
        self._unpushed: list[Mapping[str, object]] = []
        self._held: set[str] = set()
        self._restricted: set[str] = set()
        self._owing: Counter[str] = Counter()
        self.disconnected: set[str] = set()
        self.emptied: set[str] = set()
        self.debited: set[str] = set()
        self.reversed: set[str] = set()
        self.taken_back: set[str] = set()
        self.reversed_from: set[str] = set()

    @property
    def acts(self) -> Mapping[str, Callable[[], bool]]:
        return {
            "holds": self.hold,
            "releases": self.release,
            "cancellations": lambda: self._intervene("cancel", "pending", "on_hold", "processing"),
            "payments once more": lambda: self._intervene("retry", "failed", "cancelled", "reversed"),
            "reversals by staff": lambda: self._intervene("reverse", "in_transit", "returned", "paid"),
            "questions to Stripe": lambda: self._intervene("sync", "processing", "unresolved", "in_transit"),
            "pauses of all sending": lambda: _command("sending", "pause", *_signed("dana")),
            "ends of pauses": self.resume,
            "recoveries": self.recover,
            "adjustments": self.adjust,
            "batches of refunds": self.refund,
            "accounts restricted": self.restrict,
            "accounts disconnected": self.disconnect,
            "bank accounts replaced": self.change_bank,
            "balances made negative": self.charge,
            "reversals in the dashboard": self.reverse,
            "payouts by creators themselves": self.take_out,
            "bank accounts in another currency": self.change_currency,
            "debits by Stripe": self.debit,
            "bank payouts reversed": self.reverse_bank_payout,
        }

    def hold(self) -> bool:
        name = self._someone()
        self._held.add(name)
        return _command("intervene", "hold", name, *_signed("dana"))

    def release(self) -> bool:
        return bool(self._held) and _command(
            "intervene", "release", self._chance.choice(sorted(self._held)), *_signed("dana")
        )

    def resume(self) -> bool:
        return _command("sending", "resume", *_signed("dana"))

    def recover(self) -> bool:
        """Take over from Stripe what a restored database lacks."""
        return bool(list(sql.rows(_BEHIND))) and _command("recover", *_signed("dana"))

    def adjust(self) -> bool:
        """Propose and approve an adjustment; it is paid in the next month's run, because this month is over."""
        amount = self._chance.choice((-1_000, 250, 5_000))
        out = StringIO()
        proposed = ("adjust", "propose", self._someone(), str(amount), "--json", *_signed("dana"))
        if not _command(*proposed, out=out):
            return False
        return _command("adjust", "approve", json.loads(out.getvalue())["adjustment"], "--actor", "erin")

    def refund(self) -> bool:
        """Push refunds, including those that may not have arrived before."""
        refunds = self._trade.refunds(self._chance.randint(1, 20))
        self._records += refunds
        self._unpushed += refunds
        return self.push()

    def push_again(self) -> None:
        """Have billing send everything once more with its next push, as after a backup was restored."""
        self._unpushed = list(self._records)

    def push(self) -> bool:
        billing = Principal(subject=SOURCE, role="service", scopes=frozenset([BILLING_SCOPE]))
        if self._post("billing/records", {"records": self._unpushed}, caller=billing):
            self._unpushed = []
            return True
        return False

    def restrict(self) -> bool:
        account = self._account()
        self._restricted.add(account)
        return self._at_stripe(account, "restrict")

    def disconnect(self) -> bool:
        """Have a creator disconnect their account, with all the money on it."""
        account = self._account()
        self.disconnected.add(account)
        return self._at_stripe(account, "deauthorize")

    def charge(self) -> bool:
        """Have Stripe take money from a creator's balance, so that the balance is less than what we sent."""
        account = self._account()
        self._adjust(account, by=-self._chance.randint(100, 100_000))
        return True

    def change_bank(self) -> bool:
        return self._at_stripe(self._account(), "bank_account")

    def change_currency(self) -> bool:
        """Replace a bank account with one in another currency: what already arrived can't be paid out to it."""
        country, currency = self._chance.choice((("DE", "eur"), ("GB", "gbp"), ("US", "usd")))
        return self._at_stripe(self._account(), "bank_account", country=country, currency=currency)

    def reverse_bank_payout(self) -> bool:
        """Have a paid bank payout reversed: its money comes back to the account."""
        paid = [
            payout
            for payout in self._stage.ask_stripe("payouts")
            if payout["status"] == "paid" and payout["amount"] > 0 and not payout["reversed_by"]
        ]
        if not paid:
            return False
        path = f"/_sandbox/payouts/{self._chance.choice(paid)['id']}/reverse"
        self.taken_back.add(self._stage.stripe.raw_request("post", path).data["id"])
        return True

    def reverse(self) -> bool:
        """Reverse a transfer in Stripe's dashboard, fully or partly, whatever its state."""
        whole = [
            transfer for transfer in self._stage.ask_stripe("transfers") if not transfer["amount_reversed"]
        ]
        if not whole:
            return False
        transfer = self._chance.choice(whole)
        amount = self._chance.choice((transfer["amount"], self._chance.randint(1, transfer["amount"])))
        self.reversed.add(transfer["id"])
        self.reversed_from.add(transfer["destination"])
        self._stage.stripe.raw_request("post", f"/_sandbox/transfers/{transfer['id']}/reverse", amount=amount)
        return True

    def take_out(self) -> bool:
        """Have a creator pay out their account's balance themselves."""
        account = self._account()
        self.emptied.add(account)
        return self._at_stripe(account, "payout")

    def debit(self) -> bool:
        """Have Stripe debit a creator's bank, as it does for a negative balance."""
        account = self._account()
        self.debited.add(account)
        return self._at_stripe(account, "debit", amount=self._chance.randint(100, 10_000))

    def repair(self) -> None:
        """Do what only people can: lift holds, provide documents, correct bank accounts, push the remaining records."""
        self._push_what_is_left()
        self.recover()
        self.resume()
        for name in sorted(self._held):
            _command("intervene", "release", name, *_signed("dana"))
        for account in sorted(self._restricted - self.disconnected):
            self._at_stripe(account, "enable")
        for account in sorted(self._owing.keys() - self.disconnected):
            self._adjust(account, by=self._owing[account])
        for row in list(sql.rows(_HOLDERS, {"accounts": sorted(self.disconnected)})):
            self._come_back(row["holder"], country=row["country"])
        for account in sorted({row["id"] for row in sql.rows(_RETURNED_FROM)} - self.disconnected):
            self._at_stripe(account, "bank_account/edit")

    def _intervene(self, act: str, *statuses: str) -> bool:
        found = sql.rows(
            "SELECT id FROM payouts WHERE status = ANY(%(statuses)s) ORDER BY id",
            {"statuses": list(statuses)},
        )
        chosen = self._chance.choice([row["id"] for row in found] or [None])
        return chosen is not None and _command("intervene", act, str(chosen), *_signed("dana"))

    def _push_what_is_left(self) -> None:
        for _ in range(_TRIES):
            if not self._unpushed or self.push():
                return
            time.sleep(1)
        raise AssertionError(f"{len(self._unpushed)} records can't be pushed")

    def _come_back(self, name: str, *, country: str) -> None:
        """Have a creator without an account open another, and provide everything that Stripe requires."""
        caller = Principal(subject=name, role=CREATOR)
        for _ in range(_PATIENCE):
            if self._post("accounts/onboard", {"country": country}, caller=caller):
                for row in sql.rows(_LIVE_ACCOUNT, {"holder": name}):
                    self._at_stripe(row["id"], "complete")
                return
            time.sleep(1)

    def _post(self, path: str, body: object, *, caller: Principal) -> bool:
        """Post to the service's API; return whether it succeeded."""
        headers = {"Authorization": f"Bearer {token_of(caller)}", "Content-Type": "application/json"}
        with closing(HTTPConnection(self._stage.service.address, timeout=10)) as web:
            try:
                web.request("POST", f"/api/v1/{path}", json.dumps(body), headers)
                answer = web.getresponse()
                answer.read()
            except (OSError, HTTPException):
                return False
        return answer.status == HTTPStatus.OK

    def _at_stripe(self, account: str, act: str, **facts: object) -> bool:
        self._stage.stripe.raw_request("post", f"/_sandbox/accounts/{account}/{act}", **facts)
        return True

    def _adjust(self, account: str, *, by: int) -> None:
        if by:
            self._at_stripe(account, "adjust", amount=by)
            self._owing[account] -= by

    def _someone(self) -> str:
        return self._chance.choice(self._trade.creators)

    def _account(self) -> str:
        rows = sql.rows(
            "SELECT stripe_account_id AS id FROM creator_payment_accounts ORDER BY created_at, id"
        )
        return str(self._chance.choice([row["id"] for row in rows if row["id"]]))


def _signed(actor: str) -> tuple[str, ...]:
    return ("--reason", "chaos", "--actor", actor)


def _command(*command: str, out: StringIO | None = None) -> bool:
    """Run a command as staff; return whether it succeeded. A missing right is a bug in this scenario."""
    try:
        call_command(*command, stdout=out or StringIO(), stderr=StringIO())
    except CommandError as refusal:
        if isinstance(refusal.__cause__, (NotStaff, RightMissing)):
            raise
        return False
    return True
