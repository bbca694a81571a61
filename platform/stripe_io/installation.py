"""The database remembers which Stripe mode and platform account it serves, and since when."""

from datetime import datetime

from django.conf import settings

from stripe_io.errors import WrongCountry, WrongMode
from stripe_io.models import Installation, StripeMode


def configured_mode() -> StripeMode:
    if settings.LOCAL_MODE:
        return StripeMode.SANDBOX
    return StripeMode.LIVE if settings.STRIPE_LIVE_MODE else StripeMode.TEST


def verify() -> None:
    """Check that the database belongs to the configured mode and country, without asking Stripe.

    The first call sets the mode. `platform_account.verify` sets the country.

    Raises: WrongMode, WrongCountry.
    """
    mode = configured_mode()
    row = remembered()
    if row.mode != mode:
        raise WrongMode(remembered=row.mode, configured=mode)
    check_country(row.platform_country, account=row.platform_account)


def check_country(country: str, *, account: str) -> None:
    """Check that PLATFORM_COUNTRY is the country of the platform's account, which may be unknown (empty).

    Raises: WrongCountry.
    """
    if country and country != settings.PLATFORM_COUNTRY:
        raise WrongCountry(account=account, country=country, configured=settings.PLATFORM_COUNTRY)


def installed_at() -> datetime:
    """Return when this installation started; nothing from before then becomes due by itself."""
    return remembered().installed_at


def remembered() -> Installation:
    """Return the installation's row; the first call makes it."""
    row, made = Installation.objects.get_or_create(defaults={"mode": configured_mode()})
    if made:
        row.refresh_from_db()
    return row


def record_check(*, until: datetime, at: datetime) -> None:
    """Record that a check which ended `at` found all transfers at Stripe known, the newest created at `until`."""
    Installation.objects.update(checked_until=until, checked_at=at)


def forget_check() -> None:
    """Forget when transfers were last checked, so that they are checked again before any is sent."""
    Installation.objects.update(checked_at=None)
