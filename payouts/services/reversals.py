"""Transfers that came back."""

from datetime import datetime

from django.db import transaction

from ledger.models import AccountKind
from payouts.models import Payout
from payouts.services.moves import give_back, locked, move
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.errors import NotYet, SetAside


@transaction.atomic
def record_reversal(*, transfer_id: str, amount_reversed: int, now: datetime) -> None:
    """Give a payout's rows back once its transfer is reversed in full, while nothing went to the bank.

    Raises: SetAside for a reversal that only a person can place: partial, or of money that went to the bank;
    NotYet while a bank payout may be under way.
    """
    known = Payout.objects.filter(stripe_transfer_id=transfer_id).values_list("pk", flat=True).first()
    if known is None:
        raise SetAside("no payout here has this transfer")
    payout = locked(known)
    if payout.status == PayoutStatus.REVERSED:
        return
    if payout.attempts.filter(kind=AttemptKind.BANK_PAYOUT, status=AttemptStatus.OPEN).exists():
        raise NotYet("a bank payout may be under way")
    at_stripe = payout.status == PayoutStatus.RETURNED or (
        payout.status == PayoutStatus.IN_TRANSIT and not payout.stripe_payout_id
    )
    if amount_reversed != payout.net_amount or not at_stripe:
        raise SetAside(
            f"{amount_reversed} of {payout.net_amount} reversed while {payout.status}: for a person"
        )
    move(
        payout, PayoutStatus.REVERSED, now=now, reason=f"transfer {transfer_id} reversed", next_retry_at=None
    )
    give_back(payout, held_in=AccountKind.STRIPE_BALANCE)
