"""Ask Stripe for the accounts that it told nothing of for a day, or for one creator's; exit 1 if one can't be had."""

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
        parser.add_argument("--creator", help="the marketplace's id of the one whose account to ask for")

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = selectors.stale_accounts(now=sql.now())
        if options["creator"]:
            live = selectors.live_account(selectors.known_creator(options["creator"]).pk)
            if live is None or live.stripe_account_id is None:
                raise NoPaymentAccount
            accounts = [live.pk]
        result = syncing.sync_accounts(tqdm(accounts, desc="Asking Stripe", disable=None))
        for account, error in result.errors.items():
            self.stderr.write(f"{account}: {error}")
        self.show(options, {"synced": result.synced, "changed": result.changed, "failed": len(result.errors)})
        if result.errors:
            sys.exit(1)
