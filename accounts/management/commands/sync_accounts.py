"""Ask Stripe for the accounts that it told nothing of for a day, or for one creator's; exit 1 if one can't be had."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts import selectors
from accounts.errors import NoPaymentAccount, UnknownCreator
from accounts.services import syncing
from database import sql
from database.commands import add_json_option, print_result


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--creator", help="the marketplace's id of the one whose account to ask for")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = selectors.stale_accounts(now=sql.now())
        if options["creator"]:
            try:
                live = selectors.live_account(selectors.known_creator(options["creator"]).pk)
            except UnknownCreator as refusal:
                raise CommandError(str(refusal)) from refusal
            if live is None or live.stripe_account_id is None:
                raise CommandError(str(NoPaymentAccount()))
            accounts = [live.pk]
        result = syncing.sync_accounts(tqdm(accounts, desc="Asking Stripe", disable=None))
        for account, error in result.errors.items():
            self.stderr.write(f"{account}: {error}")
        print_result(
            self.stdout,
            as_json=options["json"],
            result={"synced": result.synced, "changed": result.changed, "failed": len(result.errors)},
        )
        if result.errors:
            sys.exit(1)
