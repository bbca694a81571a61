"""What beat does about accounts."""

from uuid import UUID

from celery import current_app, shared_task

from accounts import selectors
from accounts.services import holds, logins, syncing
from database import sql

# Even if Stripe keeps silent, so many are done before CELERY_VISIBILITY_TIMEOUT gives the task to another worker.
SHARE = 25


@shared_task(name="accounts.lift_expired_holds")
def lift_expired_holds() -> None:
    holds.lift_expired(now=sql.now())


@shared_task(name="accounts.forget_logins")
def forget_logins() -> None:
    logins.forget_logins()


@shared_task(name="accounts.sync_stale")
def sync_stale(after: str | None = None) -> None:
    """Ask for some of the accounts that were not heard of, and leave the rest to the next task."""
    stale = selectors.stale_accounts(now=sql.now(), after=UUID(after) if after else None, at_most=SHARE)
    syncing.sync_accounts(stale)
    if len(stale) == SHARE:
        current_app.send_task("accounts.sync_stale", kwargs={"after": str(stale[-1])})
