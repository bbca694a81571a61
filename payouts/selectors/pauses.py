"""Reads about what stops sending."""

from payouts.models import SendingPause


def open_pauses() -> list[SendingPause]:
    """List what stops sending now, what stops all of it first, then by currency."""
    return list(SendingPause.objects.filter(lifted_at=None).order_by("currency", "started_at"))
