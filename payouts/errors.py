"""Refusals of the payouts app, and an alarm, which is none."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from database.refusals import Refusal
from database.staff import Act
from money import Money


class CutoffNotReached(Refusal):
    """A run is asked for before the period that it pays is over."""

    def __init__(self, cutoff: date) -> None:
        super().__init__(f"the period that ends before {cutoff} is not over yet")
        self.cutoff = cutoff


class UnknownPayout(Refusal):
    def __init__(self, payout_id: UUID) -> None:
        super().__init__(f"There is no payout {payout_id}.")


class ActNotPossible(Refusal):
    """The payout is not in a state in which this can be done to it."""


class IllegalMove(ActNotPossible):
    """A payout is not, or no longer, in a state from which it may go there."""

    def __init__(self, payout_id: UUID, *, seen: str, target: str) -> None:
        super().__init__(f"Payout {payout_id} can't go from {seen} to {target}.")
        self.payout_id = payout_id
        self.seen = seen
        self.target = target


class ReconciliationUnderWay(Refusal):
    """Another pass of reconciliation has not ended yet."""

    def __init__(self) -> None:
        super().__init__("another pass is under way")


class NotRetryable(ActNotPossible):
    """Nothing can be paid at once for a payout that ended unpaid; `reason` says what the run would say."""

    def __init__(self, payout_id: UUID, reason: str) -> None:
        super().__init__(f"Payout {payout_id} can't be made again: {reason}.")
        self.reason = reason


class NotReversible(ActNotPossible):
    """The payout's money doesn't lie on the connected account with nothing under way."""

    def __init__(self, payout_id: UUID) -> None:
        super().__init__(
            f"Nothing of payout {payout_id} can be taken back now: its money does not lie on the creator's Stripe "
            "account, or something is under way."
        )


class NotSettleable(ActNotPossible):
    """The payout's money isn't on an account that Stripe shows us no more, or may have come back."""

    def __init__(self, payout_id: UUID) -> None:
        super().__init__(
            f"Payout {payout_id} can't be settled by hand: what became of it is for Stripe to say."
        )


class FundsWillBeMissing(Exception):
    """The balance at Stripe does not cover the next run, which is not far off."""

    def __init__(self, missing: Sequence[Money], *, day: date) -> None:
        told = " and ".join(str(amount) for amount in missing)
        super().__init__(f"{told} must be added to the balance at Stripe before the run of {day}")


class AlreadyPaused(Refusal):
    """Staff have paused sending before, and nobody has resumed it since."""

    def __init__(self, act: Act, *, since: datetime) -> None:
        super().__init__(
            f"Sending is paused already, since {since:%Y-%m-%d %H:%M} UTC by {act.actor}: {act.reason}"
        )


class NotPaused(Refusal):
    """Neither staff nor a refused key stop all sending."""

    def __init__(self) -> None:
        super().__init__("There is no pause of all sending to lift: see `manage.py sending status`.")


class DifferenceResolved(Refusal):
    """The difference is not open, or there is none."""

    def __init__(self, difference_id: UUID) -> None:
        super().__init__(f"there is no open difference {difference_id}")
