"""Posting adds batches to `creator_earnings` and the ledger, once, whatever the batching."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from functools import partial
from threading import Event

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import Creator
from database import sql
from earnings.models import BillingBatch, BillingSource, CreatorEarning, EarningPosting, Posting
from earnings.selectors import records_of
from earnings.services import posting
from ledger.models import LedgerAccount, LedgerEntry, LedgerTransaction
from payouts.services.reconciliation import books
from revenue import services as revenue
from tests.factories import CommissionRateFactory, SourceFactory
from tests.feeding import NOW, earned, feed, post, record, refund
from tests.threads import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice", "bob")]


def payable() -> dict[str, int | None]:
    """Return what the ledger owes each creator."""
    names = dict(Creator.objects.values_list("pk", "external_id"))
    accounts = LedgerAccount.objects.filter(kind="creator_payable")
    return {names[account.owner_id]: account.balance for account in accounts}


def close_all_rows() -> None:
    """Close the open rows, as a payout's claim does."""
    CreatorEarning.objects.filter(closed_at=None).update(closed_at=NOW)


def assert_ledger_agrees() -> None:
    """Creator payable = unclaimed earnings, fees = fees, receipts = gross; and traces add up to rows."""
    net = CreatorEarning.objects.values_list("creator__external_id").annotate(Sum("net"))
    assert {creator: amount for creator, amount in net if amount} == {
        creator: amount for creator, amount in payable().items() if amount
    }
    totals = CreatorEarning.objects.aggregate(gross=Sum("gross"), fee=Sum("platform_fee"))
    booked = dict(LedgerEntry.objects.values_list("account__kind").annotate(Sum("amount")))
    assert -booked.get("receipts", 0) == (totals["gross"] or 0)
    assert booked.get("platform_fees", 0) == (totals["fee"] or 0)
    for row in CreatorEarning.objects.annotate(traced=Sum("postings__gross")):
        assert row.traced == row.gross


def test_charges_of_one_month_add_up_in_one_open_row(source: BillingSource) -> None:
    feed(source, record(amount=1000), record(amount=234))
    feed(source, record(amount=1))
    posted = post()
    assert (posted.batches, posted.records, posted.rows) == (2, 3, 1)
    assert earned() == [("alice", "api-a", "2024-01", 1235, 247, 988)]
    assert payable() == {"alice": 988}
    assert_ledger_agrees()


def test_posting_again_changes_nothing(source: BillingSource) -> None:
    feed(source, record())
    post()
    booked = LedgerTransaction.objects.count()
    assert post() == posting.Posted()
    assert earned()[0][3:] == (1000, 200, 800)
    assert LedgerTransaction.objects.count() == booked


def test_a_row_takes_what_still_arrives_and_rounds_its_whole(source: BillingSource) -> None:
    for _ in range(5):
        feed(source, record(amount=1))
        post()
    assert earned() == [("alice", "api-a", "2024-01", 5, 1, 4)]
    assert_ledger_agrees()


def test_a_month_of_1_cent_charges_still_brings_the_platform_its_share(source: BillingSource) -> None:
    for day in range(1, 31):
        feed(source, *(record(amount=1, occurred_at=f"2024-01-{day:02}T12:00:00Z") for _ in range(10)))
        post()
    assert earned() == [("alice", "api-a", "2024-01", 300, 60, 240)]
    assert_ledger_agrees()


def test_a_refund_takes_back_the_creators_share_and_the_commission_on_it(source: BillingSource) -> None:
    sold = record(amount=1000)
    feed(source, sold, record(amount=500))
    post()
    feed(source, refund(sold, amount=1000))
    post()
    assert earned() == [("alice", "api-a", "2024-01", 500, 100, 400)]
    assert_ledger_agrees()


def test_a_month_of_refunds_is_negative_and_rounded_away_from_zero(source: BillingSource) -> None:
    CommissionRateFactory.create(bps=1_000, effective_from="2024-01-01T00:00:00Z")
    feed(source, record(kind="refund", amount=5))
    post()
    assert earned() == [("alice", "api-a", "2024-01", -5, -1, -4)]
    assert payable() == {"alice": -4}
    assert_ledger_agrees()


