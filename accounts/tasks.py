"""What beat does about accounts."""

from datetime import timedelta

from celery import shared_task

from accounts import selectors
from accounts.services import holds, syncing
from database import sql

# Well before CELERY_VISIBILITY_TIMEOUT gives the task to another worker; the rest is for the next hour.
LONGEST_SYNC = timedelta(minutes=10)


@shared_task(name="accounts.lift_expired_holds")
def lift_expired_holds() -> None:
    holds.lift_expired(now=sql.now())


@shared_task(name="accounts.sync_stale")
def sync_stale() -> None:
    now = sql.now()
    syncing.sync_accounts(selectors.stale_accounts(now=now), until=now + LONGEST_SYNC)
