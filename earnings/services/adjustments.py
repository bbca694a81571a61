"""Adjustments: proposed by one person, approved by another, booked as a row of their own.

An actor is a member of staff's user name, or `system`.
"""

from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import transaction

from accounts.errors import ReasonMissing
from accounts.models import Creator
from database import sql
from earnings.errors import AdjustmentDecided, CurrencyNotInUse, NothingToWriteOff, SecondPersonNeeded
from earnings.models import Adjustment, AdjustmentKind, AdjustmentStatus, CreatorEarning
from earnings.models.adjustment import SYSTEM
from ledger import services as ledger
from ledger.models import AccountKind, LedgerAccount
from ledger.selectors import payable_balance
from money import Money, currencies

# Whose gain or loss it is, if it isn't the creator's.
OTHER_SIDE = {
    AdjustmentKind.CORRECTION: AccountKind.ADJUSTMENTS,
    AdjustmentKind.WRITE_OFF: AccountKind.WRITE_OFFS,
    AdjustmentKind.WRITE_OFF_UNDONE: AccountKind.WRITE_OFFS,
    AdjustmentKind.UNEXPECTED_TRANSFER: AccountKind.STRIPE_BALANCE,
    AdjustmentKind.UNEXPECTED_TRANSFER_REVERSED: AccountKind.STRIPE_BALANCE,
}
_SQL = Path(__file__).parent / "adjustment_sql"
_UNDO = sql.read(_SQL / "undo_write_offs.sql")
_LEDGER = sql.read(_SQL / "ledger.sql")


def propose_adjustment(creator: Creator, *, amount: Money, reason: str, actor: str) -> Adjustment:
    """Propose to owe a creator more, or (a negative amount) less.

    Raises: ReasonMissing, CurrencyNotInUse.
    """
    if not currencies.is_current(amount.currency):
        raise CurrencyNotInUse(amount.currency)
    return _propose(creator, amount=amount, kind=AdjustmentKind.CORRECTION, reason=reason, actor=actor)


def propose_write_off(creator: Creator, *, currency: str, reason: str, actor: str) -> Adjustment:
    """Propose to give up what a creator owes the platform in this currency.

    Raises: ReasonMissing, NothingToWriteOff.
    """
    owed = payable_balance(creator.pk, currency=currency)
    if owed >= 0:
        raise NothingToWriteOff(creator.external_id, currency=currency)
    return _propose(
        creator, amount=Money(-owed, currency), kind=AdjustmentKind.WRITE_OFF, reason=reason, actor=actor
    )


@transaction.atomic
def approve_adjustment(adjustment_id: UUID, *, actor: str, now: datetime) -> Adjustment:
    """Book what another person proposed.

    Raises: AdjustmentDecided; SecondPersonNeeded for one's own; NothingToWriteOff if the creator has come to owe
    less than the write-off since.
    """
    adjustment = _undecided(adjustment_id)
    if adjustment.proposed_by == actor:
        raise SecondPersonNeeded(actor)
    # Locked, so that nothing posted meanwhile makes it more than the creator owes.
    if adjustment.kind == AdjustmentKind.WRITE_OFF and _locked_balance(adjustment) > -adjustment.amount:
        raise NothingToWriteOff(adjustment.creator.external_id, currency=adjustment.currency)
    return _book(adjustment, actor=actor, now=now)


@transaction.atomic
def decline_adjustment(adjustment_id: UUID, *, actor: str, now: datetime) -> Adjustment:
    """Turn a proposal down, or take back one's own.

    Raises: AdjustmentDecided.
    """
    adjustment = _undecided(adjustment_id)
    adjustment.status, adjustment.decided_by, adjustment.decided_at = AdjustmentStatus.DECLINED, actor, now
    adjustment.save(update_fields=["status", "decided_by", "decided_at"])
    return adjustment


@transaction.atomic
def book_found_out(
    creator_id: UUID, *, amount: Money, kind: AdjustmentKind, reason: str, source_key: str, now: datetime
) -> bool:
    """Book a fact that the service found out by itself; return False if this one was booked before."""
    adjustment, new = Adjustment.objects.get_or_create(
        source_key=source_key,
        defaults={
            "creator_id": creator_id,
            "currency": amount.currency,
            "amount": amount.amount,
            "kind": kind,
            "reason": reason,
            "proposed_by": SYSTEM,
            "proposed_at": now,
        },
    )
    if new:
        _book(adjustment, actor=SYSTEM, now=now)
    return new


def undo_write_offs(*, now: datetime) -> int:
    """Take back what was written off from creators who have earned since, up to what they earned; return how many rows.

    It bears the periods of those earnings, so that the run that would pay them takes it into account.
    """
    undone = [row["id"] for row in sql.rows(_UNDO, {"now": now})]
    if undone:
        ledger.post_set(_LEDGER, {"ids": undone, "other_side": AccountKind.WRITE_OFFS.value})
    return len(undone)


def _propose(creator: Creator, *, amount: Money, kind: AdjustmentKind, reason: str, actor: str) -> Adjustment:
    if not reason.strip():
        raise ReasonMissing
    return Adjustment.objects.create(
        creator=creator,
        currency=amount.currency,
        amount=amount.amount,
        kind=kind,
        reason=reason.strip(),
        proposed_by=actor,
    )


def _undecided(adjustment_id: UUID) -> Adjustment:
    adjustment = Adjustment.objects.select_for_update(no_key=True, of=["self"]).get(pk=adjustment_id)
    if adjustment.status != AdjustmentStatus.PROPOSED:
        raise AdjustmentDecided(adjustment.get_status_display())
    return adjustment


def _period_end(adjustment: Adjustment, *, now: datetime) -> date:
    """Choose the day, exclusive, by which it counts: a write-off's is its debt's, so that one run claims both."""
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
    adjustment.status, adjustment.decided_by, adjustment.decided_at = AdjustmentStatus.APPROVED, actor, now
    adjustment.save(update_fields=["earning", "status", "decided_by", "decided_at"])
    other_side = OTHER_SIDE[AdjustmentKind(adjustment.kind)]
    ledger.post_set(_LEDGER, {"ids": [adjustment.pk], "other_side": other_side.value})
    return adjustment