def test_the_last_microsecond_of_a_month_belongs_to_it_and_midnight_to_the_next(
    source: BillingSource,
) -> None:
    feed(
        source,
        record(amount=1, occurred_at="2024-02-29T23:59:59.999999Z"),
        record(amount=10, occurred_at="2024-03-01T00:00:00Z"),
        record(amount=100, occurred_at="2024-03-01T12:59:59+13:00"),  # still February in UTC
        record(amount=1000, occurred_at="2023-12-31T23:59:59.999999Z"),
        record(amount=10_000, occurred_at="2023-12-31T20:00:00-04:00"),  # the new year in UTC
    )
    post()
    assert [(month, gross) for _, _, month, gross, _, _ in earned()] == [
        ("2023-12", 1000),
        ("2024-01", 10_000),
        ("2024-02", 101),
        ("2024-03", 10),
    ]
    assert set(CreatorEarning.objects.values_list("period_start", "period_end")) == {
        (date(2023, 12, 1), date(2024, 1, 1)),
        (date(2024, 1, 1), date(2024, 2, 1)),
        (date(2024, 2, 1), date(2024, 3, 1)),
        (date(2024, 3, 1), date(2024, 4, 1)),
    }


def test_a_refund_belongs_to_the_month_it_occurred_in(source: BillingSource) -> None:
    sold = record(occurred_at="2024-01-31T12:00:00Z")
    feed(source, sold, refund(sold, occurred_at="2024-02-01T12:00:00Z"))
    post()
    assert [(row[2], row[3]) for row in earned()] == [("2024-01", 1000), ("2024-02", -1000)]


def test_a_row_has_the_documented_figures(source: BillingSource) -> None:
    sold = record(amount=1000, api_calls=7)
    feed(
        source,
        sold,
        record(amount=500, api_calls=""),
        refund(sold, amount=400, api_calls=100),
        refund(sold, kind="chargeback", amount=300, api_calls=100),
        refund(sold, kind="refund_reversal", amount=50),
        refund(sold, kind="chargeback_reversal", amount=20),
    )
    post()
    row = CreatorEarning.objects.get()
    assert (row.gross, row.refunds, row.transactions, row.api_calls) == (870, 630, 2, 7)
    assert row.net + row.platform_fee == row.gross


@pytest.mark.parametrize("claimed", [True, False])
def test_what_arrives_for_a_closed_row_opens_a_new_one_rounded_for_itself(
    source: BillingSource, claimed: bool
) -> None:
    feed(source, record(amount=3))
    post()
    if claimed:
        close_all_rows()
    feed(source, record(amount=3))
    post()
    rows = (
        [("alice", "api-a", "2024-01", 3, 1, 2)] * 2 if claimed else [("alice", "api-a", "2024-01", 6, 1, 5)]
    )
    assert earned() == rows
    assert_ledger_agrees()


def test_a_late_refund_of_a_paid_month_is_a_new_row_labelled_with_that_month(source: BillingSource) -> None:
    sold = record()
    feed(source, sold)
    post()
    close_all_rows()
    feed(source, refund(sold, occurred_at="2024-01-31T12:00:00Z"))
    post()
    assert earned() == [
        ("alice", "api-a", "2024-01", 1000, 200, 800),
        ("alice", "api-a", "2024-01", -1000, -200, -800),
    ]
    assert payable() == {"alice": 0}


def test_rows_lead_to_the_records_behind_them(source: BillingSource) -> None:
    sold = record(amount=1000, api_calls=3)
    feed(source, sold, record(api_id="api-b"))
    post()
    feed(source, refund(sold, amount=1), record(amount=9, occurred_at="2024-02-15T12:00:00Z"))
    feed(source, record(amount=50))
    post()
    for row in CreatorEarning.objects.all():
        gross = sum(one.amount if one.kind == "charge" else -one.amount for one in records_of(row))
        assert gross == row.gross
        traced = row.postings.aggregate(
            Sum("gross"), Sum("refunds"), Sum("transactions"), Sum("api_calls")
        ).values()
        assert list(traced) == [row.gross, row.refunds, row.transactions, row.api_calls]


