"""Recording what Stripe has, whether found by a look-up, a webhook or reconciliation.

Recording the same thing again changes nothing.
"""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db.models import Q

from payouts.gateway import BankPayout, Reversal, Transfer
from payouts.models import Payout, PayoutAttempt
from payouts.services.deciding import gate
from payouts.services.sending import bank_payouts, coming_back, reversals, transfers, unexpected
from payouts.services.sending.coming_back import CameBack
from payouts.services.sending.decision import NOTHING, Decision
from payouts.services.sending.history import History
from payouts.services.sending.writing import record
from payouts.states import AttemptKind
from stripe_io.errors import SetAside

Made = Transfer | BankPayout | Reversal | CameBack


def record_made(made: Made, *, payout_id: UUID, now: datetime) -> None:
    """Record an object found by looking up this payout; a transfer may be of another payout of the same group.

    Raises: NotYet, like `record_reversal`.
    """
    match made:
        case Transfer():
            its_own = _payout_of(made, otherwise=payout_id)
            if its_own is None:
                gate.notice(made, now=now)
            else:
                record_transfer(made, payout_id=its_own, now=now)
        case BankPayout():
            record(payout_id, partial(_bank_payout_made, made=made, now=now), now=now)
        case Reversal() | CameBack():
            record(payout_id, partial(_taken_back, made=made, now=now), now=now)


def record_transfer(transfer: Transfer, *, payout_id: UUID, now: datetime) -> None:
    """Record a transfer that belongs to the payout, and what came back of it.

    One that names none of the payout's attempts, or that moved something else than the attempt it names, is
    unexpected.

    Raises: UnknownPayout; NotYet, like `record_reversal`.
    """
    record(payout_id, partial(_transfer_made, made=transfer, now=now), now=now)
    if transfer.amount_reversed:
        record_reversal(transfer.id, transfer.amount_reversed, now=now)


def record_reversal(transfer_id: str, amount_reversed: int, *, now: datetime) -> None:
    """Record that `amount_reversed` of a transfer has come back so far.

    Raises: SetAside if no payout of ours has the transfer; NotYet while a bank payout may be in progress.
    """
    payout_id = Payout.objects.filter(stripe_transfer_id=transfer_id).values_list("pk", flat=True).first()
    if payout_id is not None:
        came_back = partial(coming_back.came_back, amount_reversed=amount_reversed, now=now)
        record(payout_id, came_back, now=now)
    elif not unexpected.record_reversal(transfer_id=transfer_id, amount_reversed=amount_reversed, now=now):
        raise SetAside("this transfer belongs to no payout")


def record_bank_payout(bank_payout: BankPayout, *, now: datetime) -> bool:
    """Record a bank payout of ours and its outcome; return False if we didn't start it.

    Raises: SetAside if its outcome no longer changes anything.
    """
    attempt = attempt_of(bank_payout)
    if attempt is None:
        return False
    if not attempt.stripe_id:
        record_made(bank_payout, payout_id=attempt.payout_id, now=now)
    ended = record(
        attempt.payout_id, lambda history: bank_payouts.settle(history, bank_payout, now=now), now=now
    )
    if ended is NOTHING and bank_payout.status in bank_payouts.ENDED:
        raise SetAside("nothing to change: the payout has moved on")
    return True


def record_foreign_bank_payout(bank_payout: BankPayout, *, now: datetime) -> None:
    """Record a bank payout that we didn't start.

    Until it is explained, leg two waits on its account, unless it brings money there: a debit or a reversal.
    """
    unexpected.record_bank_payout(bank_payout, payout=None, now=now)


def attempt_of(made: Transfer | BankPayout) -> PayoutAttempt | None:
    """Find the attempt that made this: by Stripe's id, else by the attempt that it names; never by the amount alone."""
    kind = AttemptKind.TRANSFER if isinstance(made, Transfer) else AttemptKind.BANK_PAYOUT
    ours = PayoutAttempt.objects.filter(kind=kind)
    named = Q(idempotency_key=made.attempt_key) if made.identity else Q(pk=made.attempt_id)
    return ours.filter(stripe_id=made.id).first() or ours.filter(named).first()


def _payout_of(transfer: Transfer, *, otherwise: UUID) -> UUID | None:
    """Find the payout that a transfer names, if it is of its group; None if it isn't in this database.

    Recovery may have given it to another payout than the one it names.
    """
    known = PayoutAttempt.objects.filter(kind=AttemptKind.TRANSFER, stripe_id=transfer.id).first()
    if known is not None:
        return known.payout_id
    if not transfer.reference:
        return otherwise
    named = Payout.objects.filter(reference=transfer.reference).first()
    if named is None:
        return None
    return named.pk if named.transfer_group == transfer.transfer_group else otherwise


def _transfer_made(history: History, *, made: Transfer, now: datetime) -> Decision:
    attempt = _attempt(history, made, kind=AttemptKind.TRANSFER)
    if attempt is None or not (attempt.stripe_id == made.id or made.is_of(attempt)):
        return transfers.unexpected(made)
    return transfers.succeeded(history, attempt, made, now=now)


def _bank_payout_made(history: History, *, made: BankPayout, now: datetime) -> Decision:
    attempt = _attempt(history, made, kind=AttemptKind.BANK_PAYOUT)
    return NOTHING if attempt is None else bank_payouts.succeeded(history, attempt, made, now=now)


def _taken_back(history: History, *, made: Reversal | CameBack, now: datetime) -> Decision:
    if isinstance(made, CameBack):
        return coming_back.came_back(history, made.amount_reversed, now=now)
    attempt = _attempt(history, made, kind=AttemptKind.REVERSAL)
    return NOTHING if attempt is None else reversals.succeeded(history, attempt, made, now=now)


def _attempt(
    history: History, made: Transfer | BankPayout | Reversal, *, kind: AttemptKind
) -> PayoutAttempt | None:
    """Return the payout's attempt that made this. Stripe's id comes first: metadata can be edited in the dashboard."""
    ours = history.of_kind(kind)
    known = [attempt for attempt in ours if attempt.stripe_id == made.id]
    named = [attempt for attempt in ours if made.names(attempt)]
    return next(iter([*known, *named]), None)
