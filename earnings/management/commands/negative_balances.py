"""List the creators who owe the platform: how much, since when, and when they last earned."""

from typing import Any

from database import sql
from database.commands import ServiceCommand
from earnings.selectors import negative_balances


class Command(ServiceCommand):
    help = __doc__

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
        self.show(options, {"negative_balances": rows})
