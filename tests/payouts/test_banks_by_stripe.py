"""If Stripe pays the banks by its own schedule, a payout is paid once its transfer is made."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from accounts.models import CreatorPaymentAccount
from database import sql
from database.staff import Act
from payouts.models import Difference, Payout
from payouts.services.staff import interventions
from payouts.states import PayoutStatus
from stripe_io import services as inbox
from stripe_io.models import InboxEvent, InboxOutcome
from tests.local_stripe import Stripe
from tests.payouts.market import Market, unsound
from tests.payouts.sending import send_transfer, work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def by_stripe(settings: Settings) -> None:
    settings.BANK_PAYOUTS_BY_STRIPE = True


@pytest.fixture
def paid(market: Market, sandbox: Stripe) -> Payout:
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    payout = market.payout(alice)
    send_transfer(payout.pk, now=sql.now())
    return Payout.objects.get()


def interval(sandbox: Stripe) -> str:
    """Return the payout schedule of the only account, as Stripe has it."""
    account = CreatorPaymentAccount.objects.get().stripe_account_id
    (opened,) = [each for each in sandbox.state("accounts")["accounts"] if each["id"] == account]
    return str(opened["settings"]["payouts"]["schedule"]["interval"])


def test_a_transferred_payout_is_paid(paid: Payout) -> None:
    assert (paid.status, paid.next_retry_at, paid.stripe_payout_id) == (PayoutStatus.PAID, None, "")
    assert paid.paid_at is not None
    assert unsound() == {}


def test_accounts_are_left_on_stripes_schedule(paid: Payout, sandbox: Stripe) -> None:
    assert interval(sandbox) == "daily"


def test_bank_payouts_by_stripe_are_no_difference(paid: Payout, sandbox: Stripe) -> None:
    sandbox.control(f"accounts/{paid.attempts.get().destination}/payout")
    events = [event for event in sandbox.state()["events"] if event["type"] == "payout.created"]
    assert sandbox.post_event(events[-1]).status_code == 200
    inbox.handle_event(event_id=events[-1]["id"], now=sql.now())
    assert InboxEvent.objects.get(event=events[-1]["id"]).outcome == InboxOutcome.SET_ASIDE
    assert not Difference.objects.exists()


def test_a_reversal_releases_the_rows(paid: Payout, market: Market) -> None:
    taken = interventions.reverse_payout(paid.pk, act=Act("dana", "Fraud"), now=sql.now())
    assert (taken.status, taken.paid_at) == (PayoutStatus.REVERSED, None)
    assert unsound() == {}
    market.run()
    assert Payout.objects.exclude(pk=paid.pk).get().net_amount == 80_00


@pytest.mark.parametrize("by_stripe", [True, False])
def test_an_account_opened_before_the_setting_changed_gets_its_schedule_before_it_is_paid(
    market: Market, sandbox: Stripe, settings: Settings, by_stripe: bool
) -> None:
    settings.BANK_PAYOUTS_BY_STRIPE = not by_stripe
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    payout = market.payout(alice)
    settings.BANK_PAYOUTS_BY_STRIPE = by_stripe
    work(sql.now())
    payout.refresh_from_db()
    if by_stripe:
        assert (interval(sandbox), payout.status) == ("daily", PayoutStatus.PAID)
    else:
        assert (interval(sandbox), payout.status) == ("manual", PayoutStatus.IN_TRANSIT)


def test_no_account_is_paid_whose_schedule_can_not_be_changed(
    market: Market, sandbox: Stripe, settings: Settings
) -> None:
    settings.BANK_PAYOUTS_BY_STRIPE = False
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    payout = market.payout(alice)
    settings.BANK_PAYOUTS_BY_STRIPE = True
    change = {"method": "POST", "path": "/v1/balance_settings"}
    sandbox.inject({**change, "kind": "status", "status": 500, "count": 1})
    start = sql.now()
    work(start)
    payout.refresh_from_db()
    assert (payout.status, payout.failure_code) == (PayoutStatus.PENDING, "account_not_payable")
    assert sandbox.transfers() == []
    work(start + timedelta(hours=2))
    payout.refresh_from_db()
    assert (payout.status, payout.failure_code) == (PayoutStatus.PAID, "")
