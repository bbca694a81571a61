"""Hourly, and within seconds of a push: post what has arrived."""

from celery import shared_task

from database import sql
from earnings.services import posting


@shared_task(name="earnings.post_due")
def post_due() -> None:
    posting.post_due(now=sql.now())
