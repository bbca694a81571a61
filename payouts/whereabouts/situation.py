"""What is known of a payout's money: read once, for the page that tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from database import sql
from money import Money
from payouts import selectors
from payouts.models import Payout, PayoutAttempt
from payouts.states import DEAD, AttemptKind, AttemptStatus

_SITUATION = sql.read(Path(__file__).parent / "situation.sql", pausing=selectors.PAUSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A payout, its attempts (oldest first), and what else says where its money is.

    `creator` is their external id. `pauses` and `holds` are the reasons of those that are open. `returned_at` is when
    it first came back, `ended_by` and `ended_because` who moved it to its state, and why. The earnings of a dead one
    are in no payout (`earnings_wait`) or in others (`earnings_were_claimed`). `bank` and `last4` are where its latest
    bank payout went.
    """

    payout: Payout
    attempts: Sequence[PayoutAttempt] = ()
    creator: str
    run_is_made: bool = True
    pauses: Sequence[str] = ()
    holds: Sequence[str] = ()
    cooling_down_until: datetime | None = None
    another_is_unresolved: bool = False
    foreign_bank_payout: bool = False
    returned_at: datetime | None = None
    ended_by: str = ""
    ended_because: str = ""
    earnings_wait: bool = False
    earnings_were_claimed: bool = False
    bank: str = ""
    last4: str = ""

    @property
    def open_attempt(self) -> PayoutAttempt | None:
        return next((attempt for attempt in self.attempts if attempt.status == AttemptStatus.OPEN), None)

    def last(self, kind: AttemptKind) -> PayoutAttempt | None:
        return next((attempt for attempt in reversed(self.attempts) if attempt.kind == kind), None)

    @property
    def transfer(self) -> PayoutAttempt | None:
        """The attempt that sent the money to the connected account; None if it isn't known to be there."""
        sent = self.payout.stripe_transfer_id
        return next((attempt for attempt in self.attempts if sent and attempt.stripe_id == sent), None)

    @property
    def arrived(self) -> Money:
        """What is on the connected account, as far as Stripe has told: less what came back, in its currency."""
        payout = self.payout
        if payout.arrival_amount is None or payout.amount_reversed:
            return Money(payout.net_amount - payout.amount_reversed, payout.currency)
        return Money(payout.arrival_amount, payout.bank_currency)

    @property
    def to_bank(self) -> Money:
        """What goes, or went, to the bank."""
        payout = self.payout
        return self.arrived if payout.bank_amount is None else Money(payout.bank_amount, payout.bank_currency)


def situation_of(payout: Payout) -> Situation:
    """Read what says where a payout's money is."""
    (row,) = sql.rows(_SITUATION, {"payout": payout.pk, "dead": list(DEAD)})
    row["ended_by"], row["ended_because"] = row["ended_by"] or "", row["ended_because"] or ""
    attempts = PayoutAttempt.objects.filter(payout=payout).order_by("created_at", "pk")
    return Situation(payout=payout, attempts=list(attempts), **row)
