"""A small marketplace: what it sells, and the months that it lives through."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.core.management import call_command
from django.db.models import Model

from database import sql
from database.admin import page_of
from database.admin.panels import tabs_of
from earnings.services import posting
from money import parse_month
from payouts.services.deciding import runs
from revenue import services as revenue

CATALOG = """api_id,api_name,creator_id,creator_email,creator_country
api-weather,Weather,alice,alice@example.com,US
api-tides,Tides,alice,alice@example.com,US
api-maps,Maps,bob,bob@example.com,US
api-news,News,charlie,charlie@example.com,US
"""
HEADER = "record_id,kind,api_id,amount,currency,occurred_at,related_record_id\n"
# Alice is paid $960.00, Bob owes $40.00, Charlie stays below the minimum; one record is of no known API.
MARCH = """r-1,charge,api-weather,100000,USD,2024-03-05T12:00:00Z,
r-2,charge,api-weather,30000,USD,2024-03-06T12:00:00Z,
r-3,refund,api-weather,10000,USD,2024-03-07T12:00:00Z,r-1
r-4,refund,api-maps,5000,USD,2024-03-08T12:00:00Z,
r-5,charge,api-news,1000,USD,2024-03-09T12:00:00Z,
r-6,charge,api-unheard-of,1000,USD,2024-03-09T12:00:00Z,
"""
APRIL = """r-7,charge,api-weather,20000,USD,2024-04-05T12:00:00Z,
r-8,charge,api-tides,30000,USD,2024-04-06T12:00:00Z,
r-9,charge,api-tides,40000,USD,2024-04-07T12:00:00Z,
"""


def pages_of(obj: Model) -> list[str]:
    """Return the addresses of an object's page: one for each tab, if it has any."""
    return [f"{page_of(obj)}?tab={tab.name}" for tab in tabs_of(type(obj))] or [page_of(obj)]


@dataclass(frozen=True, slots=True)
class Marketplace:
    """What is sold and paid, a month at a time."""

    folder: Path
    settle: Callable[[], None]

    def receive(self, name: str, records: str) -> None:
        file = self.folder / f"{name}.csv"
        file.write_text(HEADER + records)
        call_command("import_billing", str(file), "--source", "billing", verbosity=0)

    def sell(self, name: str, records: str) -> None:
        """Have records arrive and become earnings."""
        self.receive(name, records)
        posting.post_due(now=sql.now())

    def live_through(self, month: str, records: str, *, cutoff: date) -> None:
        """Sell in a month, pay its creators, and have the money reach their banks."""
        self.receive(month, records)
        runs.make_run(cutoff=cutoff, now=sql.now())
        self.settle()
        revenue.make_report(parse_month(month), now=sql.now())

    def live_through_april(self) -> None:
        self.live_through("2024-04", APRIL, cutoff=date(2024, 5, 1))
