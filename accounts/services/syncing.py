"""Refreshing accounts that Stripe hasn't reported on lately: an event may have been lost."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from accounts.models import CreatorPaymentAccount
from accounts.services.payment_accounts import refresh_payment_account
from database import sql

log = logging.getLogger(__name__)


@dataclass(slots=True)
class SyncResult:
    """How many accounts were refreshed, and how many of them changed; `errors` has those that failed."""

    synced: int = 0
    changed: int = 0
    errors: dict[str, str] = field(default_factory=dict)


def sync_accounts(accounts: Iterable[UUID]) -> SyncResult:
    """Refresh these accounts one by one. One that fails stays as it was, and doesn't stop the others."""
    result = SyncResult()
    for account in accounts:
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
