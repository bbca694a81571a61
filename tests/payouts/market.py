"""A small marketplace for the tests of payouts: creators, sales and payouts.

Sales are in the past, by default in September 2025, so that the real clock is always after
the cut-off.
"""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from accounts import gateway as stripe_accounts
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, StripeApi
from accounts.services import opening, payment_accounts
from database import sql
from database.staff import Act
from earnings.models import Adjustment, CreatorEarning
from earnings.services import adjustments, posting
from earnings.services.catalog import CatalogEntry, register_apis
from earnings.services.sources import register_source
from ledger.models import AccountKind
from money import Money
from payouts.models import Payout
from payouts.services.deciding import runs
from payouts.services.deciding.runs import RunResult
from payouts.services.reconciliation import books, scope
from tests.feeding import feed, record

CUTOFF = date(2025, 10, 1)
NEXT_CUTOFF = date(2025, 11, 1)
# The platform keeps 625 of 3125, which leaves the minimum of 2500.
GROSS_OF_THE_MINIMUM = 31_25


class Market:
    """Creators sell one API each, `api-<name>`; the platform keeps 20%."""

    def __init__(self) -> None:
        self._source = register_source("billing")
        self._ids = count()

    def creator(self, name: str, *, account: AccountStatus | None = AccountStatus.ACTIVE) -> Creator:
        """Register a creator, with an account of this status that Stripe doesn't know (None: without an account)."""
        return self.creators([name], account=account)[0]

    def creators(
        self, names: Sequence[str], *, account: AccountStatus | None = AccountStatus.ACTIVE
    ) -> list[Creator]:
        entries = [
            CatalogEntry(
                api_id=f"api-{name}",
                api_name=f"API of {name}",
                creator_id=name,
                creator_email=f"{name}@example.com",
                creator_country="US",
            )
            for name in names
        ]
        register_apis(entries, now=sql.now())
        made = list(Creator.objects.filter(external_id__in=names).order_by("external_id"))
        if account is not None:
            CreatorPaymentAccount.objects.bulk_create(
                CreatorPaymentAccount(
                    creator=creator,
                    api=StripeApi.V1,
                    account_status=account,
                    stripe_account_id=None
                    if account == AccountStatus.NOT_CREATED
                    else f"acct_{creator.external_id}",
                )
                for creator in made
            )
        return made

    def sell(
        self, creator: Creator, gross: int, *, at: str = "2025-09-10T12:00:00Z", **fields: object
    ) -> str:
        """Enter one charge and post it; return its record id."""
        return self.record("charge", creator, gross, at=at, **fields)

    def refund(
        self, creator: Creator, gross: int, *, at: str = "2025-09-12T12:00:00Z", **fields: object
    ) -> str:
        """Enter one refund without a charge and post it; return its record id."""
        return self.record("refund", creator, gross, at=at, **fields)

    def record(self, kind: str, creator: Creator, amount: int, *, at: str, **fields: object) -> str:
        record_id = self.arrive(kind, creator, amount, at=at, **fields)
        posting.post_due(now=sql.now())
        return record_id

    def arrive(
        self,
        kind: str,
        creator: Creator,
        amount: int,
        *,
        at: str = "2025-09-10T12:00:00Z",
        **fields: object,
    ) -> str:
        """Enter one record, by default of the creator's first API, and leave it unposted."""
        record_id = f"r-{next(self._ids)}"
        self._arrive(
            record(
                **{
                    "record_id": record_id,
                    "kind": kind,
                    "api_id": f"api-{creator.external_id}",
                    "amount": str(amount),
                    "occurred_at": at,
                    **fields,
                }
            )
        )
        return record_id

    def sell_all(
        self,
        creators: Sequence[Creator],
        gross: int,
        *,
        at: str = "2025-09-10T12:00:00Z",
        **said: object,
    ) -> None:
        """Sell the same for each, in one batch."""
        self._arrive(
            *(
                record(
                    record_id=f"r-{next(self._ids)}",
                    api_id=f"api-{creator.external_id}",
                    amount=str(gross),
                    occurred_at=at,
                    **said,
                )
                for creator in creators
            )
        )
        posting.post_due(now=sql.now())

    def _arrive(self, *records: dict[str, Any]) -> None:
        assert feed(self._source, *records, now=sql.now()).accepted == len(records)

    def adjust(
        self, creator: Creator, amount: int, *, booked_at: datetime, counts_as_earned: bool = False
    ) -> CreatorEarning:
        """Have one person propose an adjustment and another approve it."""
        proposed = adjustments.propose_adjustment(
            creator,
            amount=Money(amount, "USD"),
            counts_as_earned=counts_as_earned,
            act=Act("dana", "A correction"),
        )
        approved = adjustments.approve_adjustment(proposed.pk, act=Act("erin", "Agreed"), now=booked_at)
        assert approved.earning
        return approved.earning

    def write_off(self, creator: Creator, *, reason: str = "Gone") -> Adjustment:
        """Have one person propose to write off what a creator owes and another approve it."""
        proposed = adjustments.propose_write_off(creator, currency="USD", act=Act("dana", reason))
        return adjustments.approve_adjustment(proposed.pk, act=Act("erin", "Agreed"), now=sql.now())

    def run(self, cutoff: date = CUTOFF) -> RunResult:
        return runs.make_run(cutoff=cutoff, now=sql.now())

    def payout(self, creator: Creator, *, gross: int = 100_00) -> Payout:
        """Make a sale and the run that pays it."""
        self.sell(creator, gross)
        self.run()
        return Payout.objects.filter(creator=creator).latest("created_at")

    def onboard(self, creator: Creator) -> CreatorPaymentAccount:
        """Create the creator's account in the sandbox and complete onboarding."""
        account = opening.open_payment_account(creator, now=sql.now())
        assert account.stripe_account_id
        stripe_accounts.complete_in_sandbox(account.stripe_account_id)
        return payment_accounts.refresh_payment_account(account, now=sql.now())


def unsound() -> dict[str, list[str]]:
    """Check the books inside the test's own transaction; return the failed validations.

    Like a whole check, without nested loops: its tables have no statistics, and a thousand creators would take minutes.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET enable_nestloop = off")
        found = {path.stem: findings_of(path) for path in books.validations()}
        cursor.execute("RESET enable_nestloop")
    return {name: findings for name, findings in found.items() if findings}


def findings_of(validation: Path) -> list[str]:
    """Run one validation of the books inside the test's own transaction."""
    return [row["finding"] for row in sql.rows(scope.filled(validation, scope.WHOLE))]


def balance(creator_id: UUID, kind: AccountKind) -> int:
    """Return the balance of a creator's ledger account, in cents."""
    found = sql.rows(
        "SELECT coalesce(sum(balance), 0)::bigint AS balance FROM ledger_accounts"
        " WHERE owner_id = %(owner)s AND kind = %(kind)s",
        {"owner": creator_id, "kind": kind.value},
    )
    return sum(row["balance"] for row in found)
