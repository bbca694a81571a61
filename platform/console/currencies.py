"""The order of currencies on a page."""

from django.conf import settings


def default_first(currency: str) -> tuple[bool, str]:
    """Return a key that sorts currencies by code, the platform's own before all others."""
    return currency != settings.DEFAULT_CURRENCY, currency
