"""The drill's site: a database that can be copied, lost and restored, a local Stripe that forgets nothing, a clock."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import stripe
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import Client
from psycopg.sql import SQL, Identifier

from sandbox.config import Config
from sandbox.server import SandboxServer
from stripe_io import client as stripe_io
from tests.chaos.stage import CLOCK
from tests.databases import Databases
from tests.local_stripe import Stripe

EMPTY, BACKUP = "drill_empty", "drill_backup"
PLENTY = 10_000_000_00


class Site:
    """What a disaster hits, and what it spares: it takes the database, and Stripe goes on."""

    def __init__(self, admin_url: str, stripe: Stripe) -> None:
        self.stripe = stripe
        self._databases = Databases(admin_url)
        self._ahead = timedelta()

    def back_up(self) -> None:
        self._databases.copy(_name(), BACKUP)

    def restore(self) -> None:
        """Lose the database, and put the backup in its place. The time goes on."""
        self._databases.copy(BACKUP, _name())
        self._set_clock()

    def advance(self, time: timedelta) -> None:
        """Advance the clocks of the database and of Stripe; ours first, so that no event is from the future."""
        self._ahead += time
        self._set_clock()
        self.stripe.control("clock", advance=round(time.total_seconds()))

    def _set_clock(self) -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "UPDATE moved_clock SET ahead = make_interval(secs => %s)", [self._ahead.total_seconds()]
            )


def lay_ground(admin_url: str) -> None:
    """Make the empty database that each cell of the drill begins with: the schema, and the clock."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(SQL("CREATE DATABASE {}").format(Identifier(_name())))
    with connections["default"].cursor() as cursor:
        cursor.execute(CLOCK.read_text())
    call_command("migrate", verbosity=0)
    Databases(admin_url).copy(_name(), EMPTY)


@contextmanager
def site(admin_url: str) -> Iterator[Site]:
    """Begin with an empty database, and with a Stripe that has plenty of money."""
    Databases(admin_url).copy(EMPTY, _name())
    with tempfile.TemporaryDirectory(prefix="payouts-drill-") as folder:
        config = Config(state=Path(folder), api_key=settings.STRIPE_SECRET_KEY, payout_seconds=0)
        with SandboxServer(config) as server:
            settings.STRIPE_API_BASE = server.url
            stripe_io.forget_checks()
            client = stripe.StripeClient(config.api_key, base_addresses={"api": server.url})
            local = Stripe(client, Client())
            local.fund(PLENTY)
            yield Site(admin_url, local)
    stripe_io.forget_checks()


def _name() -> str:
    return str(settings.DATABASES["default"]["NAME"])
