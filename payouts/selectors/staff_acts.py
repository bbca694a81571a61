"""What acts of staff would do, and what keeps them from being done, for the console: no locks, no writes.

Each `why_not_…` returns a sentence, empty if the act is possible. Its service checks again, under the payout's lock.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from accounts.selectors import account_is_gone
from database import sql
from database.staff import SYSTEM
from money import Money
from payouts.models import Payout
from payouts.selectors.blockers import BLOCKERS, CLAIMABLE, blocker_rules
from payouts.selectors.pauses import behind_stripe
from payouts.states import (
    DEAD,
    STAFF_ACTS,
    WAITS_TO_BE_SENT,
    AttemptKind,
    AttemptStatus,
    DecisionReason,
    PayoutStatus,
)

_RETRY = sql.read(Path(__file__).parent / "retry.sql", blockers=BLOCKERS, claimable=CLAIMABLE)
_IN_PROGRESS = "A request to Stripe is in progress. Try again once it is answered."


@dataclass(frozen=True, slots=True)
class Retry:
    """What a retry would pay, and the first reason why the run's rules refuse it, if any."""

    net: Money
    reason: DecisionReason | None


class Waiting(NamedTuple):
    """The payouts in one currency that are not sent yet."""

    payouts: int
    net: Money


def payouts_a_hold_stops(creator_id: UUID) -> QuerySet[Payout]:
    """Select the creator's payouts that a hold stops: those that wait to be sent."""
    return _of(creator_id, PayoutStatus.PENDING)


def payouts_a_hold_misses(creator_id: UUID) -> QuerySet[Payout]:
    """Select the creator's payouts that are on their way, which a hold doesn't stop."""
    return _of(creator_id, PayoutStatus.PROCESSING, PayoutStatus.UNRESOLVED, PayoutStatus.IN_TRANSIT)


def payouts_on_hold(creator_id: UUID) -> QuerySet[Payout]:
    """Select the creator's payouts that resume once no hold is open."""
    return _of(creator_id, PayoutStatus.ON_HOLD)


def returned_payouts(creator_id: UUID) -> QuerySet[Payout]:
    """Select the creator's payouts whose money is on their Stripe account, as their bank returned it.

    While the creator is on hold, it isn't sent to a bank again.
    """
    return _of(creator_id, PayoutStatus.RETURNED)


def _of(creator_id: UUID, *statuses: PayoutStatus) -> QuerySet[Payout]:
    return Payout.objects.filter(creator=creator_id, status__in=statuses).order_by("pk")


def waiting_to_be_sent() -> list[Waiting]:
    """Sum the payouts that wait to be sent or are being sent, by currency."""
    unsent = Payout.objects.filter(status__in=WAITS_TO_BE_SENT)
    rows = (
        unsent.values("currency").annotate(payouts=Count("pk"), amount=Sum("net_amount")).order_by("currency")
    )
    return [Waiting(row["payouts"], Money(int(row["amount"]), row["currency"])) for row in rows]


def why_not_cancelled(payout: Payout) -> str:
    if payout.status in STAFF_ACTS["cancel"]:
        return ""
    return f"Only payouts of which nothing was sent can be cancelled. This one is {_state(payout)}."


def why_not_retried(payout: Payout, *, now: datetime) -> str:
    if payout.status not in DEAD or payout.run_id is None:
        return f"Only payouts that ended unpaid can be retried. This one is {_state(payout)}."
    if Payout.objects.filter(retry_of=payout).exists():
        return "It already has a retry."
    if behind := behind_stripe():
        return f"The database is behind Stripe: {behind.detail}"
    retry = retry_of(payout, now=now)
    if retry is None:
        return "Its earnings went into a later payout."
    return f"A new payout can't be made now: {retry.reason.label.lower()}." if retry.reason else ""


def retry_of(payout: Payout, *, now: datetime) -> Retry | None:
    """Work out what a retry of this dead payout would pay now; None if none of its run's earnings are payable."""
    assert payout.run is not None
    params = {
        "creator": payout.creator_id,
        "currency": payout.currency,
        "run": payout.run_id,
        "cutoff": payout.run.cutoff,
        "dead": list(DEAD),
        **blocker_rules(now=now),
    }
    for row in sql.rows(_RETRY, params):
        reason = DecisionReason(row["reason"]) if row["reason"] else None
        return Retry(Money(row["payable"], payout.currency), reason)
    return None


def why_not_reversed(payout: Payout) -> str:
    if payout.status not in STAFF_ACTS["reverse"]:
        return f"No money of it is on the creator's Stripe account. It is {_state(payout)}."
    if payout.status != PayoutStatus.RETURNED and payout.stripe_payout_id:
        return "Its money has gone to the bank."
    if payout.amount_reversed == payout.net_amount:
        return "All of it has come back."
    return _IN_PROGRESS if _has_open_attempt(payout) else ""


def why_not_withdrawn(payout: Payout) -> str:
    if payout.status not in STAFF_ACTS["withdraw"] or not _is_wanted_by_staff(payout):
        return "Staff didn't ask for its money back."
    if payout.amount_reversed:
        return "Some of the money has come back."
    return _IN_PROGRESS if _has_open_attempt(payout) else ""


def why_not_settled(payout: Payout) -> str:
    if payout.status not in STAFF_ACTS["settle"]:
        return f"Its money isn't on the creator's Stripe account. It is {_state(payout)}."
    if payout.amount_reversed:
        return "Some of the money has come back."
    if not account_is_gone(destination_of(payout)):
        return "Stripe still shows the creator's account, so it tells the outcome itself."
    reversing = payout.attempts.filter(kind=AttemptKind.REVERSAL, status=AttemptStatus.OPEN)
    if any(attempt.in_doubt or not attempt.answered or attempt.stripe_id for attempt in reversing):
        return _IN_PROGRESS
    return ""


def destination_of(payout: Payout) -> str:
    """Return the Stripe account that the payout's transfer went to; empty before it."""
    sent = payout.attempts.filter(kind=AttemptKind.TRANSFER, stripe_id=payout.stripe_transfer_id)
    first = sent.exclude(stripe_id="").first()
    return first.destination if first else ""


def _state(payout: Payout) -> str:
    return PayoutStatus(payout.status).label.lower()


def _has_open_attempt(payout: Payout) -> bool:
    return payout.attempts.filter(status=AttemptStatus.OPEN).exists()


def _is_wanted_by_staff(payout: Payout) -> bool:
    """Return whether the latest request for the payout's money was by staff, and isn't withdrawn."""
    for attempt in payout.attempts.filter(kind=AttemptKind.REVERSAL).order_by("-created_at", "-pk"):
        if attempt.withdrawn_at:
            return False
        if attempt.requested_by != SYSTEM:
            return True
    return False
