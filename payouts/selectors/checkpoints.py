"""Reads about checks of the books."""

from datetime import datetime, timedelta

from payouts.models import BooksCheckpoint


def books_unchecked_for(*, now: datetime) -> timedelta:
    """Return how long ago the books were last found to hold; zero before the first check."""
    last = BooksCheckpoint.objects.order_by("-pk").first()
    return now - last.checked_at if last else timedelta()
