"""Placing what is in suspense: one person proposes whose it is, and another approves."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from database import acts
from database.acts import Kind
from database.models import RecordedAct
from database.staff import Act, Right, require_approver
from earnings.services import adjustments
from ledger import services as ledger
from ledger.models import AccountKind
from ledger.services import Line
from money import Money
from payouts.errors import (
    NothingInSuspense,
    PlacementDecided,
    PlacementNeedsAnother,
    PlacementProposed,
    UnknownPlacement,
)
from payouts.models import DifferenceKind, Payout, PlacementStatus, PlacementTarget, SuspensePlacement
from payouts.services import differences
from payouts.services.moves import locked
from payouts.states import PayoutStatus

# What is the creator's goes on from there: an adjustment owes it to them.
_BOOKED_TO = {
    PlacementTarget.CREATOR: AccountKind.ADJUSTMENTS,
    PlacementTarget.PLATFORM: AccountKind.ADJUSTMENTS,
    PlacementTarget.STRIPE_BALANCE: AccountKind.STRIPE_BALANCE,
}
_DECIDED_AS = {
    PlacementStatus.APPROVED: Kind.APPROVE_PLACEMENT,
    PlacementStatus.DECLINED: Kind.DECLINE_PLACEMENT,
}


@transaction.atomic
def propose_placement(
    payout_id: UUID, *, target: PlacementTarget, amount: int | None, act: Act
) -> SuspensePlacement:
    """Propose whose an amount in suspense is, in minor units; None is all that the payout has there.

    Raises: UnknownPayout; NothingInSuspense if the payout isn't paid, or has less there; PlacementProposed;
    NobodyToApprove.
    """
    require_approver(act, Right.APPROVE_PLACEMENT)
    payout = locked(payout_id)
    amount = _in_suspense(payout) if amount is None else amount
    _require(payout, amount)
    if SuspensePlacement.objects.filter(payout=payout, status=PlacementStatus.PROPOSED).exists():
        raise PlacementProposed(payout_id)
    placement = SuspensePlacement.objects.create(
        payout=payout, amount=amount, target=target, reason=act.reason, proposed_by=act.actor
    )
    placement.proposal_act = _record(placement, Kind.PROPOSE_PLACEMENT, act=act)
    placement.save(update_fields=["proposal_act"])
    return placement


@transaction.atomic
def approve_placement(placement_id: UUID, *, act: Act, now: datetime) -> SuspensePlacement:
    """Book a placement that another person proposed. What is the creator's goes into their next payout.

    Raises: UnknownPlacement, PlacementDecided; PlacementNeedsAnother if the actor proposed it; NothingInSuspense if the
    payout changed meanwhile.
    """
    placement = _undecided(placement_id)
    if acts.by_same_person(placement.proposed_by, placement.proposal_act, act):
        raise PlacementNeedsAnother(act.actor)
    payout = placement.payout
    _require(payout, placement.amount)
    part = Money(placement.amount, payout.currency)
    ledger.post(
        source_key=f"payout:{payout.pk}:placed:{placement.pk}",
        kind="suspense_placed",
        lines=[
            Line(AccountKind.SUSPENSE, -part),
            Line(_BOOKED_TO[PlacementTarget(placement.target)], part),
        ],
    )
    _decide(placement, PlacementStatus.APPROVED, act=act, now=now)
    if placement.target == PlacementTarget.CREATOR:
        owed = Act(
            placement.proposed_by,
            f"{payout.stripe_transfer_id} was reversed: {placement.reason}",
            recorded_id=placement.proposal_act_id,
        )
        approval = act.recorded_as(placement.decision_act)
        adjustments.book_agreed_adjustment(
            payout.creator, amount=part, proposal=owed, approval=approval, now=now
        )
    Payout.objects.filter(pk=payout.pk).update(amount_placed=F("amount_placed") + placement.amount)
    if placement.amount == _in_suspense(payout):
        placed = f"placed by {placement.proposed_by} and {act.actor}: {placement.reason}"
        subject = payout.stripe_transfer_id
        differences.settle(DifferenceKind.UNEXPLAINED_REVERSAL, subject=subject, reason=placed, now=now)
    return placement


@transaction.atomic
def decline_placement(placement_id: UUID, *, act: Act, now: datetime) -> SuspensePlacement:
    """Decline a proposal; the proposer can decline their own.

    Raises: UnknownPlacement, PlacementDecided.
    """
    placement = _undecided(placement_id)
    _decide(placement, PlacementStatus.DECLINED, act=act, now=now)
    return placement


def _record(placement: SuspensePlacement, kind: Kind, *, act: Act) -> RecordedAct | None:
    payout = placement.payout
    facts = {
        "status": placement.status,
        "amount": placement.amount,
        "currency": payout.currency,
        "target": placement.target,
    }
    return acts.record(act, kind, subject=placement, creator=payout.creator_id, payout=payout.pk, after=facts)


def _in_suspense(payout: Payout) -> int:
    return payout.amount_reversed - payout.amount_placed if payout.status == PayoutStatus.PAID else 0


def _require(payout: Payout, amount: int) -> None:
    if not 1 <= amount <= _in_suspense(payout):
        raise NothingInSuspense(payout.pk, Money(_in_suspense(payout), payout.currency))


def _undecided(placement_id: UUID) -> SuspensePlacement:
    payout_id = SuspensePlacement.objects.filter(pk=placement_id).values_list("payout", flat=True).first()
    if payout_id is None:
        raise UnknownPlacement(placement_id)
    payout = locked(payout_id)
    placement = SuspensePlacement.objects.get(pk=placement_id)
    if placement.status != PlacementStatus.PROPOSED:
        raise PlacementDecided(placement.get_status_display())
    placement.payout = payout
    return placement


def _decide(placement: SuspensePlacement, status: PlacementStatus, *, act: Act, now: datetime) -> None:
    placement.status, placement.decided_at = status, now
    placement.decided_by, placement.decide_reason = act.actor, act.reason
    placement.decision_act = _record(placement, _DECIDED_AS[status], act=act)
    placement.save(update_fields=["status", "decided_by", "decide_reason", "decided_at", "decision_act"])
