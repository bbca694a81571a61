"""The gate in tests: shut, and found shut for good; and backups, restored."""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from database import sql
from payouts.models import PauseCause, SendingPause
from stripe_io.models import Installation
from tests.local_stripe import Stripe
from tests.payouts.sending import work


def shut() -> None:
    Installation.objects.update(checked_at=None)


def listings(sandbox: Stripe) -> int:
    """Count the requests for lists of transfers that Stripe received."""
    return int(sandbox.state("requests")["requests"].get("GET /v1/transfers", 0))


def behind() -> SendingPause | None:
    return SendingPause.objects.filter(cause=PauseCause.BEHIND_STRIPE, lifted_at=None).first()


def lose(*acts: Callable[[], Any]) -> None:
    """Act, and then restore the database as it was before; Stripe keeps what it has."""
    with transaction.atomic():
        for act in acts:
            act()
        transaction.set_rollback(True)


def pay() -> None:
    work(sql.now())
