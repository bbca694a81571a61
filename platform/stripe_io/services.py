"""The inbox: store an event once, hand it to its handler until it is handled."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from database import notices, sql
from stripe_io import mirror
from stripe_io.errors import NotYet, ReplayUnexplained, SetAside
from stripe_io.handlers import StripeEvent, handler_of
from stripe_io.models import InboxEvent, InboxOutcome, Replay

# Long enough for any handler; another delivery of the task finds the event taken until then.
LEASE = timedelta(minutes=1)
FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(hours=6)
NOT_OURS = "no part of this service acts on this type"
_STORE = """
INSERT INTO stripe_inbox (event_id, type, account, tries, error, outcome, note, handled_at)
VALUES (
    %(id)s, %(type)s, %(account)s, 0, '', %(outcome)s, %(note)s,
    CASE WHEN %(outcome)s <> '' THEN now() END
)
ON CONFLICT DO NOTHING
"""


@transaction.atomic
def store_event(event: Mapping[str, Any]) -> bool:
    """Store a verified event in dj-stripe's Event table and the inbox; return False if it was there before.

    No lock is needed against deliveries in parallel: the event's unique id is one.
    """
    mirror.remember_event(event)
    acted_on = handler_of(event["type"]) is not None
    outcome = (
        {"outcome": "", "note": ""} if acted_on else {"outcome": InboxOutcome.SET_ASIDE, "note": NOT_OURS}
    )
    names = {"id": event["id"], "type": event["type"], "account": event.get("account") or ""}
    stored = sql.run(_STORE, names | outcome)
    if stored and acted_on:
        notices.send_on_commit("stripe_io.handle_event", event_id=event["id"])
    return stored == 1


def handle_event(*, event_id: str, now: datetime) -> bool:
    """Hand one stored event to its handler, unless it is handled, taken, or not due; return whether it is now handled.

    An error is kept with the event, which is tried again after a while that doubles each time.
    """
    taken = InboxEvent.objects.filter(event=event_id, handled_at=None, next_try_at__lte=now)
    if not taken.update(tries=F("tries") + 1, next_try_at=now + LEASE):
        return False
    row = InboxEvent.objects.select_related("event").get(event=event_id)
    handler = handler_of(row.type)
    outcome, note, error = InboxOutcome.HANDLED, "", ""
    try:
        if handler is None:
            raise SetAside(NOT_OURS)
        handler(_told(row.event, account=row.account))
    except SetAside as reason:
        outcome, note = InboxOutcome.SET_ASIDE, str(reason)
    except NotYet as reason:
        error = f"not yet: {reason}"
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}".replace("\0", "\ufffd")
    mine = InboxEvent.objects.filter(event=event_id, handled_at=None, tries=row.tries)
    if error:
        retry = min(FIRST_RETRY * 2 ** (min(row.tries, 20) - 1), LONGEST_RETRY)
        mine.update(error=error, next_try_at=now + retry)
        return False
    mine.update(error="", outcome=outcome, note=note, handled_at=now)
    return True


@transaction.atomic
def ask_for_replay(*, event_id: str, reason: str, actor: str, now: datetime) -> None:
    """Make a stored event due once more, whatever became of it: for whoever asks to handle, or else the sweep.

    Raises: ReplayUnexplained.
    """
    if not reason.strip() or not actor.strip():
        raise ReplayUnexplained
    row = InboxEvent.objects.select_for_update(no_key=True).get(event=event_id)
    Replay.objects.create(
        event=row,
        actor=actor,
        reason=reason.strip(),
        outcome_before=row.outcome,
        note_before=row.note or row.error,
        asked_at=now,
    )
    InboxEvent.objects.filter(event=event_id).update(
        outcome="", note="", error="", handled_at=None, next_try_at=now
    )


def due_events(*, now: datetime, limit: int = 1000) -> list[str]:
    """List the ids of events whose handling is due, oldest first."""
    due = InboxEvent.objects.filter(handled_at=None, next_try_at__lte=now).order_by("next_try_at")
    return [str(event_id) for event_id in due.values_list("event_id", flat=True)[:limit]]


def _told(event: Any, *, account: str) -> StripeEvent:
    return StripeEvent(
        id=event.id,
        type=event.type,
        account=account,
        created=event.created,
        object=event.data.get("object") or {},
    )
