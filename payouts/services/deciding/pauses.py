"""Pausing all sending, by staff or because Stripe refuses our API key, and resuming it."""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from database import acts, notices
from database.acts import Kind
from database.models import RecordedAct
from database.staff import SYSTEM, Act
from payouts import gateway, policy, selectors
from payouts.errors import AlreadyPaused, BehindStripe, NotPaused
from payouts.models import PauseCause, PayoutRun, SendingPause
from stripe_io.errors import Failure, StripeCallFailed

logger = logging.getLogger(__name__)
# Lifted only by staff, or when Stripe accepts our API key again. While the database is behind Stripe, only by recovery.
OF_ALL_SENDING = (PauseCause.KEY_REFUSED, PauseCause.STAFF, PauseCause.REFUSALS)


class PauseFacts(TypedDict, total=False):
    """The details of a pause; see SendingPause."""

    currency: str
    run: PayoutRun
    needed: int
    available: int
    covered_until: UUID | None
    at_most: int | None
    refusals: int
    refusal: str
    probe_at: datetime


@transaction.atomic
def pause_sending(*, act: Act, now: datetime) -> SendingPause:
    """Stop all sending until staff resume it; a call to Stripe in progress still completes.

    Raises: AlreadyPaused if staff have paused it before; that pause keeps its actor and reason.
    """
    pause, opened = SendingPause.objects.get_or_create(
        cause=PauseCause.STAFF,
        currency="",
        lifted_at=None,
        defaults={"detail": act.reason, "started_by": act.actor, "started_at": now, "probe_at": now},
    )
    if not opened:
        raise AlreadyPaused(Act(pause.started_by, pause.detail), since=pause.started_at)
    pause.act = acts.record(act, Kind.PAUSE_SENDING, subject=pause)
    pause.save(update_fields=["act"])
    logger.error("sending is paused: %s", act.reason)
    return pause


@transaction.atomic
def resume_sending(*, act: Act, now: datetime) -> int:
    """Lift every pause of all sending that staff may lift, and return how many; those of a currency or a run stay.

    Raises: NotPaused; BehindStripe if there is only the pause that recovery lifts.
    """
    lifted = lift(Q(cause__in=OF_ALL_SENDING), act=act, now=now)
    if lifted:
        attribute(lifted, to=acts.record(act, Kind.RESUME_SENDING, after={"pauses_lifted": len(lifted)}))
        return len(lifted)
    if (behind := selectors.behind_stripe()) is not None:
        raise BehindStripe(behind.detail)
    raise NotPaused


def pause_for_key(failure: Failure, *, now: datetime) -> None:
    """Stop all sending while Stripe refuses our API key or its permissions."""
    open_pause(
        PauseCause.KEY_REFUSED,
        detail=f"Stripe answers {failure.http_status}: {failure.message}"
        if failure.http_status
        else failure.message,
        probe_at=now + policy.PROBE_KEY_AFTER,
        now=now,
    )


def probe_key(*, now: datetime) -> None:
    """Resume once Stripe accepts our API key again; if it still lacks a permission, the next send pauses again."""
    due = Q(cause=PauseCause.KEY_REFUSED, probe_at__lte=now)
    if not SendingPause.objects.filter(due, lifted_at=None).exists():
        return
    try:
        gateway.available_balance()
    except StripeCallFailed as error:
        logger.error("sending stays paused: %s", error)
        SendingPause.objects.filter(due, lifted_at=None).update(probe_at=now + policy.PROBE_KEY_AFTER)
        return
    lift(due, act=Act(SYSTEM, "Stripe accepts our API key again"), now=now)


def open_pause(cause: PauseCause, *, detail: str, now: datetime, **facts: Unpack[PauseFacts]) -> SendingPause:
    """Open a pause, or update the one that is open for this cause, currency and run."""
    values = {"detail": detail, **facts}
    pause, opened = SendingPause.objects.update_or_create(
        cause=cause,
        currency=facts.get("currency", ""),
        run=facts.get("run"),
        lifted_at=None,
        defaults=values,
        create_defaults=values | {"started_by": SYSTEM, "started_at": now},
    )
    if opened:
        logger.error("sending is paused: %s", detail)
    return pause


@transaction.atomic
def lift(which: Q, *, act: Act, now: datetime) -> list[UUID]:
    """Lift the matching open pauses, and have what they stopped sent at once; return which were lifted."""
    matching = SendingPause.objects.filter(which, lifted_at=None)
    lifted = list(matching.select_for_update(no_key=True).values_list("pk", flat=True))
    if lifted:
        SendingPause.objects.filter(pk__in=lifted).update(
            lifted_by=act.actor, lift_reason=act.reason, lifted_at=now
        )
        logger.warning("sending resumes: %s", act.reason)
        notices.send_debounced_on_commit("payouts.sweep")
    return lifted


def attribute(lifted: Iterable[UUID], *, to: RecordedAct | None) -> None:
    """Name the act by which staff lifted these pauses."""
    SendingPause.objects.filter(pk__in=lifted).update(lift_act=to)
