"""Addresses of ours, as others see them."""

from urllib.parse import urlsplit, urlunsplit

from django.conf import settings


def public_link(link: str) -> str:
    """Return a link to ourselves as it works from outside, whatever Host a proxy has passed on."""
    return settings.PUBLIC_URL + urlunsplit(urlsplit(link)._replace(scheme="", netloc=""))
