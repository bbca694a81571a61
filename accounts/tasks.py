"""Periodic tasks about accounts."""

from celery import current_app, shared_task
from django.conf import settings

from accounts.services import holds, logins, retrying, syncing
from database import seals, sql

# Few enough to finish, even if Stripe never answers, before CELERY_VISIBILITY_TIMEOUT hands the task to another worker.
SHARE = 25


@shared_task(name="accounts.lift_expired_holds")
def lift_expired_holds() -> None:
    holds.lift_expired(now=sql.now())


@shared_task(name="accounts.forget_logins")
def forget_logins() -> None:
    logins.forget_logins()


@shared_task(name="accounts.seal_acts")
def seal_acts() -> None:
    seals.seal_days(now=sql.now())


@shared_task(name="accounts.sync_stale")
def sync_stale(budget: int | None = None) -> None:
    """Refresh some stale accounts, and leave the rest to the next task, until the pass has used up its budget."""
    left = settings.SYNC_ACCOUNTS_PER_HOUR if budget is None else budget
    stale = syncing.take_stale(now=sql.now(), at_most=min(SHARE, left))
    syncing.sync_accounts(stale)
    left -= len(stale)
    if len(stale) == SHARE and left:
        current_app.send_task("accounts.sync_stale", kwargs={"budget": left})


@shared_task(name="accounts.retry_refused")
def retry_refused() -> None:
    """Ask Stripe again for what it refused, where staff may have mended the cause."""
    retrying.retry_refused(now=sql.now())
