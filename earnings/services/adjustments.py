"""Adjustments: proposed by one person, and booked as an earning of their own once another approves.

An actor is the signature of a staff member, or `system`.
"""

from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import transaction

from accounts.models import Creator
from database import acts, sql
from database.acts import Kind
from database.models import RecordedAct
from database.staff import SYSTEM, Act, Right, require_approver
from earnings.errors import (
    AdjustmentDecided,
    AmountTooLarge,
    CurrencyNotInUse,
    NothingToAdjust,
    NothingToWriteOff,
    SecondPersonNeeded,
    UnknownAdjustment,
)
from earnings.models import Adjustment, AdjustmentKind, AdjustmentStatus, CreatorEarning
from earnings.services import write_offs
from ledger import services as ledger
from ledger.models import AccountKind, LedgerAccount
from ledger.selectors import payable_balance
from money import LARGEST_AMOUNT, Money, currencies

# The ledger account opposite the creator's.
OTHER_SIDE = {
    AdjustmentKind.CORRECTION: AccountKind.ADJUSTMENTS,
    AdjustmentKind.WRITE_OFF: AccountKind.WRITE_OFFS,
    AdjustmentKind.UNEXPECTED_TRANSFER: AccountKind.STRIPE_BALANCE,
    AdjustmentKind.UNEXPECTED_TRANSFER_REVERSED: AccountKind.STRIPE_BALANCE,
    AdjustmentKind.CARRIED_OVER: AccountKind.ADJUSTMENTS,
}
_SQL = Path(__file__).parent / "adjustment_sql"
BOOKED_LINES = sql.read(_SQL / "ledger.sql")
_EARNED = sql.read(_SQL / "earned.sql")


def require_adjustable(amount: Money) -> None:
    """Refuse what can be no adjustment.

    Raises: NothingToAdjust, AmountTooLarge, CurrencyNotInUse.
    """
    if not currencies.is_current(amount.currency):
        raise CurrencyNotInUse(amount.currency)
    if not amount.amount:
        raise NothingToAdjust
    if abs(amount.amount) > LARGEST_AMOUNT:
        raise AmountTooLarge(amount.currency)


@transaction.atomic
def propose_adjustment(
    creator: Creator, *, amount: Money, act: Act, counts_as_earned: bool = False
) -> Adjustment:
    """Propose to owe a creator more, or with a negative amount less.

    An adjustment that counts as earned undoes write-offs first, like a sale; without it, the creator keeps all of it.
    A negative amount always counts as earned.

    Raises: NothingToAdjust, AmountTooLarge, CurrencyNotInUse, NobodyToApprove.
    """
    require_adjustable(amount)
    require_approver(act, Right.APPROVE_ADJUSTMENT)
    adjustment = _propose(
        creator,
        amount=amount,
        kind=AdjustmentKind.CORRECTION,
        counts_as_earned=counts_as_earned or amount.amount < 0,
        act=act,
    )
    adjustment.proposal_act = _record(adjustment, Kind.PROPOSE_ADJUSTMENT, act=act)
    adjustment.save(update_fields=["proposal_act"])
    return adjustment


@transaction.atomic
def propose_write_off(creator: Creator, *, currency: str, act: Act) -> Adjustment:
    """Propose to write off what a creator owes the platform in this currency.

    Raises: NothingToWriteOff, NobodyToApprove.
    """
    owed = payable_balance(creator.pk, currency=currency)
    if owed >= 0:
        raise NothingToWriteOff(creator.external_id, currency=currency)
    require_approver(act, Right.APPROVE_ADJUSTMENT)
    adjustment = _propose(
        creator,
        amount=Money(-owed, currency),
        kind=AdjustmentKind.WRITE_OFF,
        counts_as_earned=False,
        act=act,
    )
    adjustment.proposal_act = _record(adjustment, Kind.PROPOSE_WRITE_OFF, act=act)
    adjustment.save(update_fields=["proposal_act"])
    return adjustment


@transaction.atomic
def approve_adjustment(adjustment_id: UUID, *, act: Act, now: datetime) -> Adjustment:
    """Book an adjustment that another person proposed.

    Raises: UnknownAdjustment, AdjustmentDecided; SecondPersonNeeded if the actor proposed it; NothingToWriteOff if the
    creator now owes less than the write-off.
    """
    adjustment = _undecided(adjustment_id)
    if acts.by_same_person(adjustment.proposed_by, adjustment.proposal_act, act):
        raise SecondPersonNeeded(act.actor)
    adjustment.decide_reason = act.reason
    # Locked, so that a concurrent posting can't reduce the debt below the write-off.
    if adjustment.kind == AdjustmentKind.WRITE_OFF and _locked_balance(adjustment) > -adjustment.amount:
        raise NothingToWriteOff(adjustment.creator.external_id, currency=adjustment.currency)
    _book(adjustment, actor=act.actor, now=now)
    adjustment.decision_act = _record(adjustment, Kind.APPROVE_ADJUSTMENT, act=act)
    adjustment.save(update_fields=["decision_act"])
    return adjustment


