"""No money moves, and nothing is believed, under a key that isn't known to be the platform's."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import stripe
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import AccountStatus, CreatorPaymentAccount
from accounts.services import syncing
from database import sql
from payouts import policy
from payouts.models import PauseCause, Payout, SendingPause
from payouts.states import PayoutStatus
from sandbox.config import Config
from sandbox.server import SandboxServer
from stripe_io import client as stripe_io
from stripe_io import platform_account
from stripe_io.models import Installation
from tests.local_stripe import Stripe
from tests.payouts.market import Market
from tests.payouts.sending import send_transfer, work

ACCOUNT = {"method": "GET", "path": "/v1/account"}
SILENCE: list[dict[str, Any]] = [
    {**ACCOUNT, "kind": "connection_reset"},
    {**ACCOUNT, "kind": "status", "status": 500},
]
REFUSALS: list[dict[str, Any]] = [
    {**ACCOUNT, "kind": "status", "status": 401},
    {**ACCOUNT, "kind": "status", "status": 403},
    {**ACCOUNT, "kind": "status", "status": 403, "code": "account_invalid", "message": "No access."},
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_waiting(market: Market, sandbox: Stripe) -> None:
    """Two creators, each with an account and a payout to be sent."""
    for creator in market.creators(["alice", "bob"], account=None):
        market.onboard(creator)
        market.sell(creator, 100_00)
    market.run()


def start_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the next request this process's first."""
    stripe_io.forget_checks()
    monkeypatch.setattr(platform_account, "ASK_AGAIN_AFTER", 0)


@contextmanager
def key_of_another_account(settings: Settings, folder: Path) -> Iterator[None]:
    """Use the key of another Stripe account of the same mode, which has money."""
    own = settings.STRIPE_API_BASE
    config = Config(state=folder / "other", api_key=settings.STRIPE_SECRET_KEY, payout_seconds=0)
    with SandboxServer(config) as other:
        settings.STRIPE_API_BASE = other.url
        client = stripe.StripeClient(config.api_key, base_addresses={"api": other.url})
        client.raw_request("post", "/_sandbox/fund", amount=1_000_00, currency="usd")
        yield
    settings.STRIPE_API_BASE = own


def sync() -> None:
    syncing.sync_accounts(CreatorPaymentAccount.objects.values_list("pk", flat=True))


def assert_nothing_happened() -> None:
    assert set(Payout.objects.values_list("status", "failure_code")) <= {
        (PayoutStatus.PENDING, ""),
        (PayoutStatus.PROCESSING, ""),
    }
    accounts = CreatorPaymentAccount.objects.values_list("account_status", "gone_at")
    assert set(accounts) == {(AccountStatus.ACTIVE, None)}


def work_later(*, minutes: int) -> None:
    """Do what the sweep and the workers do, some minutes from now."""
    work(sql.now() + timedelta(minutes=minutes))


