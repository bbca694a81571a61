"""Reads of the inbox."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min

from stripe_io.models import InboxEvent


@dataclass(frozen=True, slots=True)
class Unhandled:
    """The stored events that wait for their handler, and how long the oldest has waited."""

    count: int
    oldest: timedelta


def unhandled_events(*, now: datetime) -> Unhandled:
    waiting = InboxEvent.objects.filter(handled_at=None).aggregate(
        count=Count("pk"), oldest=Min("received_at")
    )
    return Unhandled(waiting["count"], now - waiting["oldest"] if waiting["oldest"] else timedelta())