@transaction.atomic
def decline_adjustment(adjustment_id: UUID, *, act: Act, now: datetime) -> Adjustment:
    """Decline a proposal; the proposer can decline their own.

    Raises: UnknownAdjustment, AdjustmentDecided.
    """
    adjustment = _undecided(adjustment_id)
    adjustment.decide_reason = act.reason
    _decide(adjustment, AdjustmentStatus.DECLINED, actor=act.actor, now=now)
    adjustment.decision_act = _record(adjustment, Kind.DECLINE_ADJUSTMENT, act=act)
    adjustment.save(update_fields=["decision_act"])
    return adjustment


@transaction.atomic
def book_agreed_adjustment(
    creator: Creator, *, amount: Money, proposal: Act, approval: Act, now: datetime
) -> Adjustment:
    """Book an adjustment on which two people agreed by another act, which its service records."""
    adjustment = _propose(
        creator,
        amount=amount,
        kind=AdjustmentKind.CORRECTION,
        counts_as_earned=amount.amount < 0,
        act=proposal,
    )
    adjustment.proposal_act_id, adjustment.decision_act_id = proposal.recorded_id, approval.recorded_id
    adjustment.decide_reason = approval.reason
    adjustment.save(update_fields=["proposal_act", "decision_act"])
    return _book(adjustment, actor=approval.actor, now=now)


@transaction.atomic
def book_automatic_adjustment(
    creator_id: UUID, *, amount: Money, kind: AdjustmentKind, reason: str, source_key: str, now: datetime
) -> bool:
    """Book an adjustment that needs no approval; return False if its source key is already booked."""
    adjustment, new = Adjustment.objects.get_or_create(
        source_key=source_key,
        defaults={
            "creator_id": creator_id,
            "currency": amount.currency,
            "amount": amount.amount,
            "kind": kind,
            "counts_as_earned": True,
            "reason": reason,
            "proposed_by": SYSTEM,
            "proposed_at": now,
        },
    )
    if new:
        _book(adjustment, actor=SYSTEM, now=now)
    return new


def _propose(
    creator: Creator, *, amount: Money, kind: AdjustmentKind, counts_as_earned: bool, act: Act
) -> Adjustment:
    return Adjustment.objects.create(
        creator=creator,
        currency=amount.currency,
        amount=amount.amount,
        kind=kind,
        counts_as_earned=counts_as_earned,
        reason=act.reason,
        proposed_by=act.actor,
    )


def _record(adjustment: Adjustment, kind: Kind, *, act: Act) -> RecordedAct | None:
    facts = {"status": adjustment.status, "amount": adjustment.amount, "currency": adjustment.currency}
    return acts.record(act, kind, subject=adjustment, creator=adjustment.creator_id, after=facts)


def _undecided(adjustment_id: UUID) -> Adjustment:
    rows = Adjustment.objects.select_for_update(no_key=True, of=["self"]).filter(pk=adjustment_id)
    adjustment = rows.first()
    if adjustment is None:
        raise UnknownAdjustment(adjustment_id)
    if adjustment.status != AdjustmentStatus.PROPOSED:
        raise AdjustmentDecided(adjustment.get_status_display())
    return adjustment


def _period_end(adjustment: Adjustment, *, now: datetime) -> date:
    """Return the end (exclusive) of its period; a write-off gets that of its debt, so that one run claims both."""
    today: date = now.date() + timedelta(days=1)
    if adjustment.kind != AdjustmentKind.WRITE_OFF:
        return today
    debts = CreatorEarning.objects.filter(
        creator=adjustment.creator_id, currency=adjustment.currency, payout=None
    )
    return debts.order_by("-period_end").values_list("period_end", flat=True).first() or today


def _locked_balance(adjustment: Adjustment) -> int:
    account = LedgerAccount.objects.select_for_update(no_key=True).get(
        owner_id=adjustment.creator_id, kind=AccountKind.CREATOR_PAYABLE, currency=adjustment.currency
    )
    return account.balance or 0


def _decide(adjustment: Adjustment, status: AdjustmentStatus, *, actor: str, now: datetime) -> None:
    adjustment.status, adjustment.decided_by, adjustment.decided_at = status, actor, now
    adjustment.save(update_fields=["earning", "status", "decided_by", "decide_reason", "decided_at"])


def _book(adjustment: Adjustment, *, actor: str, now: datetime) -> Adjustment:
    ends = _period_end(adjustment, now=now)
    adjustment.earning = CreatorEarning.objects.create(
        creator_id=adjustment.creator_id,
        period_start=ends - timedelta(days=1),
        period_end=ends,
        currency=adjustment.currency,
        commission_bps=0,
        gross=adjustment.amount,
        description=adjustment.get_kind_display(),
        closed_at=now,
        created_at=now,
        updated_at=now,
    )
    _decide(adjustment, AdjustmentStatus.APPROVED, actor=actor, now=now)
    other_side = OTHER_SIDE[AdjustmentKind(adjustment.kind)]
    ledger.post_set(BOOKED_LINES, {"ids": [adjustment.pk], "other_side": other_side.value})
    if adjustment.kind == AdjustmentKind.WRITE_OFF:
        write_offs.begin(adjustment)
    elif adjustment.counts_as_earned:
        write_offs.count(_EARNED, {"adjustment": adjustment.pk}, now=now)
    return adjustment
