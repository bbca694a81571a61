"""Pausing all sending, because Stripe refuses our key or staff say so, and going on."""

import logging
from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from database import notices
from database.staff import SYSTEM, Act
from payouts import gateway, policy
from payouts.errors import AlreadyPaused, NotPaused
from payouts.models import PauseCause, SendingPause
from stripe_io.errors import Failure, StripeCallFailed

logger = logging.getLogger(__name__)
# What only a person, or Stripe taking our key again, may lift.
_OF_ALL_SENDING = (PauseCause.KEY_REFUSED, PauseCause.STAFF)


class PauseFacts(TypedDict, total=False):
    """What is known of a pause beside its cause; see SendingPause."""

    currency: str
    needed: int
    available: int
    covered_until: UUID | None
    probe_at: datetime


def pause_sending(*, act: Act, now: datetime) -> SendingPause:
    """Have nothing sent to anybody until staff resume it; what is being sent this moment still is.

    Raises: AlreadyPaused by staff: who did, and why, stays as it is.
    """
    pause, opened = SendingPause.objects.get_or_create(
        cause=PauseCause.STAFF,
        currency="",
        lifted_at=None,
        defaults={"detail": act.reason, "started_by": act.actor, "started_at": now, "probe_at": now},
    )
    if not opened:
        raise AlreadyPaused(Act(pause.started_by, pause.detail), since=pause.started_at)
    logger.error("sending is paused: %s", act.reason)
    return pause


def resume_sending(*, act: Act, now: datetime) -> int:
    """Lift every pause of all sending, return how many; one for want of funds ends only when they are there.

    Raises: NotPaused.
    """
    lifted = lift(Q(cause__in=_OF_ALL_SENDING), act=act, now=now)
    if not lifted:
        raise NotPaused
    return lifted


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
    lift(due, act=Act(SYSTEM, "Stripe takes our key again"), now=now)


def open_pause(cause: PauseCause, *, detail: str, now: datetime, **facts: Unpack[PauseFacts]) -> SendingPause:
    """Write down why the service sends nothing, or bring the open pause up to date."""
    known = {"detail": detail, **facts}
    pause, opened = SendingPause.objects.update_or_create(
        cause=cause,
        currency=facts.get("currency", ""),
        lifted_at=None,
        defaults=known,
        create_defaults=known | {"started_by": SYSTEM, "started_at": now},
    )
    if opened:
        logger.error("sending is paused: %s", detail)
    return pause


@transaction.atomic
def lift(which: Q, *, act: Act, now: datetime) -> int:
    """Lift the open pauses that fit, and have what they stopped sent at once."""
    lifted = SendingPause.objects.filter(which, lifted_at=None).update(
        lifted_by=act.actor, lift_reason=act.reason, lifted_at=now
    )
    if lifted:
        logger.warning("sending goes on: %s", act.reason)
        notices.send_debounced_on_commit("payouts.sweep")
    return lifted
