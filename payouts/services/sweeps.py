"""Finding what is due: payouts to send, to ask about, to take to the bank, to release."""

import logging
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import Hold
from payouts import policy
from payouts.errors import IllegalMove
from payouts.models import Payout
from payouts.services import funds, pauses
from payouts.services.moves import move
from payouts.states import PayoutStatus
from stripe_io.errors import StripeCallFailed

logger = logging.getLogger(__name__)
# A task that was queued this long ago, is not on the queue and has not taken its payout is taken for lost.
LOST_AFTER = timedelta(minutes=2)
TASK_OF = {
    PayoutStatus.PENDING: "payouts.send_transfer",
    PayoutStatus.PROCESSING: "payouts.send_transfer",
    PayoutStatus.UNRESOLVED: "payouts.send_transfer",
    PayoutStatus.IN_TRANSIT: "payouts.send_bank_payout",
    PayoutStatus.RETURNED: "payouts.attend_returned",
}


# Of the others nothing was sent yet: they start only when it is known what there is to send.
UNDER_WAY = tuple(status for status in TASK_OF if status != PayoutStatus.PENDING)


def find_due(*, now: datetime, at_most: int, waiting: int = 0) -> list[tuple[str, UUID]]:
    """Find what is due and may go on, the longest due first, as (task, payout id), each once.

    `waiting` tasks are on the queue already.

    Nothing new is sent unless Stripe says what is available: too little pauses a currency before it is refused.
    """
    release_unheld(now=now)
    pauses.probe_key(now=now)
    statuses: Collection[PayoutStatus] = TASK_OF
    try:
        funds.weigh(now=now)
    except StripeCallFailed as failed:
        logger.error("Stripe can't say what is available, so nothing new is sent: %s", failed)
        if policy.refuses_key(failed.failure):
            pauses.pause_for_key(failed.failure, now=now)
        statuses = UNDER_WAY
    return take_due(now=now, at_most=at_most, waiting=waiting, statuses=statuses)


@transaction.atomic
def take_due(
    *, now: datetime, at_most: int, waiting: int = 0, statuses: Collection[PayoutStatus] = TASK_OF
) -> list[tuple[str, UUID]]:
    """Pick payouts that are due, on no worker's queue and not paused, oldest first, as (task, payout id)."""
    due = (
        Payout.objects.filter(
            Q(queued_at=None) | Q(queued_at__lt=_lost_before(now, waiting=waiting)),
            pauses.sendable(),
            next_retry_at__lte=now,
            status__in=statuses,
        )
        .order_by("next_retry_at", "pk")
        .select_for_update(skip_locked=True, no_key=True)
        .values_list("status", "pk")[:at_most]
    )
    picked = [(TASK_OF[PayoutStatus(status)], pk) for status, pk in due]
    Payout.objects.filter(pk__in=[pk for _, pk in picked]).update(queued_at=now)
    return picked


def _lost_before(now: datetime, *, waiting: int) -> datetime:
    """Return the moment before which a payout was queued if its task was lost: it has had time, and isn't waiting.

    Workers take tasks in order, so those that wait are of the payouts that were queued last.
    """
    lost_before = now - LOST_AFTER
    if not waiting:
        return lost_before
    queued = Payout.objects.filter(queued_at__isnull=False).order_by("-queued_at")
    longest = queued.values_list("queued_at", flat=True)[waiting - 1 : waiting].first()
    return min(lost_before, longest) if longest else datetime.min.replace(tzinfo=UTC)


def release_unheld(*, now: datetime) -> None:
    """Let payouts go on whose creators have no open hold any more."""
    held = Hold.objects.filter(creator=OuterRef("creator"), lifted_at=None)
    for payout in Payout.objects.filter(~Exists(held), status=PayoutStatus.ON_HOLD):
        with suppress(IllegalMove), transaction.atomic():
            move(payout, PayoutStatus.PENDING, now=now, reason="no hold is open", next_retry_at=now)
