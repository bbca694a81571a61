"""Pausing all sending, because Stripe refuses our key or staff say so, and going on."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.errors import ReasonMissing
from database import notices
from payouts import gateway, policy
from payouts.models import PauseCause, Payout, SendingPause
from payouts.services.moves import SYSTEM
from stripe_io.errors import Failure, StripeCallFailed

logger = logging.getLogger(__name__)
# What only a person, or Stripe taking our key again, may lift.
_OF_ALL_SENDING = (PauseCause.KEY_REFUSED, PauseCause.STAFF)


def stops(payout: Payout) -> bool:
    """Tell whether the payout must not be sent, nor asked about, now."""
    return any(pause.stops(payout) for pause in SendingPause.objects.filter(lifted_at=None))


def pause_sending(*, reason: str, actor: str, now: datetime) -> SendingPause:
    """Have nothing sent to anybody until staff resume it; what is being sent this moment still is.

    Raises: ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    return open_pause(PauseCause.STAFF, detail=reason.strip(), started_by=actor, probe_at=now, now=now)


def resume_sending(*, reason: str, actor: str, now: datetime) -> int:
    """Lift every pause of all sending, return how many; one for want of funds ends only when they are there.

    Raises: ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    return lift(Q(cause__in=_OF_ALL_SENDING), reason=reason.strip(), actor=actor, now=now)


def pause_for_key(failure: Failure, *, now: datetime) -> None:
    """Have nothing sent while Stripe refuses our key, or what it may do."""
    open_pause(
        PauseCause.KEY_REFUSED,
        detail=f"Stripe answers {failure.http_status}: {failure.message}",
        probe_at=now + policy.PROBE_KEY_AFTER,
        now=now,
    )


def probe_key(*, now: datetime) -> None:
    """Go on once Stripe takes our key again; if it still may not do what we ask, the next send pauses anew."""
    due = Q(cause=PauseCause.KEY_REFUSED, probe_at__lte=now)
    if not SendingPause.objects.filter(due, lifted_at=None).exists():
        return
    try:
        gateway.available_balance()
    except StripeCallFailed as refused:
        logger.error("sending stays paused: %s", refused)
        SendingPause.objects.filter(due, lifted_at=None).update(probe_at=now + policy.PROBE_KEY_AFTER)
        return
    lift(due, reason="Stripe takes our key again", actor=SYSTEM, now=now)


def open_pause(
    cause: PauseCause, *, detail: str, now: datetime, started_by: str = SYSTEM, **facts: Any
) -> SendingPause:
    """Write down why nothing is sent, or bring the open pause up to date."""
    known = {"detail": detail, **facts}
    pause, opened = SendingPause.objects.update_or_create(
        cause=cause,
        currency=facts.get("currency", ""),
        lifted_at=None,
        defaults=known,
        create_defaults=known | {"started_by": started_by, "started_at": now},
    )
    if opened:
        logger.error("sending is paused: %s", detail)
    return pause


@transaction.atomic
def lift(which: Q, *, reason: str, actor: str, now: datetime) -> int:
    """Lift the open pauses that fit, and have what they stopped sent at once."""
    lifted = SendingPause.objects.filter(which, lifted_at=None).update(
        lifted_by=actor, lift_reason=reason, lifted_at=now
    )
    if lifted:
        logger.warning("sending goes on: %s", reason)
        notices.send_debounced_on_commit("payouts.sweep")
    return lifted
