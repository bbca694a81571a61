"""Refreshing accounts that Stripe hasn't reported on lately: an event may have been lost."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts import selectors
from accounts.models import CreatorPaymentAccount
from accounts.services.payment_accounts import refresh_payment_account
from database import acts, sql
from database.acts import Kind
from database.staff import Act
from stripe_io import pacing

# How long an account waits that could not be read.
RETRY_AFTER = timedelta(hours=1)
log = logging.getLogger(__name__)


@dataclass(slots=True)
class SyncResult:
    """How many accounts were refreshed, and how many of them changed; `errors` has those that failed."""

    synced: int = 0
    changed: int = 0
    errors: dict[str, str] = field(default_factory=dict)


@transaction.atomic
def take_stale(*, now: datetime, at_most: int) -> list[UUID]:
    """Take stale accounts for a refresh: tasks that run side by side never take the same, nor one that just failed."""
    free = selectors.stale_accounts(now=now).filter(
        Q(sync_tried_at=None) | Q(sync_tried_at__lt=now - RETRY_AFTER)
    )
    taken = [row.pk for row in free.select_for_update(no_key=True, skip_locked=True).only("pk")[:at_most]]
    CreatorPaymentAccount.objects.filter(pk__in=taken).update(sync_tried_at=now)
    return taken


def sync_account(row: CreatorPaymentAccount, *, act: Act, now: datetime) -> CreatorPaymentAccount:
    """Refresh an account at once, as staff ask; return the updated row.

    Raises: StripeUnavailable.
    """
    acts.record(act, Kind.SYNC_ACCOUNT, subject=row, creator=row.creator_id)
    return refresh_payment_account(row, now=now)


def sync_accounts(accounts: Iterable[UUID]) -> SyncResult:
    """Refresh these accounts one by one. One that fails stays as it was, and doesn't stop the others."""
    result = SyncResult()
    for account in accounts:
        pacing.wait_in_background()
        row = CreatorPaymentAccount.objects.get(pk=account)
        before = (row.account_status, row.external_account_fingerprint)
        try:
            row = refresh_payment_account(row, now=sql.now())
        except Exception as failure:
            result.errors[str(row)] = f"{type(failure).__name__}: {failure}"
            continue
        result.synced += 1
        result.changed += before != (row.account_status, row.external_account_fingerprint)
    if result.errors:
        first, error = next(iter(result.errors.items()))
        log.warning("%d accounts could not be refreshed; %s: %s", len(result.errors), first, error)
    return result
