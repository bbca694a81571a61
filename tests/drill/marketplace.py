"""The marketplace's billing, which the disaster spares: it can send all its records again."""

from collections import Counter
from itertools import count
from typing import Any

from accounts import gateway as stripe_accounts
from accounts.models import Creator, CreatorPaymentAccount
from accounts.services import opening, payment_accounts
from database import sql
from earnings.services import posting
from earnings.services.catalog import CatalogEntry, register_apis
from earnings.services.sources import register_source
from tests.feeding import feed, record

# The platform keeps 20 %; amounts that this leaves whole.
KEPT = 5


class Marketplace:
    """Creators by name, each with one API, and everything that was ever sold or refunded."""

    def __init__(self) -> None:
        self.creators: list[str] = []
        self.earned: Counter[str] = Counter()
        self._records: list[dict[str, Any]] = []
        self._ids = count()

    def join(self, *names: str) -> None:
        """Register creators, and take them through Stripe's onboarding."""
        self.creators.extend(names)
        self._register()
        for name in names:
            row = opening.open_payment_account(self.creator(name), now=sql.now())
            assert row.stripe_account_id
            stripe_accounts.complete_in_sandbox(row.stripe_account_id)
            payment_accounts.refresh_payment_account(row, now=sql.now())

    def sell(self, *names: str, month: str, gross: int = 100_00) -> None:
        """Sell for each creator, and send the records."""
        for name in names:
            self._happen("charge", name, gross, month=month)
        self.send()

    def refund(self, name: str, gross: int, *, month: str) -> None:
        """Refund a creator's customer, and keep the record until the next `send`."""
        self._happen("refund", name, gross, month=month)

    def send(self, *names: str) -> None:
        """Send everything again, by default of all creators; what is known counts once."""
        self._register()
        wanted = names or self.creators
        source = register_source("billing")
        feed(source, *(row for row in self._records if row["creator_id"] in wanted), now=sql.now())
        posting.post_due(now=sql.now())

    def creator(self, name: str) -> Creator:
        return Creator.objects.get(external_id=name)

    def account(self, name: str) -> str:
        """Return the id of a creator's Stripe account."""
        row = CreatorPaymentAccount.objects.get(creator=self.creator(name), replaced_at=None)
        return str(row.stripe_account_id)

    def _register(self) -> None:
        entries = [
            CatalogEntry(
                api_id=f"api-{name}",
                api_name=f"API of {name}",
                creator_id=name,
                creator_email=f"{name}@example.com",
                creator_country="US",
            )
            for name in self.creators
        ]
        register_source("billing")
        register_apis(entries, now=sql.now())

    def _happen(self, kind: str, name: str, gross: int, *, month: str) -> None:
        self._records.append(
            record(
                record_id=f"r-{next(self._ids)}",
                kind=kind,
                api_id=f"api-{name}",
                creator_id=name,
                amount=str(gross),
                occurred_at=f"{month}-10T12:00:00Z",
            )
        )
        net = gross - gross // KEPT
        self.earned[name] += net if kind == "charge" else -net
