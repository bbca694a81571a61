"""What beat does about accounts."""

from celery import shared_task

from accounts.services import holds
from database import sql


@shared_task(name="accounts.lift_expired_holds")
def lift_expired_holds() -> None:
    holds.lift_expired(now=sql.now())
