"""`manage.py check_stripe`: whether Stripe is set up as this service needs it, and what to do where it isn't."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings

from stripe_io.checking import account, permissions, webhooks
from stripe_io.checking.findings import Finding, State
from stripe_io.client import connect

__all__ = ["Finding", "State", "check_stripe"]


def check_stripe(*, now: datetime) -> Iterator[Finding]:
    """Check the account, its settings, the key's permissions and the webhooks, each by reading it from Stripe.

    If the key is refused, or another account's, nothing else is checked. `now` is the database's time.
    """
    whose = account.check_key()
    yield whose
    if whose.ends_the_check:
        return
    client = connect(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)
    yield from account.check(client, now=now)
    yield from permissions.check(client)
    yield from webhooks.check(client)
