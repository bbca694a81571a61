"""Our own addresses, as callers see them."""

from urllib.parse import urlsplit, urlunsplit

from django.conf import settings


def public_link(link: str) -> str:
    """Make a link to ourselves that works from outside, whatever Host a proxy passed on."""
    return settings.PUBLIC_URL + urlunsplit(urlsplit(link)._replace(scheme="", netloc=""))
