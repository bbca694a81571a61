"""Fixing a difference by recording what Stripe has, through the services that a webhook would have called."""

import logging
from collections.abc import Callable
from datetime import datetime

from payouts import gateway, selectors
from payouts.models import DifferenceKind, Payout
from payouts.services import sending
from payouts.services.reconciliation.comparing import Found
from stripe_io.errors import NotYet, SetAside, StripeCallFailed

logger = logging.getLogger(__name__)


def mend(found: Found, *, now: datetime) -> bool:
    """Record what Stripe has now; return False if that must wait, or is up to staff.

    While the database is behind Stripe, a transfer that it doesn't know is for recovery to place.
    """
    record = _RECORDS.get(found.kind)
    if record is None or (found.kind == DifferenceKind.UNKNOWN_TRANSFER and selectors.behind_stripe()):
        return False
    try:
        record(found, now)
    except (NotYet, SetAside, StripeCallFailed) as error:
        logger.info("%s %s is not fixed: %s", found.kind, found.subject, error)
        return False
    except Exception:
        # One that can't be fixed must not stop the others.
        logger.exception("%s %s can't be fixed", found.kind, found.subject)
        return False
    return True


def _record_transfer(found: Found, now: datetime) -> None:
    """Record a transfer that names a payout of ours: the payout's own, or an unexpected one."""
    if found.payout_id is None:
        return
    payout = Payout.objects.get(pk=found.payout_id)
    for transfer in gateway.find_transfers(payout.transfer_group):
        if transfer.id == found.subject:
            sending.record_transfer(transfer, payout_id=payout.pk, now=now)


def _record_reversal(found: Found, now: datetime) -> None:
    amount_reversed = gateway.retrieve_transfer(found.subject).amount_reversed
    sending.record_reversal(found.subject, amount_reversed, now=now)


def _record_bank_payout(found: Found, now: datetime) -> None:
    bank_payout = gateway.retrieve_bank_payout(stripe_payout_id=found.subject, account=found.account)
    sending.record_bank_payout(bank_payout, now=now)


_RECORDS: dict[DifferenceKind, Callable[[Found, datetime], None]] = {
    DifferenceKind.UNRECORDED_TRANSFER: _record_transfer,
    DifferenceKind.UNKNOWN_TRANSFER: _record_transfer,
    DifferenceKind.UNRECORDED_REVERSAL: _record_reversal,
    DifferenceKind.UNRECORDED_BANK_PAYOUT: _record_bank_payout,
    DifferenceKind.BANK_PAYOUT_DIFFERS: _record_bank_payout,
}
