"""Reads about pauses of sending, and forecasts of too little money."""

from pathlib import Path

from database import sql
from payouts.models import Forecast, IgnoredInstallation, PauseCause, SendingPause

# A statement about a `payout`: which pauses stop it.
PAUSING = sql.read(Path(__file__).parent / "pausing.sql")


def open_pauses() -> list[SendingPause]:
    """List the open pauses: those of all sending first, then by currency."""
    return list(
        SendingPause.objects.filter(lifted_at=None).select_related("run").order_by("currency", "started_at")
    )


def behind_stripe() -> SendingPause | None:
    """Return the open pause that says the database is behind Stripe, if there is one."""
    return SendingPause.objects.filter(cause=PauseCause.BEHIND_STRIPE, lifted_at=None).first()


def latest_pause_after_refusals() -> SendingPause | None:
    """Return the latest pause because Stripe refused many creators alike, whether or not it still lasts."""
    return SendingPause.objects.filter(cause=PauseCause.REFUSALS).order_by("started_at").last()


def ignored_installations() -> list[IgnoredInstallation]:
    """List the other installations whose transfers are passed over, the first ignored first."""
    return list(IgnoredInstallation.objects.order_by("ignored_at"))


def latest_forecasts() -> list[Forecast]:
    """List the latest forecasts of the next run, by currency."""
    latest = Forecast.objects.order_by("-cutoff").values("cutoff")[:1]
    return list(Forecast.objects.filter(cutoff=latest).order_by("currency"))
