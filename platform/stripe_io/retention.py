"""How long handled events are kept."""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from database import sql

_FORGET = sql.read(Path(__file__).with_name("forget.sql"))
EVENTS_AT_ONCE = 1_000


def forget_events(*, now: datetime) -> bool:
    """Delete some events that were handled STRIPE_EVENT_DAYS ago; return whether there may be more.

    Unhandled, set aside and replayed events stay, and so do those whose text was replaced. Payouts have a history of
    their own, which needs no events.
    """
    before = now - timedelta(days=settings.STRIPE_EVENT_DAYS)
    return sql.run(_FORGET, {"before": before, "at_most": EVENTS_AT_ONCE}) == EVENTS_AT_ONCE