def test_a_trace_names_only_the_batches_with_records_of_its_row(source: BillingSource) -> None:
    feed(source, record())
    feed(source, record(api_id="api-b"))
    feed(source, record(), record(api_id="api-b"))
    post()
    feed(source, record())
    post()
    first, second, both, later = BillingBatch.objects.order_by("pk").values_list("pk", flat=True)
    traces = EarningPosting.objects.order_by("posting", "earning__api__external_id")
    assert [
        (trace.earning.api and trace.earning.api.external_id, sorted(trace.batches)) for trace in traces
    ] == [("api-a", [first, both]), ("api-b", [second, both]), ("api-a", [later])]


def test_batches_are_stamped_with_the_posting(source: BillingSource) -> None:
    feed(source, record(), record(amount="?"))
    feed(source, record(amount="??"))
    post()
    (stamp,) = Posting.objects.all()
    assert stamp.posted_at == NOW
    assert set(BillingBatch.objects.values_list("posting", "posted_at")) == {(stamp.pk, NOW)}


def test_a_batch_that_committed_late_with_a_low_number_is_not_overlooked(source: BillingSource) -> None:
    feed(source, record(amount=1))
    first = BillingBatch.objects.get()
    feed(source, record(amount=10))
    stamp = Posting.objects.create(posted_at=NOW)
    BillingBatch.objects.filter(pk=first.pk).update(
        posted_at=NOW, posting=stamp
    )  # as if it were not committed yet
    post()
    BillingBatch.objects.filter(pk=first.pk).update(posted_at=None, posting=None)
    post()
    assert earned()[0][3] == 11
    assert_ledger_agrees()


def test_more_batches_than_fit_into_one_posting_are_all_posted(
    source: BillingSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "BATCHES_AT_ONCE", 2)
    for _ in range(5):
        feed(source, record(amount=10), record(amount=1, api_id="api-b"))
    assert post().batches == 5
    assert [row[3] for row in earned()] == [50, 5]
    assert_ledger_agrees()


def test_each_currency_has_rows_of_its_own(source: BillingSource, settings: Settings) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 2500, "EUR": 2500}
    feed(source, record(amount=10), record(amount=20, currency="EUR"))
    post()
    assert set(CreatorEarning.objects.values_list("currency", "gross")) == {("USD", 10), ("EUR", 20)}
    assert set(LedgerAccount.objects.filter(kind="creator_payable").values_list("currency", "balance")) == {
        ("USD", 8),
        ("EUR", 16),
    }


