"""A small marketplace whose whole story staff can look at, and staff to look at it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import DataError
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.models import Creator, Hold, HoldSource, User
from database import sql
from database.staff import Right
from earnings.models import BillingBatch, BillingSource
from earnings.services import adjustments, posting, setting_aside
from money import Money, parse_month
from payouts.models import DifferenceKind
from payouts.services import differences, forecasts, pauses, reconciliation, runs
from revenue import services as revenue
from stripe_io import receiving
from tests.factories import UserFactory

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


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def marketplace(
    transactional_db: None, tmp_path: Path, sandbox: Any, settle: Callable[[], None]
) -> Marketplace:
    """Live through March 2024."""
    UserFactory.create(username="dana", rights=[Right.REPLAY_EVENTS])
    BillingSource.objects.create(name="billing")
    (tmp_path / "catalog.csv").write_text(CATALOG)
    call_command("import_catalog", tmp_path / "catalog.csv", verbosity=0)
    call_command("onboard_creators", verbosity=0)
    Hold.objects.create(
        creator=Creator.objects.get(external_id="charlie"),
        source=HoldSource.STAFF,
        reason="Asked to wait",
        placed_by="admin",
    )
    adjustments.propose_adjustment(
        Creator.objects.get(external_id="bob"), amount=Money(500, "USD"), reason="Billed twice", actor="sam"
    )
    differences.open_difference(
        DifferenceKind.FOREIGN_BANK_PAYOUT,
        subject="po_1",
        amount=Money(500, "USD"),
        detail="Not started here",
        creator_id=Creator.objects.get(external_id="bob").pk,
        now=sql.now(),
    )
    pauses.pause_sending(reason="A wrong run", actor="sam", now=sql.now())
    pauses.resume_sending(reason="It was right", actor="sam", now=sql.now())
    authenticate(RequestFactory().post("/admin/login/"), username="eve", password="a guess")
    marketplace = Marketplace(tmp_path, settle)
    marketplace.live_through("2024-03", MARCH, cutoff=date(2024, 4, 1))
    marketplace.receive("spoiled", "r-0,charge,api-maps,500,USD,2024-03-05T12:00:00Z,\n")
    spoiled = BillingBatch.objects.latest("pk")
    setting_aside.set_aside(spoiled.pk, DataError("bigint out of range"), now=sql.now())
    reconciliation.reconcile(now=sql.now())
    receiving.keep_or_store(b"no event", signer=0)
    forecasts.make_forecast(now=sql.now())
    receiving.keep_or_store(b"no event", signer=0)
    call_command(
        "replay_events",
        "--type",
        "payout.paid",
        "--reason",
        "A rehearsal",
        "--actor",
        "dana",
        stdout=StringIO(),
    )
    return marketplace


@pytest.fixture
def superuser(client: Client, db: None) -> Client:
    """A browser in which a superuser is logged in."""
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def staff(client: Client, db: None) -> Client:
    """A browser in which a member of staff without any further right is logged in."""
    client.force_login(User.objects.create_user("sam", is_staff=True))
    return client
