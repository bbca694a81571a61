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
    remembered = Installation.objects.get_or_create(defaults={"mode": mode})[0].mode
    if remembered != mode:
        raise WrongMode(remembered=remembered, configured=mode)


def installed_at() -> datetime:
    """Return when this installation started; nothing from before then becomes due by itself."""
    return Installation.objects.get_or_create(defaults={"mode": configured_mode()})[0].installed_at
