"""Reads about what stops sending, or is going to."""

from payouts.models import Forecast, SendingPause


def open_pauses() -> list[SendingPause]:
    """List what stops sending now, what stops all of it first, then by currency."""
    return list(SendingPause.objects.filter(lifted_at=None).order_by("currency", "started_at"))


def latest_forecasts() -> list[Forecast]:
    """List what was last expected of the next run, by currency."""
    latest = Forecast.objects.order_by("-cutoff").values("cutoff")[:1]
    return list(Forecast.objects.filter(cutoff=latest).order_by("currency"))
