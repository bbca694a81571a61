"""Periodic tasks about accounts."""

from uuid import UUID

from celery import current_app, shared_task

from accounts import selectors
from accounts.services import holds, logins, syncing
from database import sql

# Few enough to finish, even if Stripe never answers, before CELERY_VISIBILITY_TIMEOUT hands the task to another worker.
SHARE = 25


@shared_task(name="accounts.lift_expired_holds")
def lift_expired_holds() -> None:
    holds.lift_expired(now=sql.now())


@shared_task(name="accounts.forget_logins")
def forget_logins() -> None:
    logins.forget_logins()


@shared_task(name="accounts.sync_stale")
def sync_stale(after: str | None = None) -> None:
    """Refresh some stale accounts, and leave the rest to the next task."""
    stale = selectors.stale_accounts(now=sql.now(), after=UUID(after) if after else None, at_most=SHARE)
    syncing.sync_accounts(stale)
    if len(stale) == SHARE:
        current_app.send_task("accounts.sync_stale", kwargs={"after": str(stale[-1])})
