"""Refunds and disputes after the payout: across months, owners and rates, lost and won."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from accounts.models import Creator
from database import sql
from database.staff import Act
from earnings.models import Adjustment, Api, CreatorEarning, Reason
from earnings.services import commission
from earnings.services.catalog import CatalogEntry, register_apis
from earnings.services.sources import register_source
from payouts.models import Payout, PayoutLineItem
from payouts.states import PayoutStatus
from tests.feeding import feed, record
from tests.payouts.market import CUTOFF, NEXT_CUTOFF, Market, unsound

pytestmark = pytest.mark.usefixtures("sandbox")

LATER_CUTOFF = date(2025, 12, 1)


@pytest.fixture
def alice(market: Market) -> Creator:
    return onboarded(market, "alice")


def onboarded(market: Market, name: str) -> Creator:
    creator = market.creator(name, account=None)
    market.onboard(creator)
    return creator


@pytest.fixture
def pay(market: Market, settle: Callable[[], None]) -> Callable[[date], None]:
    """Make a run and let everything arrive."""

    def pay(cutoff: date) -> None:
        market.run(cutoff)
        settle()
        assert not Payout.objects.exclude(status=PayoutStatus.PAID).exists()
        assert unsound() == {}

    return pay


def take(
    market: Market, creator: Creator, charge: str, amount: int, *, kind: str = "refund", at: str
) -> None:
    market.record(kind, creator, amount, at=at, api_id="", related_record_id=charge)


def paid(creator: Creator) -> list[int]:
    """List what this creator was paid, in the order of the runs."""
    return list(
        Payout.objects.filter(creator=creator).order_by("run__cutoff").values_list("net_amount", flat=True)
    )


def lines(creator: Creator, cutoff: date) -> list[tuple[str, int, int, int, int]]:
    """List the lines of a payout: month, rate, gross, fee, net."""
    rows = PayoutLineItem.objects.filter(payout__creator=creator, payout__run__cutoff=cutoff)
    return [
        (
            f"{row.period_start:%Y-%m}",
            row.commission_bps,
            row.gross_revenue,
            row.platform_fee,
            row.net_revenue,
        )
        for row in rows.order_by("period_start", "commission_bps")
    ]


def test_a_commission_change_within_a_month_gives_each_line_its_own_rate(
    market: Market, alice: Creator, pay: Callable[[date], None]
) -> None:
    market.sell(alice, 33_33, at="2025-09-10T12:00:00Z")
    commission.set_rate(
        1_250, of=alice, effective_from=datetime(2025, 9, 15, tzinfo=UTC), act=Act("dana", "agreed")
    )
    market.sell(alice, 33_33, at="2025-09-15T00:00:00Z")
    pay(CUTOFF)
    assert lines(alice, CUTOFF) == [
        ("2025-09", 1_250, 33_33, 4_17, 29_16),
        ("2025-09", 2_000, 33_33, 6_67, 26_66),
    ]
    assert paid(alice) == [55_82]


def test_a_refund_after_the_payout_counts_in_its_own_month_at_its_charges_owner_and_rate(
    market: Market, alice: Creator, pay: Callable[[date], None]
) -> None:
    """After the sale the API was transferred to bob, and its commission was lowered."""
    bob = onboarded(market, "bob")
    charge = market.sell(alice, 100_00)
    market.sell(alice, 50_00)
    pay(CUTOFF)
    before = list(PayoutLineItem.objects.order_by("pk").values())
    sold_on = datetime(2025, 10, 1, tzinfo=UTC)
    entry = CatalogEntry("api-alice", "", "bob", owned_from=sold_on)
    register_apis([entry], now=sql.now())
    commission.set_rate(
        1_000, of=Api.objects.get(external_id="api-alice"), effective_from=sold_on, act=Act("dana", "-")
    )
    market.sell(bob, 100_00, at="2025-10-05T12:00:00Z", api_id="api-alice")
    take(market, alice, charge, 60_00, at="2025-10-06T12:00:00Z")
    pay(NEXT_CUTOFF)
    assert (paid(alice), paid(bob)) == ([120_00], [90_00])
    register_apis([CatalogEntry("api-alice-2", "", "alice")], now=sql.now())
    market.sell(alice, 200_00, at="2025-11-05T12:00:00Z", api_id="api-alice-2")
    pay(LATER_CUTOFF)
    assert lines(alice, LATER_CUTOFF) == [
        ("2025-10", 2_000, -60_00, -12_00, -48_00),
        ("2025-11", 2_000, 200_00, 40_00, 160_00),
    ]
    assert paid(alice) == [120_00, 112_00]
    assert (
        list(PayoutLineItem.objects.filter(pk__in=[line["id"] for line in before]).order_by("pk").values())
        == before
    )


def test_a_dispute_lost_after_the_payout_and_won_later_changes_nothing_in_total(
    market: Market, alice: Creator, pay: Callable[[date], None]
) -> None:
    charge = market.sell(alice, 100_00)
    pay(CUTOFF)
    take(market, alice, charge, 100_00, kind="chargeback", at="2025-10-05T12:00:00Z")
    market.sell(alice, 200_00, at="2025-10-06T12:00:00Z")
    pay(NEXT_CUTOFF)
    take(market, alice, charge, 100_00, kind="chargeback_reversal", at="2025-11-20T12:00:00Z")
    pay(LATER_CUTOFF)
    assert paid(alice) == [80_00, 80_00, 80_00]


def test_a_dispute_won_first_undoes_what_was_written_off_for_it(
    market: Market, alice: Creator, pay: Callable[[date], None]
) -> None:
    charge = market.sell(alice, 100_00)
    pay(CUTOFF)
    take(market, alice, charge, 100_00, kind="chargeback", at="2025-10-05T12:00:00Z")
    market.write_off(alice)
    take(market, alice, charge, 100_00, kind="chargeback_reversal", at="2025-10-20T12:00:00Z")
    pay(NEXT_CUTOFF)
    assert paid(alice) == [80_00]
    amounts = Adjustment.objects.order_by("proposed_at").values_list("kind", "amount")
    assert sorted(amounts) == [("write_off", 80_00), ("write_off_undone", -80_00)]


def test_a_chargeback_after_a_write_off_is_a_new_debt(
    market: Market, alice: Creator, pay: Callable[[date], None]
) -> None:
    first, second = market.sell(alice, 100_00), market.sell(alice, 50_00)
    pay(CUTOFF)
    take(market, alice, first, 100_00, at="2025-10-05T12:00:00Z")
    market.write_off(alice)
    take(market, alice, second, 50_00, kind="chargeback", at="2025-10-06T12:00:00Z")
    assert owed(alice) == -40_00
    market.sell(alice, 150_00, at="2025-10-20T12:00:00Z")
    pay(NEXT_CUTOFF)
    # Of the 120 the chargeback takes 40, and the write-off that is undone the other 80.
    assert (paid(alice), owed(alice)) == ([120_00], 0)


def test_a_dispute_fee_counts_in_no_earning(market: Market, alice: Creator) -> None:
    """Neither within a chargeback, which takes no more than its charge, nor as a record of its own."""
    charge = market.sell(alice, 100_00)
    said = {"api_id": "api-alice", "related_record_id": charge, "occurred_at": "2025-09-20T12:00:00Z"}
    refused = feed(
        register_source("billing"),
        record(kind="chargeback", amount=115_00, **said),
        record(kind="dispute_fee", amount=15_00, **said),
        now=sql.now(),
    ).refused
    assert refused == {1: Reason.EXCEEDS_CHARGE, 2: Reason.SYNTAX}
    take(market, alice, charge, 100_00, kind="chargeback", at="2025-09-20T12:00:00Z")
    (row,) = CreatorEarning.objects.all()
    assert (row.gross, row.platform_fee, row.net, row.refunds) == (0, 0, 0, 100_00)
    assert owed(alice) == 0
    assert unsound() == {}


def owed(creator: Creator) -> int:
    return sum(CreatorEarning.objects.filter(creator=creator, payout=None).values_list("net", flat=True))
