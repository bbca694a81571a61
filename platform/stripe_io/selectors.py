"""Reads of the inbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet

from stripe_io.models import BodyReason, InboxEvent, KeptBody


@dataclass(frozen=True, slots=True)
class Unhandled:
    """The stored events that are waiting for their handler, and how long the oldest has waited."""

    count: int
    oldest: timedelta


def unhandled_events(*, now: datetime) -> Unhandled:
    waiting = InboxEvent.objects.filter(handled_at=None).aggregate(
        count=Count("pk"), oldest=Min("received_at")
    )
    return Unhandled(waiting["count"], now - waiting["oldest"] if waiting["oldest"] else timedelta())


def stored_events(
    *, ids: Sequence[str], types: Sequence[str], since: datetime | None, until: datetime | None
) -> list[str]:
    """List the ids of the events received in [since, until), oldest first.

    Empty ids or types, or None as a time, don't restrict the list.
    """
    found = InboxEvent.objects.order_by("received_at", "pk")
    if ids:
        found = found.filter(event__in=ids)
    if types:
        found = found.filter(type__in=types)
    if since:
        found = found.filter(received_at__gte=since)
    if until:
        found = found.filter(received_at__lt=until)
    return [str(event_id) for event_id in found.values_list("event_id", flat=True)]


def objects_under_way(*, since: datetime) -> list[str]:
    """List the ids of the objects of events that arrived since then and aren't handled yet."""
    waiting = InboxEvent.objects.filter(handled_at=None, received_at__gte=since)
    named = waiting.values_list("event__data__object__id", flat=True)
    return [str(object_id) for object_id in named if object_id]


def bodies_set_aside() -> dict[BodyReason, int]:
    """Count the signed bodies that are set aside, by reason, zeros included."""
    rows = KeptBody.objects.filter(event=None).order_by("reason").values_list("reason")
    counts = dict(rows.annotate(Count("pk")))
    return {reason: counts.get(reason, 0) for reason in BodyReason if reason != BodyReason.TEXT}


def chosen_bodies(*, digests: Sequence[str], reasons: Sequence[str]) -> list[KeptBody]:
    """List the bodies with these digests, and those set aside for these reasons, oldest first."""
    chosen = Q(digest__in=digests) | Q(reason__in=reasons, event=None)
    return list(KeptBody.objects.filter(chosen).order_by("received_at", "pk"))


def events_with_id(event_id: str) -> QuerySet[InboxEvent]:
    return InboxEvent.objects.filter(pk=event_id)


def bodies_of_event(event_id: str) -> QuerySet[KeptBody]:
    """Select the kept bodies in which Stripe told of this event, without their content."""
    return KeptBody.objects.filter(told_id=event_id).exclude(told_id="").defer("body")
