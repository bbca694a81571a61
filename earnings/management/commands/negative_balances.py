"""List the creators who owe the platform: how much, since when, and when they last earned anything."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from database import sql
from database.commands import add_json_option, print_result
from earnings.selectors import negative_balances


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        now = sql.now()
        rows = [
            {
                "creator": balance.external_id,
                "currency": balance.owed.currency,
                "owed": balance.owed,
                "days": (now - balance.since).days,
                "since": balance.since.isoformat(timespec="seconds"),
                "last_earned": balance.last_earned and balance.last_earned.isoformat(timespec="seconds"),
            }
            for balance in negative_balances()
        ]
        print_result(self.stdout, as_json=options["json"], result={"negative_balances": rows})
