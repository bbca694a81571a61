"""Retries that the service makes by itself give way to the next run."""

from contextlib import suppress
from datetime import date, datetime

from django.db import transaction

from ledger.models import AccountKind
from payouts.errors import IllegalMove
from payouts.models import Payout, PayoutRun
from payouts.services.moves import CANCELLABLE, locked, move, release_earnings
from payouts.states import PayoutStatus


def cancel_waiting_retries(cutoff: date, *, now: datetime) -> None:
    """Cancel retries of earlier runs of which nothing was sent, so that the run up to `cutoff` pays their earnings."""
    waiting = Payout.objects.filter(retry_number__gt=0, status__in=CANCELLABLE, run__cutoff__lt=cutoff)
    for payout_id in waiting.order_by("pk").values_list("pk", flat=True):
        # One that is being sent by now goes on.
        with suppress(IllegalMove), transaction.atomic():
            payout = locked(payout_id)
            reason = f"the {PayoutRun(cutoff=cutoff)} pays its earnings"
            move(payout, PayoutStatus.CANCELLED, now=now, reason=reason, next_retry_at=None)
            release_earnings(payout, held_in=AccountKind.PAYOUTS_RESERVED)
