"""Bringing a restored database up to what Stripe has: accounts, answers, what came back, and then the lost transfers.

Each step is committed by itself and changes nothing when it is repeated, so a recovery that dies is simply run again.
"""

from contextlib import suppress
from datetime import datetime

from django.db import transaction

from accounts.services.adopting import adopt_accounts
from database import locks
from database.staff import Act
from payouts.errors import RecoveryUnderWay
from payouts.services import sending
from payouts.services.deciding import gate
from payouts.services.recovery.looking import Found, Reversed, look
from payouts.services.recovery.placing import How, Placed, place
from payouts.services.recovery.report import Report
from stripe_io.errors import NotYet, SetAside


def recover(*, act: Act, now: datetime) -> Report:
    """Take over what Stripe has and the database lacks, and let sending go on.

    Bank payouts are taken over when their payouts come to leg two. Must be called outside a transaction.

    Raises: RecoveryUnderWay; StripeUnavailable and StripeCallFailed if Stripe doesn't answer: what was taken over by
    then stays.
    """
    with locks.taken("payouts.recover") as alone:
        if not alone:
            raise RecoveryUnderWay
        found = look(since=gate.since())
        if found.lost:
            gate.pause(found.lost, now=now)
        report = _take_over(found, act=act, now=now)
        gate.end_recovery(unplaced=[placed.transfer.id for placed in report.unplaced], act=act, now=now)
    return report


def preview(*, act: Act, now: datetime) -> Report:
    """Report what `recover` would do, and leave nothing behind.

    Raises: StripeUnavailable, StripeCallFailed.
    """
    found = look(since=gate.since())
    with transaction.atomic():
        report = _take_over(found, act=act, now=now)
        transaction.set_rollback(True)
    return report


def _take_over(found: Found, *, act: Act, now: datetime) -> Report:
    report = Report(accounts=len(found.accounts), foreign=found.foreign)
    adopt_accounts(found.accounts, act=act, now=now)
    for payout_id, transfer in found.unrecorded:
        with suppress(NotYet):  # a webhook or reconciliation records what came back later
            sending.record_transfer(transfer, payout_id=payout_id, now=now)
        report.add(Placed(transfer, How.RECORDED))
    # What has come back may have been paid again by one of the lost transfers.
    report.reversals = sum(_take_back(reversal, now=now) for reversal in found.reversed)
    for transfer in found.lost:
        highest = found.highest.get(transfer.transfer_group, 0)
        report.add(place(transfer, highest_ordinal=highest, act=act, now=now))
    return report


def _take_back(reversal: Reversed, *, now: datetime) -> bool:
    """Record what came back of a transfer; return False if that has to wait for a bank payout in progress."""
    if reversal.bank_payout is not None:
        with suppress(SetAside):  # its outcome is already recorded
            sending.record_bank_payout(reversal.bank_payout, now=now)
    try:
        sending.record_reversal(reversal.transfer_id, reversal.amount, now=now)
    except NotYet:
        return False
    return True
