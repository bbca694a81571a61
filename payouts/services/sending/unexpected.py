"""Money that moved at Stripe unexpectedly."""

from datetime import datetime

from django.db import transaction

from accounts.models import CreatorPaymentAccount, HoldSource
from accounts.services.holds import place_hold
from database.staff import SYSTEM, Act
from earnings.models import Adjustment, AdjustmentKind
from earnings.services.adjustments import book_automatic_adjustment
from ledger.models import AccountKind
from money import Money
from payouts.gateway import BankPayout, Transfer
from payouts.models import DifferenceKind, Payout
from payouts.services import differences
from payouts.services.moves import move, release_earnings, waiting_of
from payouts.states import PayoutStatus


def record_transfer(payout: Payout, transfer: Transfer, *, now: datetime) -> None:
    """Record a transfer that names a locked payout which ended without one, already has another, or sent another.

    If the creator has this money, they are held, their waiting payouts are cancelled, and they owe the amount, so that
    it isn't paid twice. If somebody else has it, or it is in another currency, it is only a difference. Staff resolve
    it.
    """
    amount = Money(transfer.amount, transfer.currency)
    detail = (
        f"Stripe has {transfer.id} to {transfer.destination} for payout {payout.pk}, "
        f"which is {payout.get_status_display().lower()}"
    )
    if not _creator_has(transfer, payout):
        _open_difference(transfer, payout, amount=amount, detail=detail, now=now)
        return
    # Payouts are locked before the books, as everywhere.
    waiting = list(waiting_of(payout.creator_id))
    booked = book_automatic_adjustment(
        payout.creator_id,
        amount=-amount,
        kind=AdjustmentKind.UNEXPECTED_TRANSFER,
        reason=detail,
        source_key=_source_key(transfer.id),
        now=now,
    )
    if not booked:
        return
    place_hold(payout.creator, source=HoldSource.SYSTEM, act=Act(SYSTEM, detail))
    for each in waiting:
        move(each, PayoutStatus.CANCELLED, now=now, reason=detail, next_retry_at=None)
        release_earnings(each, held_in=AccountKind.PAYOUTS_RESERVED)
    _open_difference(transfer, payout, amount=amount, detail=detail, now=now)


def _creator_has(transfer: Transfer, payout: Payout) -> bool:
    accounts = CreatorPaymentAccount.objects.filter(creator=payout.creator_id)
    return (
        transfer.currency == payout.currency
        and accounts.filter(stripe_account_id=transfer.destination).exists()
    )


def _open_difference(
    transfer: Transfer, payout: Payout, *, amount: Money, detail: str, now: datetime
) -> None:
    differences.open_difference(
        DifferenceKind.UNEXPECTED_TRANSFER,
        subject=transfer.id,
        amount=amount,
        detail=detail,
        payout=payout,
        now=now,
    )


@transaction.atomic
def record_reversal(*, transfer_id: str, amount_reversed: int, now: datetime) -> bool:
    """Book what came back of an unexpected transfer, `amount_reversed` in total; return False if it isn't one."""
    debts = Adjustment.objects.select_for_update(no_key=True)
    debt = debts.filter(source_key=_source_key(transfer_id)).first()
    if debt is None:
        return False
    reason = f"{transfer_id} was reversed"
    earlier = Adjustment.objects.filter(source_key__startswith=f"{_source_key(transfer_id)}:reversed:")
    more = amount_reversed - sum(earlier.values_list("amount", flat=True))
    if more <= 0:
        return True
    book_automatic_adjustment(
        debt.creator_id,
        amount=Money(more, debt.currency),
        kind=AdjustmentKind.UNEXPECTED_TRANSFER_REVERSED,
        reason=reason,
        source_key=f"{_source_key(transfer_id)}:reversed:{amount_reversed}",
        now=now,
    )
    if amount_reversed == -debt.amount:
        differences.settle(DifferenceKind.UNEXPECTED_TRANSFER, subject=transfer_id, reason=reason, now=now)
    return True


def record_bank_payout(bank_payout: BankPayout, *, payout: Payout | None, now: datetime) -> None:
    """Open a difference for a bank payout that we did not start, or started twice.

    Only one that takes money from the account stops leg two there. One whose money came back explains itself.
    """
    kind = _kind(bank_payout)
    if bank_payout.failed:
        reason = (
            f"it {bank_payout.status}"
            if not bank_payout.came_back
            else f"{bank_payout.reversed_by} reversed it"
        )
        differences.settle(kind, subject=bank_payout.id, reason=reason, now=now)
        return
    owner = CreatorPaymentAccount.objects.filter(stripe_account_id=bank_payout.account).first()
    differences.open_difference(
        kind,
        subject=bank_payout.id,
        amount=Money(bank_payout.amount, bank_payout.currency),
        detail=_detail(bank_payout),
        payout=payout,
        creator_id=owner.creator_id if owner else None,
        account=bank_payout.account,
        now=now,
    )


def _kind(bank_payout: BankPayout) -> DifferenceKind:
    if bank_payout.original_payout:
        return DifferenceKind.BANK_PAYOUT_REVERSED
    return DifferenceKind.STRIPE_DEBIT if bank_payout.amount < 0 else DifferenceKind.FOREIGN_BANK_PAYOUT


def _detail(bank_payout: BankPayout) -> str:
    if bank_payout.original_payout:
        return (
            f"it reverses {bank_payout.original_payout} of {bank_payout.account} and is {bank_payout.status}"
        )
    if bank_payout.amount < 0:
        return f"Stripe debits the bank of {bank_payout.account}; it is {bank_payout.status}"
    return f"{bank_payout.id} left {bank_payout.account} and is {bank_payout.status}"


def _source_key(transfer_id: str) -> str:
    return f"transfer:{transfer_id}:unexpected"
