"""Fixtures for the tests of payouts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import Creator
from database import sql
from money import parse_month
from payouts.models import Payout
from payouts.services.moves import move
from payouts.states import PayoutStatus
from revenue import services as revenue
from stripe_io import installation
from tests.local_stripe import Stripe
from tests.payouts.gate import shut
from tests.payouts.market import Market
from tests.payouts.sending import send_transfer
from tests.payouts.tampering import guards_off


@pytest.fixture(autouse=True)
def open_gate(request: pytest.FixtureRequest) -> None:
    """Let transfers pass without checks of Stripe's for a day, as most tests aren't about them."""
    if request.node.get_closest_marker("django_db") or "db" in request.fixturenames:
        request.getfixturevalue("db")
        now = sql.now()
        installation.remembered()
        installation.record_check(until=now, at=now + timedelta(days=1))


@pytest.fixture
def market(db: None) -> Market:
    """A marketplace without creators."""
    return Market()


@pytest.fixture
def payout(market: Market, sandbox: Stripe) -> Payout:
    """$80.00 for alice, who is onboarded at the sandbox, waiting to be sent."""
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    return market.payout(alice)


@pytest.fixture
def waiting(payout: Payout) -> Payout:
    """$80.00 that wait at the gate, which is shut."""
    shut()
    return payout


@pytest.fixture
def paid(payout: Payout, settle: Callable[[], None]) -> Payout:
    """$80.00 that reached alice's bank, with all events handled."""
    settle()
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PAID
    return payout


@pytest.fixture
def sent(payout: Payout) -> Payout:
    """$80.00 on alice's connected account, its bank payout not sent."""
    send_transfer(payout.pk, now=sql.now())
    payout.refresh_from_db()
    return payout


@pytest.fixture
def busy(market: Market, sandbox: Stripe) -> Market:
    """A bit of everything: a payout sent, one waiting, one that failed, and earnings left over."""
    alice, bob, charlie = market.creators(["alice", "bob", "charlie"], account=None)
    for creator in (alice, bob, charlie):
        market.onboard(creator)
        market.sell(creator, 100_00)
        market.sell(creator, 5_00, at="2025-10-05T12:00:00Z")
    market.refund(alice, 1_00)
    market.adjust(bob, 2_00, booked_at=sql.now())
    market.run()
    for creator in (alice, bob):
        if creator == bob:
            sandbox.inject(
                {
                    "method": "POST",
                    "path": "/v1/transfers",
                    "kind": "status",
                    "status": 400,
                    "code": "account_closed",
                }
            )
        send_transfer(Payout.objects.get(creator=creator).pk, now=sql.now())
    statuses = Payout.objects.order_by("creator__external_id").values_list("status", flat=True)
    assert list(statuses) == ["in_transit", "failed", "pending"]
    return market


@pytest.fixture
def busier(busy: Market) -> Market:
    """Also a linked refund, a paid payout, the revenue and a report, all an hour old, and a record not posted yet.

    Of two write-offs the first and a part of the second are undone.
    """
    alice = Creator.objects.get(external_id="alice")
    sold = busy.sell(alice, 70_00, at="2025-10-06T12:00:00Z", subscription_id="s1", api_calls="7")
    busy.refund(alice, 10_00, at="2025-10-07T12:00:00Z", related_record_id=sold)
    dave = busy.creator("dave")
    for owed, sold_since in [(50_00, 10_00), (20_00, 55_00)]:
        busy.refund(dave, owed, at="2025-10-07T12:00:00Z")
        busy.write_off(dave)
        busy.sell(dave, sold_since, at="2025-10-08T12:00:00Z")
    with transaction.atomic():
        move(Payout.objects.get(creator=alice), PayoutStatus.PAID, now=sql.now(), reason="a test")
    with guards_off():
        sql.run("UPDATE postings SET posted_at = posted_at - interval '1 hour'")
        sql.run("UPDATE payout_events SET at = at - interval '1 hour'")
    revenue.make_report(parse_month("2025-09"), now=sql.now())
    revenue.refresh_stale(now=sql.now())
    busy.arrive("charge", alice, 33_00, at="2025-10-08T12:00:00Z")
    return busy
