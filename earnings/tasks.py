"""Hourly: read the marketplace's tables, where there are any to read, and post. Seconds after a push: post."""

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
            logger.exception("posting goes on without the marketplace's tables")
    posting.post_due(now=sql.now())


@shared_task(name="earnings.post_new")
def post_new() -> None:
    """Post what was pushed a moment ago, and what a new API lets out of quarantine."""
    notices.begin_debounced("earnings.post_new")
    posting.post_due(now=sql.now())
