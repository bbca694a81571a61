"""The inbox: store each event once, and hand it to its handler until it is handled."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.db import transaction

from database import acts, notices, sql, texts
from database.acts import Kind
from database.staff import Act
from stripe_io import mirror
from stripe_io.errors import NotYet, SetAside
from stripe_io.handlers import StripeEvent, handler_of
from stripe_io.models import InboxEvent, InboxOutcome, Replay
from stripe_io.reading import account_of, object_of

# Longer than any handler takes; until it ends, other workers find the event taken.
LEASE = timedelta(minutes=1)
FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(hours=6)
_TAKE = sql.read(Path(__file__).with_name("take.sql"))
NOT_OURS = "this service doesn't act on this event type"
_STORE = """
INSERT INTO stripe_inbox (event_id, type, account, object_id, tries, error, outcome, note, handled_at)
VALUES (
    %(id)s, %(type)s, %(account)s, %(object_id)s, 0, '', %(outcome)s, %(note)s,
    CASE WHEN %(outcome)s <> '' THEN now() END
)
ON CONFLICT DO NOTHING
"""


class _Taken(NamedTuple):
    """An event that belongs to this worker until its lease ends."""

    event: StripeEvent
    tries: int
    now: datetime


@transaction.atomic
def store_event(event: Mapping[str, Any]) -> bool:
    """Store a verified event in dj-stripe's Event table and the inbox; return False if it was already there.

    Parallel deliveries need no lock: the event's id is unique.
    """
    mirror.remember_event(event)
    acted_on = handler_of(event["type"]) is not None
    outcome = (
        {"outcome": "", "note": ""} if acted_on else {"outcome": InboxOutcome.SET_ASIDE, "note": NOT_OURS}
    )
    params = {
        "id": event["id"],
        "type": event["type"],
        "account": account_of(event) or "",
        "object_id": object_of(event),
    }
    stored = sql.run(_STORE, params | outcome)
    if stored and acted_on:
        notices.send_debounced_on_commit("stripe_io.sweep_inbox")
    return stored == 1


def handle_due(*, at_most: int) -> int:
    """Handle up to `at_most` due events, oldest first; return how many were taken.

    Workers that run this in parallel share the events.
    """
    for count in range(at_most):
        taken = _take(event_id=None, now=sql.now())
        if taken is None:
            return count
        _handle(taken)
    return at_most


def handle_event(*, event_id: str, now: datetime) -> bool:
    """Handle one stored event, unless it is handled, taken or not due; return whether this handled it."""
    taken = _take(event_id=event_id, now=now)
    return taken is not None and _handle(taken)


def _take(*, event_id: str | None, now: datetime) -> _Taken | None:
    for row in sql.rows(_TAKE, {"event_id": event_id, "now": now, "lease": LEASE}):
        event = StripeEvent(
            id=row["event_id"],
            type=row["type"],
            account=row["account"],
            created=row["created"],
            due_since=row["since"],
            object=json.loads(row["object"] or "{}"),
        )
        return _Taken(event, tries=row["tries"], now=now)
    return None


def _handle(taken: _Taken) -> bool:
    """Hand an event to its handler; after an error, keep the error and retry with a backoff that doubles."""
    handler = handler_of(taken.event.type)
    outcome, note, error = InboxOutcome.HANDLED, "", ""
    try:
        if handler is None:
            raise SetAside(NOT_OURS)
        handler(taken.event)
    except SetAside as reason:
        outcome, note = InboxOutcome.SET_ASIDE, str(reason)
    except NotYet as reason:
        error = f"not yet: {reason}"
    except Exception as failure:
        error = texts.storable(f"{type(failure).__name__}: {failure}")
    # A worker that took the event since then has counted another try.
    mine = InboxEvent.objects.filter(event=taken.event.id, tries=taken.tries)
    if error:
        retry = min(FIRST_RETRY * 2 ** (min(taken.tries, 20) - 1), LONGEST_RETRY)
        mine.update(error=error, next_try_at=taken.now + retry)
        return False
    mine.update(error="", outcome=outcome, note=note, handled_at=taken.now)
    return True


@transaction.atomic
def ask_for_replay(*, event_id: str, act: Act, now: datetime) -> None:
    """Make a stored event due again, whatever its outcome was. The caller handles it, or else the sweep does."""
    row = InboxEvent.objects.select_for_update(no_key=True).get(event=event_id)
    recorded = acts.record(act, Kind.REPLAY_EVENT, subject=row, before={"outcome": row.outcome})
    Replay.objects.create(
        event=row,
        actor=act.actor,
        reason=act.reason,
        act=recorded,
        outcome_before=row.outcome,
        note_before=row.note or row.error,
        asked_at=now,
    )
    InboxEvent.objects.filter(event=event_id).update(
        outcome="", note="", error="", handled_at=None, next_try_at=now
    )
