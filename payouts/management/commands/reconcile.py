"""Compare payouts and ledger with Stripe. Exits with 1 while differences are open."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from database import sql
from database.commands import ServiceCommand, moment
from money import Money
from payouts.services import reconciliation
from stripe_io.errors import StripeCallFailed


class Command(ServiceCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--since",
            type=moment,
            help="compare from this time on, ISO 8601 with an offset (default: a week before the last pass)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = reconciliation.reconcile(now=sql.now(), since=options["since"])
        except StripeCallFailed as failure:
            raise CommandError(f"Stripe could not be read: {failure}") from failure
        made = result.made
        shown = {
            "since": made.since.isoformat(),
            "transfers": made.transfers,
            "transactions": made.transactions,
            "bank_payouts": made.bank_payouts,
            "accounts": made.accounts,
            "accounts_left": made.accounts_left,
            "unread": made.unread,
            "found": made.found,
            "mended": made.mended,
            "gone": made.gone,
            "totals": {
                currency: {name: Money(amount, currency) for name, amount in sums.items()}
                for currency, sums in made.totals.items()
            },
            "open": result.open,
        }
        self.show(options, shown)
        if result.open:
            sys.exit(1)
