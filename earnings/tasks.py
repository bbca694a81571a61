"""Post each hour, after reading the marketplace's tables if configured, and seconds after a push."""

import logging

from celery import shared_task
from django.conf import settings
from django.db import DatabaseError

from database import notices, sql
from earnings.errors import BillingDatabaseRefused
from earnings.services import posting, shared_tables

logger = logging.getLogger(__name__)


@shared_task(name="earnings.post_due")
def post_due() -> None:
    if settings.BILLING_DATABASE:
        try:
            shared_tables.read_shared_tables(settings.BILLING_DATABASE, now=sql.now())
        except (BillingDatabaseRefused, DatabaseError):
            logger.exception("the marketplace's tables can't be read; posting continues without them")
    posting.post_due(now=sql.now())


@shared_task(name="earnings.post_new")
def post_new() -> None:
    """Post what was just pushed, and quarantined records that waited for a new API."""
    notices.begin_debounced("earnings.post_new")
    posting.post_due(now=sql.now())