@pytest.mark.usefixtures("two_waiting")
def test_the_key_of_another_stripe_account_destroys_nothing(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_process(monkeypatch)
    sync()
    with key_of_another_account(settings, tmp_path):
        work(sql.now())
        sync()
        assert_nothing_happened()
        assert "was set up for acct_" in SendingPause.objects.get(cause=PauseCause.KEY_REFUSED).detail


@pytest.mark.usefixtures("two_waiting")
def test_a_database_with_a_history_never_remembers_another_account(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database from before the account was remembered is upgraded together with a change of its key."""
    start_process(monkeypatch)
    with key_of_another_account(settings, tmp_path):
        work(sql.now())
        sync()
        assert_nothing_happened()
        assert Installation.objects.get().platform_account == ""
        assert "has nothing of what this database has" in SendingPause.objects.get(lifted_at=None).detail


@pytest.mark.parametrize("known", ["account", "transfer"])
@pytest.mark.usefixtures("two_waiting")
def test_a_database_with_a_history_remembers_its_own_account(
    sandbox: Stripe, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    payout = Payout.objects.latest("pk")
    if known == "transfer":
        send_transfer(payout.pk, now=sql.now())
        for account in sandbox.state("accounts")["accounts"]:
            sandbox.control(f"accounts/{account['id']}/deauthorize")
    start_process(monkeypatch)
    sync()
    assert Installation.objects.get().platform_account == sandbox.state("platform")["platform"]
    assert Installation.objects.get().platform_country == "US"


@pytest.mark.parametrize("fault", SILENCE)
@pytest.mark.parametrize("remembered", [True, False])
@pytest.mark.usefixtures("two_waiting")
def test_a_silent_stripe_is_never_another_account(
    sandbox: Stripe, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], remembered: bool
) -> None:
    start_process(monkeypatch)
    if remembered:
        sync()
        start_process(monkeypatch)
    sandbox.inject(fault)
    work(sql.now())
    sync()
    assert_nothing_happened()
    assert not SendingPause.objects.exists()
    sandbox.clear_faults()
    work_later(minutes=1)
    assert len(sandbox.transfers()) == 2


@pytest.mark.usefixtures("two_waiting")
def test_a_history_that_stripe_does_not_show_now_is_not_missing(
    sandbox: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_process(monkeypatch)
    sandbox.inject({"method": "GET", "path": "/v1/accounts/.*", "kind": "status", "status": 500})
    work(sql.now())
    assert_nothing_happened()
    assert not SendingPause.objects.exists()
    sandbox.clear_faults()
    work_later(minutes=1)
    assert len(sandbox.transfers()) == 2


@pytest.mark.parametrize("fault", REFUSALS)
@pytest.mark.usefixtures("two_waiting")
def test_a_refused_key_is_never_another_account(
    sandbox: Stripe, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any]
) -> None:
    start_process(monkeypatch)
    sandbox.inject(fault)
    work(sql.now())
    sync()
    assert_nothing_happened()
    assert "GET /v1/account" in SendingPause.objects.get(cause=PauseCause.KEY_REFUSED).detail
    sandbox.clear_faults()
    work_later(minutes=6)
    assert len(sandbox.transfers()) == 2


@pytest.mark.usefixtures("two_waiting")
def test_a_missing_permission_is_named(sandbox: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    start_process(monkeypatch)
    sandbox.control("permissions", missing=["rak_accounts_kyc_basic_read"])
    work(sql.now())
    assert "'rak_accounts_kyc_basic_read' permission" in SendingPause.objects.get(lifted_at=None).detail


def test_a_worker_that_does_not_know_its_account_sends_nothing(
    payout: Payout, sandbox: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep runs in another process, which may have checked the key already."""
    start_process(monkeypatch)
    sandbox.inject(SILENCE[0])
    send_transfer(payout.pk, now=sql.now())
    payout.refresh_from_db()
    assert (payout.status, payout.attempts.get().in_doubt) == (PayoutStatus.PROCESSING, False)
    sandbox.clear_faults()
    assert payout.next_retry_at is not None
    send_transfer(payout.pk, now=payout.next_retry_at)
    assert len(sandbox.transfers()) == 1


@pytest.mark.usefixtures("two_waiting")
def test_a_platform_country_that_is_not_the_accounts_stops_every_request(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PLATFORM_COUNTRY = "DE"
    start_process(monkeypatch)
    work(sql.now())
    sync()
    assert_nothing_happened()
    assert "Set PLATFORM_COUNTRY=US." in SendingPause.objects.get(lifted_at=None).detail
    assert Installation.objects.get().platform_account == ""


@pytest.mark.usefixtures("two_waiting")
def test_a_process_asks_once_whose_key_it_has(sandbox: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> int:
        return int(sandbox.state("requests")["requests"].get("GET /v1/account", 0))

    before = asked()
    start_process(monkeypatch)
    work(sql.now())
    sync()
    assert asked() == before + 1


def test_a_check_and_its_request_take_less_time_than_a_lease() -> None:
    longest = stripe_io.CHECK_TIMEOUT_SECONDS + stripe_io.TIMEOUT_SECONDS
    assert longest < policy.LEASE.total_seconds()


def test_commands_say_that_the_country_is_wrong(payout: Payout, sandbox: Stripe, settings: Settings) -> None:
    settings.PLATFORM_COUNTRY = "DE"
    stripe_io.forget_checks()
    with pytest.raises(CommandError, match="Set PLATFORM_COUNTRY=US"):
        call_command("reconcile")
