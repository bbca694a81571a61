"""Refresh the Stripe accounts not refreshed for a day, or one creator's. Exits with 1 if any can't be read."""

import sys
from argparse import ArgumentParser
from typing import Any

from tqdm import tqdm

from accounts import selectors
from accounts.errors import NoPaymentAccount
from accounts.services import syncing
from database import sql
from database.commands import ServiceCommand


class Command(ServiceCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--creator", help="refresh only the account of this creator id")

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = [row.pk for row in selectors.stale_accounts(now=sql.now()).only("pk")]
        if options["creator"]:
            live = selectors.live_account(selectors.known_creator(options["creator"]).pk)
            if live is None or live.stripe_account_id is None:
                raise NoPaymentAccount
            accounts = [live.pk]
        result = syncing.sync_accounts(tqdm(accounts, desc="Refreshing accounts", disable=None))
        for account, error in result.errors.items():
            self.stderr.write(f"{account}: {error}")
        self.show(options, {"synced": result.synced, "changed": result.changed, "failed": len(result.errors)})
        if result.errors:
            sys.exit(1)
