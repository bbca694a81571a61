"""Compare posted invoices with the marketplace's own tables (BILLING_DATABASE_URL). Exits with 1 if they differ."""

import sys
from dataclasses import asdict

from django.conf import settings
from django.core.management.base import CommandError

from database import sql
from database.commands import ServiceCommand
from payouts.services.reconciliation.billing_differences import compare_billing_tables


class Command(ServiceCommand):
    help = __doc__

    def handle(self, *args: object, **options: object) -> None:
        if settings.BILLING_DATABASE is None:
            raise CommandError("BILLING_DATABASE_URL is not set. See docs/billing.md.")
        compared = compare_billing_tables(settings.BILLING_DATABASE, now=sql.now())
        self.show(options, asdict(compared))
        if compared.open:
            sys.exit(1)
