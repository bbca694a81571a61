"""Read new invoices and the API catalogue from the marketplace's own tables (BILLING_DATABASE_URL).

If it is interrupted, run it again: no invoice is lost or counted twice.
"""

from argparse import ArgumentParser
from datetime import datetime

from django.conf import settings
from django.core.management.base import CommandError

from database import sql
from database.commands import ServiceCommand, moment
from earnings.services import shared_tables
from earnings.services.shared_tables import ReadResult


class Command(ServiceCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--since", type=moment, help="read all changes since this time again, such as 2026-01-31T00:00Z"
        )

    def handle(self, *args: object, **options: object) -> None:
        if settings.BILLING_DATABASE is None:
            raise CommandError("BILLING_DATABASE_URL is not set. See docs/billing.md.")
        since = options["since"]
        result = shared_tables.read_shared_tables(
            settings.BILLING_DATABASE,
            now=sql.now(),
            since=since if isinstance(since, datetime) else None,
        )
        self.show(options, _summary(result))


def _summary(result: ReadResult) -> dict[str, object]:
    return {
        "invoices": result.invoices,
        "accepted": result.accepted,
        "duplicate": result.duplicates,
        "conflict": result.conflicts,
        "quarantined": {reason.value: count for reason, count in sorted(result.quarantined.items())},
        "ownerships_begun": result.ownerships_begun,
        "apis_refused": result.apis_refused,
        "emails_ignored": result.emails_ignored,
    }
