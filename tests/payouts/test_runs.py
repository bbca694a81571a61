"""Making a run: what it claims, pays, explains and leaves alone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from database import sql
from earnings.models import BillingBatch, CreatorEarning
from earnings.services import posting
from earnings.services.sources import register_source
from ledger.models import AccountKind
from payouts.errors import CutoffNotReached
from payouts.models import Payout, PayoutEvent, PayoutLineItem, PayoutRun, RunDecision
from payouts.services.deciding import runs
from payouts.states import DecisionReason, PayoutStatus
from tests.feeding import feed, record
from tests.payouts.market import CUTOFF, NEXT_CUTOFF, Market, balance, unsound

pytestmark = pytest.mark.django_db


def test_a_payout_claims_all_payable_rows_and_explains_each(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 50_00, at="2025-08-20T12:00:00Z")
    market.sell(alice, 100_00, at="2025-09-10T12:00:00Z")
    market.sell(alice, 70_00, at="2025-10-02T12:00:00Z")
    market.run()
    payout = Payout.objects.get()
    assert (payout.gross_amount, payout.platform_fee, payout.net_amount) == (150_00, 30_00, 120_00)
    assert (payout.period_start, payout.period_end) == (date(2025, 8, 1), CUTOFF)
    assert payout.status == PayoutStatus.PENDING
    assert payout.next_retry_at is not None
    lines = PayoutLineItem.objects.filter(payout=payout).order_by("period_start")
    assert [(line.period_start, line.net_revenue, line.commission_bps) for line in lines] == [
        (date(2025, 8, 1), 40_00, 2000),
        (date(2025, 9, 1), 80_00, 2000),
    ]
    claimed = CreatorEarning.objects.filter(payout=payout)
    assert {row.pk for row in claimed} == {line.earning_id for line in lines}
    assert all(row.closed_at for row in claimed)
    assert balance(alice.pk, AccountKind.PAYOUTS_RESERVED) == 120_00
    assert balance(alice.pk, AccountKind.CREATOR_PAYABLE) == 56_00
    assert unsound() == {}


def test_a_new_payout_leaves_one_event(market: Market) -> None:
    payout = market.payout(market.creator("alice"))
    event = PayoutEvent.objects.get(payout=payout)
    assert (event.from_status, event.to_status, event.actor) == ("", "pending", "system")
    assert "September 2025 run" in event.reason


def test_received_records_are_posted_first(market: Market) -> None:
    alice = market.creator("alice")
    market.arrive("charge", alice, 100_00)
    market.run()
    assert Payout.objects.get().net_amount == 80_00
    assert not BillingBatch.objects.filter(posted_at=None).exists()


def test_making_a_run_again_pays_nobody_twice(market: Market) -> None:
    market.payout(market.creator("alice"))
    again = market.run()
    assert not again.creators
    assert Payout.objects.count() == RunDecision.objects.count() == PayoutRun.objects.count() == 1
    assert unsound() == {}


def test_late_earnings_are_not_paid_by_the_same_run_twice(market: Market) -> None:
    """A run doesn't consider a creator again who has a live payout in it."""
    alice = market.creator("alice")
    market.payout(alice)
    market.sell(alice, 100_00)
    assert not market.run().creators
    assert Payout.objects.count() == 1


def test_a_late_refund_lands_in_the_next_payout_labelled_with_its_period(market: Market) -> None:
    alice = market.creator("alice")
    first = market.payout(alice)
    Payout.objects.filter(pk=first.pk).update(status=PayoutStatus.PAID, paid_at=sql.now())
    before = list(PayoutLineItem.objects.filter(payout=first).values())
    market.refund(alice, 10_00, at="2025-09-30T23:00:00Z")
    market.sell(alice, 100_00, at="2025-10-10T12:00:00Z")
    market.run(NEXT_CUTOFF)
    second = Payout.objects.exclude(pk=first.pk).get()
    lines = second.line_items.order_by("period_start").values_list("period_start", "net_revenue")
    assert list(lines) == [(date(2025, 9, 1), -8_00), (date(2025, 10, 1), 80_00)]
    assert second.net_amount == 72_00
    assert list(PayoutLineItem.objects.filter(payout=first).values()) == before
    first.refresh_from_db()
    assert first.net_amount == 80_00


