"""If Stripe pays the banks by its own schedule, a payout is paid once its transfer is made."""

import pytest
from pytest_django import Settings

from database import sql
from database.staff import Act
from payouts.models import Difference, Payout
from payouts.services.staff import interventions
from payouts.states import PayoutStatus
from stripe_io import services as inbox
from stripe_io.models import InboxEvent, InboxOutcome
from tests.local_stripe import Stripe
from tests.payouts.market import Market, unsound
from tests.payouts.sending import send_transfer

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


def test_a_transferred_payout_is_paid(paid: Payout) -> None:
    assert (paid.status, paid.next_retry_at, paid.stripe_payout_id) == (PayoutStatus.PAID, None, "")
    assert paid.paid_at is not None
    assert unsound() == {}


def test_accounts_are_left_on_stripes_schedule(paid: Payout, sandbox: Stripe) -> None:
    account = sandbox.state("accounts")["accounts"][0]
    assert account["settings"]["payouts"]["schedule"]["interval"] == "daily"


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
