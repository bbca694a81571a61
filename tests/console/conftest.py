"""A small marketplace whose whole story staff can look at, and staff to look at it."""

from collections.abc import Callable
from datetime import date
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import DataError
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.errors import PlatformNotReady
from accounts.groups import StaffGroup
from accounts.models import Creator, CreatorPaymentAccount, Hold, HoldSource, User
from accounts.services.refusals import record_refusal
from database import sql
from database.staff import Act, Right
from earnings.models import BillingBatch, BillingSource
from earnings.services import adjustments, setting_aside
from money import Money
from payouts.models import (
    DifferenceKind,
    IgnoredInstallation,
    Payout,
    PlacementTarget,
    SuspensePlacement,
)
from payouts.services import differences, reconciliation
from payouts.services.deciding import forecasts, gate, pauses
from payouts.services.reconciliation import books
from stripe_io import receiving
from stripe_io.verification import Endpoint
from tests.console.history import History
from tests.console.marketplace import CATALOG, MARCH, Marketplace
from tests.factories import UserFactory, user_in
from tests.local_stripe import Stripe


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return History(tmp_path_factory.mktemp("history") / "stripe")


@pytest.fixture
def sandbox_state(request: pytest.FixtureRequest, sandbox_state: Path, history: History) -> Path:
    if "marketplace" in request.fixturenames:
        history.prepare_stripe(sandbox_state)
    return sandbox_state


@pytest.fixture
def marketplace(
    transactional_db: None,
    history: History,
    tmp_path: Path,
    sandbox: Stripe,
    settle: Callable[[], None],
) -> Marketplace:
    """A marketplace that has lived through March 2024."""
    marketplace = Marketplace(tmp_path, settle)
    if not history.resume(sandbox):
        live_through_march(marketplace)
        history.save(sandbox)
    return marketplace


def live_through_march(marketplace: Marketplace) -> None:
    UserFactory.create(username="dana", rights=[Right.REPLAY_EVENTS])
    BillingSource.objects.create(name="billing")
    catalog = marketplace.folder / "catalog.csv"
    catalog.write_text(CATALOG)
    call_command("import_catalog", catalog, verbosity=0)
    call_command("onboard_creators", verbosity=0)
    Hold.objects.create(
        creator=Creator.objects.get(external_id="charlie"),
        source=HoldSource.STAFF,
        reason="Asked to wait",
        placed_by="admin",
    )
    adjustments.propose_adjustment(
        Creator.objects.get(external_id="bob"), amount=Money(500, "USD"), act=Act("sam", "Billed twice")
    )
    differences.open_difference(
        DifferenceKind.FOREIGN_BANK_PAYOUT,
        subject="po_1",
        amount=Money(500, "USD"),
        detail="Not started here",
        creator_id=Creator.objects.get(external_id="bob").pk,
        now=sql.now(),
    )
    record_refusal(
        CreatorPaymentAccount.objects.get(creator__external_id="bob"),
        PlatformNotReady(sentence="Your platform needs approval.", page="https://support.stripe.com/contact"),
        now=sql.now(),
    )
    pauses.pause_sending(act=Act("sam", "A wrong run"), now=sql.now())
    pauses.resume_sending(act=Act("sam", "It was right"), now=sql.now())
    IgnoredInstallation.objects.create(uuid=uuid4(), ignored_by="sam", reason="It pays other creators")
    gate.end_recovery(unplaced=["tr_lost"], act=Act("sam", "Nobody knows them"), now=sql.now())
    authenticate(RequestFactory().post("/admin/login/"), username="eve", password="a guess")
    marketplace.live_through("2024-03", MARCH, cutoff=date(2024, 4, 1))
    SuspensePlacement.objects.create(
        payout=Payout.objects.get(),
        amount=500,
        target=PlacementTarget.PLATFORM,
        reason="Reversed by mistake",
        proposed_by="sam",
    )
    marketplace.receive("spoiled", "r-0,charge,api-maps,500,USD,2024-03-05T12:00:00Z,\n")
    spoiled = BillingBatch.objects.latest("pk")
    setting_aside.set_aside(spoiled.pk, DataError("bigint out of range"), now=sql.now())
    reconciliation.reconcile(now=sql.now())
    receiving.keep_or_store(b"no event", signers=frozenset(Endpoint))
    forecasts.make_forecast(now=sql.now())
    books.check_all(now=sql.now())
    receiving.keep_or_store(b"no event", signers=frozenset(Endpoint))
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


@pytest.fixture
def superuser(client: Client, db: None) -> Client:
    """A browser in which a superuser is logged in."""
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def support(client: Client, db: None) -> Client:
    """A browser in which a member of Support is logged in, who sees email addresses and bank data."""
    client.force_login(user_in(StaffGroup.SUPPORT))
    return client


@pytest.fixture
def staff(client: Client, db: None) -> Client:
    """A browser in which a member of staff without any further right is logged in."""
    client.force_login(User.objects.create_user("sam", is_staff=True))
    return client
