"""Asking Stripe for the accounts that it hasn't told of lately: an event may have been lost."""

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
    """How many accounts were asked for and how many turned out changed; `errors` has those that told nothing."""

    synced: int = 0
    changed: int = 0
    errors: dict[str, str] = field(default_factory=dict)


def sync_accounts(accounts: Iterable[UUID]) -> SyncResult:
    """Ask Stripe for these accounts, one after the other, each as of its own moment.

    One that can't be had stops only itself, and stays as it was.
    """
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
        log.warning("Stripe told nothing of %d accounts; of %s: %s", len(result.errors), first, error)
    return result
