"""Checks the promises from outside, by comparing the local Stripe's own state with the service's."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from database import sql
from payouts.models import DifferenceKind
from payouts.services.reconciliation import books
from payouts.states import DecisionReason
from tests.chaos.people import People
from tests.chaos.stage import Stage
from tests.chaos.trade import CUTOFF, Trade

_PAYOUTS = """
SELECT payout.id::text, payout.reference, payout.status, payout.net_amount AS net, payout.bank_amount,
    payout.failure_code, payout.fx_loss,
    EXISTS (SELECT FROM holds WHERE holds.creator_id = creator.id AND holds.lifted_at IS NULL) AS held,
    EXISTS (
        SELECT
        FROM payout_attempts AS attempt
        JOIN differences AS difference
            ON difference.account = attempt.destination OR difference.payout_id = attempt.payout_id
        WHERE attempt.payout_id = payout.id AND difference.resolved_at IS NULL AND difference.kind <> 'held_at_stripe'
    ) AS differs
FROM payouts AS payout JOIN creators AS creator ON creator.id = payout.creator_id
"""
_EARNINGS = """
SELECT earning.id::text, creator.external_id AS creator, earning.gross, earning.net, earning.api_id IS NULL AS adjusts,
    earning.payout_id::text AS payout, earning.period_end <= %(cutoff)s AS was_due
