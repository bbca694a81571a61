"""What Stripe tells us of transfers and bank payouts."""

from uuid import UUID

from database import notices, sql
from payouts.gateway import BankPayout, SentTransfer
from payouts.models import PayoutAttempt
from payouts.services import bank_payouts, funds, reversals, transfers
from payouts.states import AttemptKind, AttemptStatus
from stripe_io.errors import NotYet, SetAside
from stripe_io.handlers import StripeEvent, register


def register_handlers() -> None:
    register(transfer_created, "transfer.created")
    register(transfer_reversed, "transfer.reversed")
    register(balance_available, "balance.available")
    register(bank_payout_ended, "payout.paid", "payout.failed", "payout.canceled")


def transfer_created(event: StripeEvent) -> None:
    """Settle an attempt whose answer was lost, or is still on its way."""
    if not _settle_transfer(event):
        raise SetAside("this transfer bears no attempt of ours")


def transfer_reversed(event: StripeEvent) -> None:
    """Record the reversal, and before it the transfer itself if that isn't known here yet."""
    _settle_transfer(event)
    reversals.record_reversal(
        transfer_id=str(event.object["id"]),
        amount_reversed=int(event.object.get("amount_reversed") or 0),
        now=sql.now(),
    )


def bank_payout_ended(event: StripeEvent) -> None:
    """Match by Stripe's id, else by the attempt in our metadata; never by amount."""
    said = BankPayout.of(event.object)
    now = sql.now()
    if bank_payouts.apply_bank_payout(said, now=now):
        return
    attempt = _attempt_of(event, kind=AttemptKind.BANK_PAYOUT)
    if attempt is None:
        raise SetAside("we did not start this bank payout")
    if attempt.status == AttemptStatus.OPEN:
        bank_payouts.record_bank_payout(attempt, said, now=now)
        if not bank_payouts.apply_bank_payout(said, now=now):
            raise NotYet("the payout is not in transit yet")
        return
    raise SetAside("changes nothing: the payout has moved on")


def balance_available(event: StripeEvent) -> None:
    """Have payouts go on that wait for the platform's funds."""
    if event.account:
        raise SetAside("the balance of a connected account")
    funds.expect(now=sql.now())
    notices.send_on_commit("payouts.sweep")


def _settle_transfer(event: StripeEvent) -> bool:
    """Record that this transfer exists; return False if it isn't one of ours."""
    attempt = _attempt_of(event, kind=AttemptKind.TRANSFER)
    if attempt is None:
        return False
    sent = SentTransfer(
        id=str(event.object["id"]), destination_payment=str(event.object.get("destination_payment") or "")
    )
    transfers.record_transfer(attempt, sent, now=sql.now())
    return True


def _attempt_of(event: StripeEvent, *, kind: AttemptKind) -> PayoutAttempt | None:
    named = str((event.object.get("metadata") or {}).get("attempt_id") or "")
    try:
        return PayoutAttempt.objects.filter(pk=UUID(named), kind=kind).first()
    except ValueError:
        return None
