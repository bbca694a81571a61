"""The database remembers which Stripe mode it serves, and since when."""

from datetime import datetime

from django.conf import settings

from stripe_io.errors import WrongMode
from stripe_io.models import Installation, StripeMode


def configured_mode() -> StripeMode:
    if settings.LOCAL_MODE:
        return StripeMode.SANDBOX
    return StripeMode.LIVE if settings.STRIPE_LIVE_MODE else StripeMode.TEST


def verify() -> None:
    """Check that the database belongs to the configured mode; the first call sets it.

    Raises: WrongMode.
    """
    mode = configured_mode()
    row, _ = Installation.objects.get_or_create(defaults={"mode": mode})
    if row.mode != mode:
        raise WrongMode(remembered=row.mode, configured=mode)


def installed_at() -> datetime:
    """Return when this installation started; nothing from before then becomes due by itself."""
    return remembered().installed_at


def remembered() -> Installation:
    """Return the installation's row; the first call makes it."""
    row, made = Installation.objects.get_or_create(defaults={"mode": configured_mode()})
    if made:
        row.refresh_from_db()
    return row