def test_an_adjustment_is_paid_as_a_line_without_an_api(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    market.adjust(alice, -5_00, booked_at=datetime(2025, 9, 30, 23, 59, tzinfo=UTC))
    market.run()
    payout = Payout.objects.get()
    line = payout.line_items.get(api=None)
    assert (line.gross_revenue, line.platform_fee, line.net_revenue) == (-5_00, 0, -5_00)
    assert line.description == "Correction"
    assert payout.net_amount == 75_00
    assert unsound() == {}


def test_an_adjustment_booked_at_the_cutoff_waits_for_the_next_run(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    market.adjust(alice, 5_00, booked_at=datetime(2025, 10, 1, tzinfo=UTC))
    market.run()
    assert Payout.objects.get().net_amount == 80_00


@pytest.mark.parametrize(
    ("at", "cutoff", "paid"),
    [
        ("2025-09-30T23:59:59.999999Z", CUTOFF, True),
        ("2025-10-01T00:00:00Z", CUTOFF, False),
        # Auckland is 13 hours ahead by then, New York four behind.
        ("2025-10-01T12:59:59+13:00", CUTOFF, True),
        ("2025-10-01T13:00:00+13:00", CUTOFF, False),
        ("2025-09-30T20:00:00-04:00", CUTOFF, False),
        ("2024-02-29T23:59:59.999999Z", date(2024, 3, 1), True),
        ("2024-03-01T00:00:00Z", date(2024, 3, 1), False),
        ("2024-12-31T23:59:59.999999Z", date(2025, 1, 1), True),
        ("2025-01-01T00:00:00Z", date(2025, 1, 1), False),
    ],
)
def test_a_month_ends_at_midnight_utc(market: Market, at: str, cutoff: date, paid: bool) -> None:
    market.sell(market.creator("alice"), 100_00, at=at)
    market.run(cutoff)
    assert Payout.objects.exists() is paid


def test_the_current_period_is_not_part_of_a_run(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    market.sell(alice, 50_00, at="2025-10-01T00:00:00Z")
    market.run(CUTOFF)
    assert Payout.objects.get().net_amount == 80_00
    assert CreatorEarning.objects.get(payout=None).period_start == CUTOFF


def test_a_line_counts_the_subscriptions_of_its_own_month(market: Market) -> None:
    """Even if one batch has several months."""
    alice = market.creator("alice")
    sold = {"api_id": "api-alice", "amount": "10000"}
    august = {"record_id": "a", "subscription_id": "s-1", "occurred_at": "2025-08-31T23:59:59Z", **sold}
    september = {"record_id": "b", "subscription_id": "s-1", "occurred_at": "2025-09-01T00:00:00Z", **sold}
    other = {"record_id": "c", "subscription_id": "s-2", "occurred_at": "2025-09-30T12:00:00Z", **sold}
    feed(register_source("billing"), record(**august), record(**september), record(**other), now=sql.now())
    market.run()
    lines = PayoutLineItem.objects.filter(payout__creator=alice).order_by("period_start")
    assert list(lines.values_list("period_start", "total_subscriptions")) == [
        (date(2025, 8, 1), 1),
        (date(2025, 9, 1), 2),
    ]


def test_a_future_cutoff_is_refused(market: Market) -> None:
    now = sql.now()
    with pytest.raises(CutoffNotReached):
        runs.make_run(cutoff=now.date() + timedelta(days=1), now=now)
    assert not PayoutRun.objects.exists()


def test_a_time_ahead_of_the_database_clock_allows_no_later_cutoff(market: Market) -> None:
    now = sql.now()
    with pytest.raises(CutoffNotReached):
        runs.make_run(cutoff=now.date() + timedelta(days=20), now=now + timedelta(days=40))
    assert not PayoutRun.objects.exists()


def test_older_cutoffs_are_made_in_any_order(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00, at="2025-08-20T12:00:00Z")
    market.sell(alice, 50_00, at="2025-09-20T12:00:00Z")
    market.run(CUTOFF)
    assert not market.run(date(2025, 9, 1)).creators
    assert Payout.objects.get().net_amount == 120_00


def everything() -> dict[str, dict[str, Any]]:
    """Compute a digest of every table."""
    digest = "SELECT count(*), md5(string_agg(row::text, '' ORDER BY row::text)) FROM {} AS row"
    return {
        table: next(iter(sql.rows(digest.format(connection.ops.quote_name(table)))))
        for table in connection.introspection.table_names()
    }


def test_a_dry_run_decides_the_same_and_leaves_nothing_behind(market: Market) -> None:
    alice, bob = market.creators(["alice", "bob"])
    market.sell(alice, 100_00)
    market.sell(bob, 10_00)
    market.arrive("charge", alice, 50_00)
    before = everything()
    preview = runs.preview_run(cutoff=CUTOFF, now=sql.now())
    assert everything() == before
    assert preview == market.run()
    assert preview.amounts[DecisionReason.PAID, "USD"] == 120_00
    assert preview.creators[DecisionReason.BELOW_MINIMUM, "USD"] == 1


def test_a_dry_run_over_several_slices_decides_the_same(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "CREATORS_AT_ONCE", 2)
    market.sell_all(market.creators(list("abcde")), 100_00)
    preview = runs.preview_run(cutoff=CUTOFF, now=sql.now())
    assert preview.creators == {(DecisionReason.PAID, "USD"): 5}
    assert preview == market.run()


def test_a_dry_run_posts_what_arrived_in_several_rounds(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "BATCHES_AT_ONCE", 1)
    alice = market.creator("alice")
    for _ in range(3):
        market.arrive("charge", alice, 100_00)
    assert runs.preview_run(cutoff=CUTOFF, now=sql.now()).amounts == {(DecisionReason.PAID, "USD"): 240_00}


def test_a_run_over_several_slices_pays_everyone_once(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "CREATORS_AT_ONCE", 2)
    market.sell_all(market.creators(list("abcde")), 100_00)
    assert market.run().creators == {(DecisionReason.PAID, "USD"): 5}
    assert Payout.objects.count() == PayoutLineItem.objects.count() == 5
    assert unsound() == {}


class DiesAt(dict[str, int]):
    """Minimums that interrupt their nth reader, like Ctrl-C or a stopping worker."""

    def __init__(self, minimums: dict[str, int], *, look: int) -> None:
        super().__init__(minimums)
        self._left = look

    def items(self) -> Any:
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt
        return super().items()


@pytest.mark.parametrize("slice_reached", [1, 2, 3])
def test_a_run_that_died_is_completed_by_making_it_again(
    market: Market, monkeypatch: pytest.MonkeyPatch, settings: Settings, slice_reached: int
) -> None:
    monkeypatch.setattr(runs, "CREATORS_AT_ONCE", 2)
    market.sell_all(market.creators(list("abcdef")), 100_00)
    minimums = dict(settings.MINIMUM_PAYOUT)
    settings.MINIMUM_PAYOUT = DiesAt(minimums, look=slice_reached)
    with pytest.raises(KeyboardInterrupt):
        market.run()
    assert Payout.objects.count() == 2 * (slice_reached - 1)
    assert PayoutRun.objects.get().completed_at is None
    settings.MINIMUM_PAYOUT = minimums
    finished = market.run()
    assert finished.creators[DecisionReason.PAID, "USD"] == 6 - 2 * (slice_reached - 1)
    assert Payout.objects.count() == 6
    assert PayoutRun.objects.get().completed_at is not None
    assert unsound() == {}


BREAK_ONE = """
CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.creator_id::text = current_setting('tests.broken', true) THEN
        RAISE EXCEPTION 'a row of this creator is broken';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER refuse_one BEFORE INSERT ON payouts FOR EACH ROW EXECUTE FUNCTION refuse_one();
"""


def test_a_creator_who_cannot_be_decided_does_not_stop_the_others(market: Market) -> None:
    creators = market.creators(list("abcdefg"))
    market.sell_all(creators, 100_00)
    sql.run(BREAK_ONE)
    broken = creators[3]
    sql.run("SELECT set_config('tests.broken', %(id)s, true)", {"id": str(broken.pk)})
    result = market.run()
    assert result.creators == {(DecisionReason.PAID, "USD"): 6, (DecisionReason.ERROR, ""): 1}
    decision = RunDecision.objects.get(creator=broken)
    assert decision.reason == DecisionReason.ERROR
    assert "a row of this creator is broken" in decision.detail
    assert not Payout.objects.filter(creator=broken).exists()
    assert unsound() == {}
    sql.run("SELECT set_config('tests.broken', '', true)")
    assert market.run().creators == {(DecisionReason.PAID, "USD"): 1}
    assert RunDecision.objects.get(creator=broken).reason == DecisionReason.PAID
    assert unsound() == {}


def test_a_paid_creator_keeps_that_decision_if_the_run_fails_for_them_later(
    market: Market, settings: Settings
) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 25_00, "EUR": 25_00}
    alice = market.creator("alice")
    payout = market.payout(alice)
    market.sell(alice, 100_00)
    market.sell(alice, 100_00, currency="EUR")
    sql.run(BREAK_ONE)
    sql.run("SELECT set_config('tests.broken', %(id)s, true)", {"id": str(alice.pk)})
    assert market.run().creators == {(DecisionReason.ERROR, ""): 1}
    decisions = RunDecision.objects.order_by("currency").values_list("currency", "reason", "payout")
    assert list(decisions) == [
        ("EUR", DecisionReason.ERROR, None),
        ("USD", DecisionReason.PAID, payout.pk),
    ]


def test_a_dry_run_reports_the_others_if_one_creator_cannot_be_decided(market: Market) -> None:
    creators = market.creators(list("abcde"))
    market.sell_all(creators, 100_00)
    sql.run(BREAK_ONE)
    sql.run("SELECT set_config('tests.broken', %(id)s, true)", {"id": str(creators[1].pk)})
    preview = runs.preview_run(cutoff=CUTOFF, now=sql.now())
    assert preview.creators == {(DecisionReason.PAID, "USD"): 4, (DecisionReason.ERROR, ""): 1}


def test_a_run_takes_as_many_statements_for_many_creators_as_for_few(market: Market) -> None:
    def statements(names: list[str]) -> int:
        market.sell_all(market.creators(names), 100_00)
        with CaptureQueriesContext(connection) as captured:
            assert market.run().creators[DecisionReason.PAID, "USD"] == len(names)
        return len(captured)

    statements(["first"])
    few = statements([f"few-{number}" for number in range(10)])
    many = statements([f"many-{number}" for number in range(200)])
    assert many == few