def test_posting_runs_the_same_number_of_queries_for_many_creators_as_for_few(
    source: BillingSource, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    feed(source, *(record(amount=1, occurred_at=f"2024-01-{day:02}T00:00:00Z") for day in range(1, 29)))
    feed(
        source,
        *(
            record(amount=1, api_id="api-b", occurred_at=f"{year}-01-01T00:00:00Z")
            for year in range(2000, 2024)
        ),
    )
    with django_assert_max_num_queries(25):
        post()


@pytest.mark.django_db(transaction=True)
def test_postings_in_parallel_post_each_batch_once(source: BillingSource) -> None:
    for number in range(12):
        feed(source, record(amount=100 + number), record(amount=1, api_id="api-b"))
    results = at_once(*[post] * 5)
    assert sum(posted.records for posted in results) == 24
    assert [row[3] for row in earned()] == [1266, 12]
    assert_ledger_agrees()
    revenue.refresh_months([date(2024, 1, 1)], now=sql.now())
    books.require_sound()


@pytest.mark.django_db(transaction=True)
def test_posting_while_records_come_in_loses_none(source: BillingSource) -> None:
    others = SourceFactory.create_batch(2)

    def send(sender: BillingSource) -> int:
        return sum(feed(sender, record(amount=1)).accepted for _ in range(15))

    at_once(
        *(partial(send, sender) for sender in others), *[lambda: sum(post().records for _ in range(10))] * 2
    )
    post()
    assert earned()[0][3] == 30
    assert_ledger_agrees()


@pytest.mark.django_db(transaction=True)
def test_a_posting_waits_for_the_claim_of_its_row_and_opens_a_new_one(source: BillingSource) -> None:
    feed(source, record(amount=100))
    post()
    feed(source, record(amount=10))
    claimed = Event()

    def claim() -> None:
        with transaction.atomic():
            CreatorEarning.objects.select_for_update(no_key=True).get()
            claimed.set()
            wait_until_something_waits()
            close_all_rows()

    def post_after_the_claim() -> None:
        claimed.wait(10)
        post()

    at_once(claim, post_after_the_claim)
    assert [row[3] for row in earned()] == [100, 10]
    assert_ledger_agrees()


def wait_until_something_waits() -> None:
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute(
                "SELECT pg_sleep(0.01), pg_stat_clear_snapshot(); SELECT FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            cursor.nextset()
            if cursor.rowcount:
                return
    raise AssertionError("nobody waits")


MONTHS = ("2024-01-31T23:59:59.999999Z", "2024-02-01T00:00:00Z", "2024-02-10T00:00:00Z")


@st.composite
def sales(draw: st.DrawFn) -> list[dict[str, str]]:
    """Draw charges, and refunds that never exceed them."""
    lines: list[dict[str, str]] = []
    for number in range(draw(st.integers(1, 8))):
        amount = draw(st.integers(1, 40))
        sold = record(
            record_id=f"c-{number}",
            amount=amount,
            api_id=draw(st.sampled_from(["api-a", "api-b"])),
            occurred_at=draw(st.sampled_from(MONTHS)),
        )
        lines.append(sold)
        back = draw(st.integers(0, amount))
        for part, taken in enumerate([back // 2, back - back // 2]):
            if taken:
                when = draw(st.sampled_from(MONTHS))
                lines.append(refund(sold, record_id=f"f-{number}-{part}", amount=taken, occurred_at=when))
    return lines


def figures() -> tuple[object, ...]:
    rows = CreatorEarning.objects.order_by("creator__external_id", "api__external_id", "period_start")
    return (
        list(
            rows.values_list(
                "creator__external_id",
                "period_start",
                "gross",
                "platform_fee",
                "net",
                "refunds",
                "transactions",
            )
        ),
        {creator: amount for creator, amount in payable().items() if amount},
    )


@given(data=st.data(), lines=sales())
@examples(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_batching_and_no_order_changes_a_figure(
    source: BillingSource, data: st.DataObject, lines: list[dict[str, str]]
) -> None:
    with rolled_back():
        feed(source, *lines)
        post()
        at_once_came_to = figures()
    with rolled_back():
        for batch, posts in parts(data, lines):
            feed(source, *batch)
            if posts:
                post()
        post()
        assert figures() == at_once_came_to
        assert_ledger_agrees()


@given(data=st.data(), before=sales(), after=sales())
@examples(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_batching_between_two_claims_changes_a_figure(
    source: BillingSource, data: st.DataObject, before: list[dict[str, str]], after: list[dict[str, str]]
) -> None:
    after = [
        {
            name: f"late-{value}" if value and name.endswith("record_id") else value
            for name, value in line.items()
        }
        for line in after
    ]

    def run(batches: Iterator[tuple[list[dict[str, str]], bool]]) -> None:
        for batch, posts in batches:
            feed(source, *batch)
            if posts:
                post()
        post()

    with rolled_back():
        run(iter([(before, True)]))
        close_all_rows()
        run(iter([(after, True)]))
        expected = sorted(earned())
    with rolled_back():
        run(parts(data, before))
        close_all_rows()
        run(parts(data, after))
        assert sorted(earned()) == expected
        assert_ledger_agrees()


def parts(data: st.DataObject, lines: list[dict[str, str]]) -> Iterator[tuple[list[dict[str, str]], bool]]:
    """Shuffle the lines and split them into batches; some are posted immediately."""
    shuffled = data.draw(st.permutations(lines))
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)))
        yield list(shuffled[:size]), data.draw(st.booleans())
        shuffled = shuffled[size:]


@contextmanager
def rolled_back() -> Iterator[None]:
    """Roll back everything in the block."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
