"""Refusals of the payouts app, and one alarm."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from database.refusals import Refusal
from database.staff import Act, person_behind
from money import Money


class CutoffNotReached(Refusal):
    """The run was requested before its period ended."""

    def __init__(self, cutoff: date) -> None:
        super().__init__(f"The period up to {cutoff} isn't over yet.")
        self.cutoff = cutoff


class BehindStripe(Refusal):
    """The database doesn't know of transfers that Stripe has, so nothing that it would pay can be trusted."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"The database is behind Stripe: {detail}")


class UnknownPayout(Refusal):
    def __init__(self, payout_id: UUID) -> None:
        super().__init__(f"There is no payout {payout_id}.")


class ActNotPossible(Refusal):
    """The payout's state does not allow this."""


class IllegalMove(ActNotPossible):
    """The payout can't move to the target state, or is no longer in the state it was read in."""

    def __init__(self, payout_id: UUID, *, seen: str, target: str) -> None:
        super().__init__(f"Payout {payout_id} can't move from {seen} to {target}.")
        self.payout_id = payout_id
        self.seen = seen
        self.target = target


class BooksCheckUnderWay(Refusal):
    """Another check of the books is running."""

    def __init__(self) -> None:
        super().__init__("Another check of the books is running.")


class ReconciliationUnderWay(Refusal):
    """Another reconciliation pass is running."""

    def __init__(self) -> None:
        super().__init__("Another reconciliation pass is running.")


class RecoveryUnderWay(Refusal):
    """Another recovery is running."""

    def __init__(self) -> None:
        super().__init__("Another recovery is running.")


class NotRetryable(ActNotPossible):
    """The payout can't be retried; `reason` says why."""

    def __init__(self, payout_id: UUID, reason: str) -> None:
        super().__init__(f"Payout {payout_id} can't be retried: {reason}.")
        self.reason = reason


class NotReversible(ActNotPossible):
    """The payout's money is not on the connected account, or something is in progress."""

    def __init__(self, payout_id: UUID) -> None:
        super().__init__(
            f"Payout {payout_id} can't be reversed now: its money isn't on the creator's Stripe account, or another "
            "operation is in progress."
        )


class NotWithdrawable(ActNotPossible):
    """No reversal of this payout that staff asked for can be withdrawn."""

    def __init__(self, payout_id: UUID) -> None:
        super().__init__(
            f"There is no reversal of payout {payout_id} to withdraw: staff didn't ask for one, it is in progress, or "
            "some of the money has come back."
        )


class NotSettleable(ActNotPossible):
    """The payout's account can still be reached at Stripe, or some of the money may have come back."""

    def __init__(self, payout_id: UUID) -> None:
        super().__init__(
            f"Payout {payout_id} can't be marked as paid: its outcome is still to come from Stripe."
        )


class FundsWillBeMissing(Exception):
    """The Stripe balance doesn't cover the next run, which is due soon."""

    def __init__(self, missing: Sequence[Money], *, day: date) -> None:
        amounts = " and ".join(str(amount) for amount in missing)
        super().__init__(f"{amounts} must be added to the Stripe balance before the run on {day}")


class AlreadyPaused(Refusal):
    """Staff have already paused sending."""

    def __init__(self, act: Act, *, since: datetime) -> None:
        super().__init__(
            f"Sending is already paused, since {since:%Y-%m-%d %H:%M} UTC by {act.actor}: {act.reason}"
        )


class OwnInstallation(Refusal):
    """The installation to be ignored is this one: its transfers must never be passed over."""

    def __init__(self, uuid: UUID) -> None:
        super().__init__(
            f"{uuid} is this installation. Its own transfers can't be ignored: run manage.py recover without it."
        )


class StripeNotRead(Refusal):
    """Stripe doesn't answer, so what it has can't be told."""

    def __init__(self, failure: str) -> None:
        super().__init__(f"What Stripe has can't be read now: {failure}")


class InstallationNotSeen(Refusal):
    """Stripe shows no payment of this installation, so its id may be mistyped."""

    def __init__(self, uuid: UUID, seen: Iterable[UUID]) -> None:
        listed = ", ".join(map(str, seen)) or "none"
        super().__init__(
            f"Stripe shows no payments by the installation {uuid}. Other installations that it shows: {listed}."
        )


class InstallationNotIgnored(Refusal):
    def __init__(self, uuid: UUID) -> None:
        super().__init__(f"The installation {uuid} isn't ignored; see `manage.py sending status`.")


class NotPaused(Refusal):
    """Sending isn't paused by staff or by a refused API key."""

    def __init__(self) -> None:
        super().__init__("No pause of all sending is open; see `manage.py sending status`.")


class NothingRefusedAlike(Refusal):
    """No payout that Stripe refused like others is left to retry."""

    def __init__(self) -> None:
        super().__init__("No payout that Stripe refused alike is left to retry.")


class RunNotHeld(Refusal):
    """No payouts of this run wait because of its size."""

    def __init__(self, cutoff: date, *, currency: str | None) -> None:
        which = f"No payouts in {currency}" if currency else "No payouts"
        super().__init__(f"{which} of the run up to {cutoff} wait for staff; see `manage.py sending status`.")


class NothingInSuspense(Refusal):
    """Less of the payout is in suspense than should be placed."""

    def __init__(self, payout_id: UUID, in_suspense: Money) -> None:
        super().__init__(
            f"Only {in_suspense} of payout {payout_id} can be placed: what came back after the bank had the money."
        )


class PlacementProposed(Refusal):
    def __init__(self, payout_id: UUID) -> None:
        super().__init__(
            f"A placement of payout {payout_id} is already proposed. Approve or decline it first."
        )


class UnknownPlacement(Refusal):
    def __init__(self, placement_id: UUID) -> None:
        super().__init__(f"There is no placement {placement_id}.")


class PlacementDecided(Refusal):
    def __init__(self, status: str) -> None:
        super().__init__(f"This placement is already {status.lower()}.")


class PlacementNeedsAnother(Refusal):
    """The actor proposed the placement."""

    def __init__(self, actor: str) -> None:
        super().__init__(f"{person_behind(actor)} proposed this placement. Another person has to approve it.")


class DifferenceResolved(Refusal):
    """The difference is already resolved, or doesn't exist."""

    def __init__(self, difference_id: UUID) -> None:
        super().__init__(f"There is no open difference {difference_id}.")
