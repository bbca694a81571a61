"""Pausing all sending, by staff or because Stripe refuses our API key, and resuming it."""

import logging
import re
from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q

from database import notices
from database.staff import SYSTEM, Act
from payouts import gateway, policy
from payouts.errors import AlreadyPaused, NotPaused
from payouts.models import PauseCause, PayoutAttempt, SendingPause
from payouts.states import AttemptKind, AttemptStatus
from stripe_io.errors import Failure, StripeCallFailed

logger = logging.getLogger(__name__)
# Lifted only by staff, or when Stripe accepts our API key again.
_OF_ALL_SENDING = (PauseCause.KEY_REFUSED, PauseCause.STAFF, PauseCause.REFUSALS)
# When Stripe refuses this many different creators in a row for the same reason, new payouts stop.
REFUSALS_IN_A_ROW = 10
_IDS = re.compile(r"\b[a-z]+_\w+|\d+")


class PauseFacts(TypedDict, total=False):
    """The details of a pause; see SendingPause."""

    currency: str
    needed: int
    available: int
    covered_until: UUID | None
    probe_at: datetime


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
    logger.error("sending is paused: %s", act.reason)
    return pause


def resume_sending(*, act: Act, now: datetime) -> int:
    """Lift every pause of all sending, and return how many; pauses for lack of funds stay.

    Raises: NotPaused.
    """
    lifted = lift(Q(cause__in=_OF_ALL_SENDING), act=act, now=now)
    if not lifted:
        raise NotPaused
    return lifted


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


def pause_after_refusals(*, now: datetime) -> None:
    """Stop sending new payouts if the last transfers, each of another creator, were all refused alike.

    Then the cause is probably the platform's, not theirs. Refusals from before staff resumed don't count again.
    """
    resumed = SendingPause.objects.filter(cause=PauseCause.REFUSALS).aggregate(at=Max("lifted_at"))["at"]
    ended = PayoutAttempt.objects.filter(
        kind=AttemptKind.TRANSFER, status__in=(AttemptStatus.SUCCEEDED, AttemptStatus.REFUSED)
    )
    if resumed is not None:
        ended = ended.filter(ended_at__gt=resumed)
    # Ids are in order of time.
    row = list(ended.order_by("-pk").select_related("payout")[:REFUSALS_IN_A_ROW])
    creators = {attempt.payout.creator_id for attempt in row}
    reasons = {_reason(attempt) for attempt in row}
    if len(creators) == REFUSALS_IN_A_ROW and len(reasons) == 1 and row[0].status == AttemptStatus.REFUSED:
        open_pause(
            PauseCause.REFUSALS,
            detail=f"Stripe refused {REFUSALS_IN_A_ROW} creators in a row: {row[0].error_message}",
            probe_at=now,
            now=now,
        )


def _reason(attempt: PayoutAttempt) -> str:
    """Return why Stripe refused: its code, else its sentence without ids; empty if it didn't."""
    if attempt.status != AttemptStatus.REFUSED:
        return ""
    coded = attempt.error_code and attempt.error_code != "invalid_request_error"
    return attempt.error_code if coded else _IDS.sub("", attempt.error_message)


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
    """Open a pause, or update the one that is open for this cause and currency."""
    values = {"detail": detail, **facts}
    pause, opened = SendingPause.objects.update_or_create(
        cause=cause,
        currency=facts.get("currency", ""),
        lifted_at=None,
        defaults=values,
        create_defaults=values | {"started_by": SYSTEM, "started_at": now},
    )
    if opened:
        logger.error("sending is paused: %s", detail)
    return pause


@transaction.atomic
def lift(which: Q, *, act: Act, now: datetime) -> int:
    """Lift the matching open pauses, and have what they stopped sent at once."""
    lifted = SendingPause.objects.filter(which, lifted_at=None).update(
        lifted_by=act.actor, lift_reason=act.reason, lifted_at=now
    )
    if lifted:
        logger.warning("sending resumes: %s", act.reason)
        notices.send_debounced_on_commit("payouts.sweep")
    return lifted