FROM creator_earnings AS earning JOIN creators AS creator ON creator.id = earning.creator_id
"""
_LINES = (
    "SELECT earning_id::text AS earning, payout_id::text AS payout, net_revenue AS net FROM payout_line_items"
)
_BOOKED = """
SELECT creator.external_id AS creator, account.balance
FROM ledger_accounts AS account JOIN creators AS creator ON creator.id = account.owner_id
WHERE account.kind = 'creator_payable'
"""
_DECIDED = """
SELECT creator.external_id AS creator, decision.reason
FROM payout_run_decisions AS decision JOIN creators AS creator ON creator.id = decision.creator_id
"""
_TOLD = """
SELECT event.at, concat_ws(' ', 'payout', payout.ordinal, event.to_status, event.actor, event.reason) AS what
FROM payout_events AS event
JOIN payouts AS payout ON payout.id = event.payout_id
JOIN creators AS creator ON creator.id = payout.creator_id
WHERE creator.external_id = %(creator)s
UNION ALL
SELECT decision.decided_at, concat_ws(' ', 'run of', run.cutoff, decision.reason, decision.amount, decision.detail)
FROM payout_run_decisions AS decision
JOIN payout_runs AS run ON run.id = decision.run_id
JOIN creators AS creator ON creator.id = decision.creator_id
WHERE creator.external_id = %(creator)s
ORDER BY 1
"""
_DIFFERENCES = """
SELECT kind, subject, detail, amount, account, payout_id::text AS payout FROM differences WHERE resolved_at IS NULL
"""
_MADE = "SELECT stripe_id, payout_id::text AS payout FROM payout_attempts WHERE stripe_id <> ''"
SENT = frozenset(["in_transit", "paid", "returned"])
ABOUT_MONEY_ON_ACCOUNTS = (
    DifferenceKind.ARRIVAL_UNKNOWN,
    DifferenceKind.HELD_AT_STRIPE,
    DifferenceKind.REVERSAL_REFUSED,
)
DEAD = frozenset(["failed", "cancelled", "reversed"])


class Verdict:
    """Everything that moved at Stripe and that the service recorded, read once after everything has settled."""

    def __init__(self, stage: Stage, trade: Trade, people: People) -> None:
        self._trade = trade
        self._people = people
        self._moves: list[Any] = stage.ask_stripe("moves")
        self._transfers: list[Any] = stage.ask_stripe("transfers")
        self._reversals: list[Any] = stage.ask_stripe("transfer_reversals")
        self._bank_payouts: list[Any] = stage.ask_stripe("payouts")
        self.payouts = {row["id"]: row for row in sql.rows(_PAYOUTS)}
        self._payout_ids: dict[str, str] = {row["reference"]: row["id"] for row in self.payouts.values()}
        # Recovery may have given what Stripe has to another payout than the one it names.
        self._payout_ids |= {row["stripe_id"]: row["payout"] for row in sql.rows(_MADE)}
        self._earnings = {row["id"]: row for row in sql.rows(_EARNINGS, {"cutoff": CUTOFF})}
        self.reasons = {row["creator"]: row["reason"] for row in sql.rows(_DECIDED)}
        self.differences = list(sql.rows(_DIFFERENCES))
        self._lines = list(sql.rows(_LINES))

    def findings(self) -> Iterator[str]:
        """Yield all broken promises."""
        yield from self._sent_is_what_payouts_say()
        yield from self._no_earning_is_paid_twice()
        yield from self._no_earning_is_lost()
        yield from self._banks_have_what_is_paid()
        yield from self._nothing_is_stuck()
        yield from self._what_is_owed_is_explained()
        yield from self._only_people_are_waited_for()
        for validation in books.check_all(now=sql.now()):
            yield from (f"{validation.name}: {finding}" for finding in validation.findings)

    def _at_stripe(self) -> Counter[str]:
        """Sum what left the platform's balance and didn't come back, by our payout's id."""
        payout_of = {transfer["id"]: self._payout_of(transfer) for transfer in self._transfers}
        reversed_of = {reversal["id"]: reversal["transfer"] for reversal in self._reversals}
        left: Counter[str] = Counter()
        for move in self._moves:
            if move["type"] == "transfer":
                left[payout_of[move["source"]]] -= move["amount"]
            elif move["type"] == "transfer_refund":
                left[payout_of[reversed_of[move["source"]]]] -= move["amount"]
        return left

    def _payout_of(self, made: Any) -> str:
        """Return the id of the payout that made a transfer or bank payout, or that it names; else what it names."""
        reference = str(made["metadata"].get("reference", ""))
        return self._payout_ids.get(made["id"]) or self._payout_ids.get(reference, reference)

    def _sent_is_what_payouts_say(self) -> Iterator[str]:
        moved = self._at_stripe()
        for unknown in moved.keys() - self.payouts.keys():
            yield f"Stripe moved {moved[unknown]} for {unknown}, which is no payout of ours"
        for payout_id, payout in self.payouts.items():
            recorded = payout["net"] if payout["status"] in SENT else payout["fx_loss"]
            # An open difference has the amount that Stripe moved on top, unless it is about money on an account.
            recorded += sum(
                row["amount"]
                for row in self.differences
                if row["payout"] == payout_id and row["kind"] not in ABOUT_MONEY_ON_ACCOUNTS
            )
            if moved[payout_id] != recorded:
                yield f"payout {payout_id} ({payout['status']}) says {recorded}, Stripe moved {moved[payout_id]}"

    def _no_earning_is_paid_twice(self) -> Iterator[str]:
        moved = self._at_stripe()
        times = Counter(
            line["earning"]
            for line in self._lines
            if moved[line["payout"]] > self.payouts[line["payout"]]["fx_loss"]
        )
        for earning, count in times.items():
            if count > 1:
                yield f"earning {earning} was paid {count} times"

    def _no_earning_is_lost(self) -> Iterator[str]:
        """Check that all sales were earned, and that all earnings are payable, in a live payout, or paid."""
        gross: Counter[str] = Counter()
        payable: Counter[str] = Counter()
        for earning in self._earnings.values():
            gross[earning["creator"]] += 0 if earning["adjusts"] else earning["gross"]
            if earning["payout"] is None:
                payable[earning["creator"]] += earning["net"]
            elif self.payouts[earning["payout"]]["status"] in DEAD:
                yield f"earning {earning['id']} is in a dead payout"
        for creator in self._trade.creators:
            if gross[creator] != self._trade.gross[creator]:
                yield f"{creator} sold {self._trade.gross[creator]} and earned from {gross[creator]}"
        booked = {row["creator"]: row["balance"] for row in sql.rows(_BOOKED)}
        for creator in self._trade.creators:
            if payable[creator] != booked.get(creator, 0):
                yield f"{creator} is owed {payable[creator]} and the ledger has {booked.get(creator, 0)}"

    def _banks_have_what_is_paid(self) -> Iterator[str]:
        arrived: Counter[str] = Counter()
        made = {bank_payout["id"]: bank_payout for bank_payout in self._bank_payouts}
        for bank_payout in self._bank_payouts:
            if bank_payout["status"] not in {"failed", "canceled"}:
                # A payout of a negative amount takes back what another one brought.
                original = made.get(bank_payout["original_payout"], bank_payout)
                arrived[self._payout_of(original)] += bank_payout["amount"]
        for payout_id, payout in self.payouts.items():
            recorded = payout["bank_amount"] if payout["status"] == "paid" else 0
            if arrived[payout_id] != recorded:
                yield f"payout {payout_id} ({payout['status']}) says {recorded}, the bank has {arrived[payout_id]}"

    def _nothing_is_stuck(self) -> Iterator[str]:
        for payout_id, payout in self.payouts.items():
            if waits_for(payout) == "nobody":
                yield f"payout {payout_id} is stuck: {payout['status']} {payout['failure_code']}"

        for pause in sql.rows("SELECT detail FROM sending_pauses WHERE lifted_at IS NULL"):
            yield f"sending is still paused: {pause['detail']}"

    def _what_is_owed_is_explained(self) -> Iterator[str]:
        """Check that creators who are owed something of the month, without a live payout, have a reason for it."""
        claimed = {earning["creator"] for earning in self._earnings.values() if earning["payout"]}
        owed = {
            earning["creator"]
            for earning in self._earnings.values()
            if earning["payout"] is None and earning["was_due"]
        }
        for creator in owed - claimed:
            if self.reasons.get(creator) in (None, DecisionReason.PAID, DecisionReason.ERROR):
                yield f"{creator} is owed something of the month, and no run says why: {self._told(creator)}"

    def _told(self, creator: str) -> str:
        """Return what happened to the creator's payouts, for whoever looks into a finding."""
        rows = sql.rows(_TOLD, {"creator": creator})
        return "; ".join(f"{row['at']:%d %H:%M:%S.%f} {row['what']}" for row in rows)

    def _only_people_are_waited_for(self) -> Iterator[str]:
        """Check that open differences are only about what people did at Stripe without the service."""
        people = self._people
        # What people took leaves too little to take back.
        unable = people.emptied | people.disconnected | people.reversed_from
        explained = {
            DifferenceKind.UNRECORDED_REVERSAL: ("subject", people.reversed),
            DifferenceKind.UNEXPLAINED_REVERSAL: ("subject", people.reversed),
            # A payout waits for a person then, and asks no more what arrived.
            DifferenceKind.ARRIVAL_UNKNOWN: ("subject", people.reversed),
            DifferenceKind.FOREIGN_BANK_PAYOUT: ("account", people.emptied),
            DifferenceKind.BANK_PAYOUT_REVERSED: ("subject", people.taken_back),
            DifferenceKind.STRIPE_DEBIT: ("account", people.debited),
            DifferenceKind.REVERSAL_REFUSED: ("account", unable),
            DifferenceKind.HELD_AT_STRIPE: ("account", unable | people.debited),
            DifferenceKind.UNREADABLE: ("account", people.disconnected),
        }
        for row in self.differences:
            by, theirs = explained.get(row["kind"], ("subject", set()))
            if row[by] not in theirs:
                yield f"reconciliation: {row['kind']} of {row['subject']}: {row['detail']}"


def waits_for(payout: dict[str, Any]) -> str:
    """Return who has to act before this payout can end; "nobody" if the service should have ended it."""
    match payout["status"]:
        case "paid" | "failed" | "cancelled" | "reversed":
            return ""
        case "on_hold" if payout["held"]:
            return "whoever placed the hold"
        case "in_transit" | "returned" if payout["differs"]:
            return "a person to look at what somebody did at Stripe"
    return "nobody"
