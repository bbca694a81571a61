"""The queue: finding due payouts and giving them to workers."""

import logging
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.models import Hold
from database import notices, sql
from payouts import policy
from payouts.errors import IllegalMove
from payouts.models import DifferenceKind, Payout
from payouts.services import differences
from payouts.services.deciding import funds, gate, pauses
from payouts.services.moves import locked, move
from payouts.services.sending.history import PAUSED
from payouts.states import PayoutStatus
from stripe_io.errors import StripeCallFailed

logger = logging.getLogger(__name__)
# The statuses in which a due payout has something to do.
ATTENDED = (
    PayoutStatus.PENDING,
    PayoutStatus.PROCESSING,
    PayoutStatus.UNRESOLVED,
    PayoutStatus.IN_TRANSIT,
    PayoutStatus.RETURNED,
)
_FOLDER = Path(__file__).parent
_DUE = sql.read(_FOLDER / "due.sql", paused=PAUSED)
_TAKE = sql.read(_FOLDER / "take.sql", due=_DUE)
_WORK = sql.read(_FOLDER / "work.sql", due=_DUE)
_WAKE = sql.read(_FOLDER / "wake.sql")


def prepare(*, now: datetime) -> bool:
    """Update holds and pauses; return whether new payouts may be sent.

    Nothing new is sent without knowing Stripe's transfers, which another database may have sent, and Stripe's balance:
    a currency that is short is paused before Stripe refuses.
    """
    release_unheld(now=now)
    pauses.probe_key(now=now)
    try:
        gate.open_for_due(now=now)
        funds.update_pauses(now=now)
    except StripeCallFailed as failed:
        logger.error("Stripe's transfers or balance are unknown, so nothing new is sent: %s", failed)
        if policy.refuses_key(failed.failure):
            pauses.pause_for_key(failed.failure, now=now)
        return False
    return True


def take_due(*, now: datetime, new: bool = True) -> UUID | None:
    """Take the payout that has been due longest, of those that no pause stops and no other worker has.

    Without `new`, skip payouts of which nothing has been sent.
    """
    for row in sql.rows(_TAKE, _params(now=now, new=new)):
        taken: UUID = row["id"]
        return taken
    return None


@transaction.atomic
def put_back(payout_id: UUID, error: Exception, *, now: datetime) -> None:
    """Retry a payout that our own code failed on, with a growing pause; after a day, open a difference too."""
    payout = locked(payout_id)
    since, errors = payout.failing_since or now, payout.errors + 1
    put = Payout.objects.filter(pk=payout_id, status__in=ATTENDED).update(
        errors=errors,
        failing_since=since,
        next_retry_at=policy.next_try_after_error(errors, now=now),
        taken_at=None,
    )
    if put and now - since >= policy.STUCK_AFTER:
        differences.open_difference(
            DifferenceKind.PAYOUT_STUCK,
            subject=str(payout_id),
            amount=payout.net,
            detail=f"{type(error).__name__}: {error}"[:1_000],
            payout=payout,
            now=now,
        )


def workers_wanted(*, now: datetime, new: bool, at_most: int) -> int:
    """Count the additional workers that due payouts need; `at_most` limits busy and additional workers together."""
    if at_most <= 0:
        return 0
    (work,) = sql.rows(_WORK, _params(now=now, new=new) | {"at_most": at_most})
    due, taken = int(work["due"]), int(work["taken"])
    return max(0, min(due, at_most - taken))


def _params(*, now: datetime, new: bool) -> dict[str, Any]:
    statuses = [status for status in ATTENDED if new or status != PayoutStatus.PENDING]
    return {"now": now, "statuses": statuses, "lost_before": now - policy.LEASE}


def wake(account: str, *, now: datetime) -> None:
    """Make the payouts due that wait for funds on a connected account, now that some are available."""
    if sql.run(_WAKE, {"account": account, "now": now}):
        notices.send_debounced_on_commit("payouts.sweep")


def release_unheld(*, now: datetime) -> None:
    """Resume held payouts whose creators no longer have an open hold."""
    held = Hold.objects.filter(creator=OuterRef("creator"), lifted_at=None)
    for payout in Payout.objects.filter(~Exists(held), status=PayoutStatus.ON_HOLD):
        with suppress(IllegalMove), transaction.atomic():
            move(payout, PayoutStatus.PENDING, now=now, reason="no hold is open", next_retry_at=now)
