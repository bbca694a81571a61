"""When runs are due, and up to which day they pay."""

from datetime import date, datetime

from django.conf import settings

from money import midnight, month_of
from payouts.models import PayoutRun
from stripe_io import installation


def due_at(cutoff: date) -> datetime:
    """Return when a cut-off's run falls due."""
    return midnight(cutoff.replace(day=settings.PAYOUT_DAY))


def latest_due_cutoff(*, now: datetime) -> date:
    """Return the latest cut-off whose payout day (`PAYOUT_DAY`) has come."""
    month = month_of(now)
    return month.start if due_at(month.start) <= now else month.previous_month().start


def unmade_cutoff(*, now: datetime) -> date | None:
    """Return the latest due cut-off if its run hasn't been completed.

    Only cut-offs that fell due after the installation count; older runs are made by command.
    """
    cutoff = latest_due_cutoff(now=now)
    if due_at(cutoff) < installation.installed_at():
        return None
    made = PayoutRun.objects.filter(cutoff=cutoff, completed_at__isnull=False).exists()
    return None if made else cutoff


def next_cutoff(*, now: datetime) -> date:
    """Return the next run's cut-off."""
    return unmade_cutoff(now=now) or month_of(latest_due_cutoff(now=now)).end
