"""Batches that can't be posted don't stop the others, which are posted to the cent and paid."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, ProgrammingError, connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Creator
from database import sql
from earnings.models import BatchAct, BillingBatch, BillingRecord, BillingSource, CreatorEarning, EarnedSince
from earnings.services import posting
from earnings.services.sources import register_source
from ledger.models import AccountKind
from payouts.models import Payout
from payouts.services.reconciliation import books
from tests import feeding
from tests.factories import ApiFactory, CreatorFactory
from tests.feeding import feed_unchecked, record, refund
from tests.payouts.market import CUTOFF, Market, balance, unsound
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

LAW = "accepted_records_reach_their_earnings"
# What was changed with the guards off is found too.
TAMPERED = {"batches_hold_what_they_accepted"}
SEPTEMBER = "2025-09-10T12:00:00Z"
MANY = 9_300  # of fifteen digits, which were once accepted, these exceed a bigint
FIFTEEN_DIGITS = 10**15 - 1
NEARLY_ALL = 9 * 10**18  # of a bigint


@pytest.fixture
def source(market: Market) -> BillingSource:
    return register_source("billing")


@contextmanager
def guards_off() -> Iterator[None]:
    """Let the test do what triggers and foreign keys refuse, as a restored backup or a superuser's mistake can."""
    sql.run("SET session_replication_role = replica")
    try:
        yield
    finally:
        sql.run("SET session_replication_role = DEFAULT")


def sale(api: str, amount: int = 1, **said: Any) -> dict[str, Any]:
    return record(**{"api_id": api, "amount": amount, "occurred_at": SEPTEMBER} | said)


def feed(source: BillingSource, *records: dict[str, Any]) -> None:
    feeding.feed(source, *records, now=sql.now())


def post() -> posting.Posted:
    return posting.post_due(now=sql.now())


class Mallory:
    """A creator whose records can't be posted, for various causes; `spoiled` ones are changed with the guards off."""

    def __init__(self, source: BillingSource) -> None:
        self._source = source
        self._creator = CreatorFactory.create(external_id="mallory")

    def api(self) -> str:
        """Create another of her APIs."""
        return str(ApiFactory.create(owner=self._creator).external_id)

    def send(
        self, *amounts: int, api: str = "", beside: dict[str, Any] | None = None, **spoiled: object
    ) -> None:
        """Send a batch; the records `beside` hers are an innocent creator's."""
        api = api or self.api()
        sold = [sale(api, amount) for amount in amounts]
        feed(self._source, *sold, *([beside] if beside else []))
        self.spoil([one["record_id"] for one in sold], **spoiled)

    def spoil(self, records: list[str], **spoiled: object) -> None:
        with guards_off():
            for column, value in spoiled.items():
                sql.run(
                    f"UPDATE billing_records SET {column} = %(value)s WHERE record_id = ANY(%(records)s)",
                    {"value": value, "records": records},
                )

    def send_many(self, **said: Any) -> None:
        """Send records that were accepted before the limit was tighter."""
        api = self.api()
        feed_unchecked(
            self._source,
            *(sale(api, **said, record_id=f"many-{uuid4().hex}") for _ in range(MANY)),
        )


@pytest.fixture
def checked() -> Iterator[None]:
    """Have the database refuse a row of 666 cents."""
    sql.run("ALTER TABLE creator_earnings ADD CONSTRAINT no_such_row CHECK (gross <> 666)")
    yield
    sql.run("ALTER TABLE creator_earnings DROP CONSTRAINT no_such_row")


def innocent_figures() -> list[tuple[str, int, int, int, int, int, int]]:
    rows = CreatorEarning.objects.exclude(creator__external_id="mallory").order_by(
        "creator__external_id", "pk"
    )
    return list(
        rows.values_list(
            "creator__external_id", "gross", "platform_fee", "net", "refunds", "transactions", "api_calls"
        )
    )


@pytest.mark.full
def test_good_batches_among_bad_ones_are_posted_and_paid_to_the_cent(
    market: Market, source: BillingSource, checked: None
) -> None:
    alice, bob = market.creator("alice"), market.creator("bob")
    mallory = Mallory(source)
    twice = mallory.api()
    mallory.send(1, api=twice, amount=NEARLY_ALL)
    post()
    late_sale = sale("api-alice", 1_00)
    feed(source, late_sale)
    post()
    CreatorEarning.objects.filter(creator=alice).update(closed_at=sql.now())  # what follows opens another row

    def between() -> None:
        feed(source, sale("api-alice", 10_00), sale("api-bob", 20_00))

    hostile: list[Callable[[], None]] = [
        lambda: mallory.send(1, 2, 3, amount=4 * 10**18),  # the sum of gross
        lambda: mallory.send(1, 2, 3, api_calls=4 * 10**18),  # the sum of API calls
        lambda: mallory.send_many(api_calls=FIFTEEN_DIGITS),  # likewise, of values that were within the limit
        lambda: mallory.send_many(amount=FIFTEEN_DIGITS),
        lambda: mallory.send(1, api=twice, amount=NEARLY_ALL),  # the sum with what is in the row
        lambda: mallory.send(1, amount=NEARLY_ALL),  # the balance of her ledger account
        lambda: mallory.send(1, commission_bps=2_000_000_000, amount=10**15),  # the fee
        lambda: mallory.send(6_66),  # a CHECK
        lambda: mallory.send(1, api_id=uuid4()),  # a key that is looked at only on commit
        lambda: mallory.send(1, creator_id=uuid4()),
        lambda: mallory.send(1, occurred_at="infinity"),
        lambda: mallory.send(1, occurred_at="20000-01-01T00:00:00Z"),  # more than Python can read
        lambda: mallory.send(1, occurred_at="0044-03-15T00:00:00Z BC"),
        lambda: mallory.send(6_66, beside=sale("api-bob", 30_00)),  # an innocent in the same batch
        lambda: mallory.send(1, 2, 3, kind="refund", amount=4 * 10**18),
    ]
    for send in hostile:
        between()
        send()
    between()
    feed(source, refund(late_sale, amount=1_00, occurred_at=SEPTEMBER))
    with guards_off():
        sql.run("DELETE FROM commission_rates")  # settled when the records were accepted

    post()

    times = len(hostile) + 1
    assert innocent_figures() == [
        ("alice", 1_00, 20, 80, 0, 1, 1),
        ("alice", times * 10_00 - 1_00, times * 2_00 - 20, times * 8_00 - 80, 1_00, times, times),
        ("bob", times * 20_00 + 30_00, times * 4_00 + 6_00, times * 16_00 + 24_00, 0, times + 1, times + 1),
    ]
    assert balance(alice.pk, AccountKind.CREATOR_PAYABLE) == times * 8_00
    assert balance(bob.pk, AccountKind.CREATOR_PAYABLE) == times * 16_00 + 24_00
    aside = BillingBatch.objects.filter(set_aside_at__isnull=False)
    assert aside.count() == len(hostile)
    assert not BillingBatch.objects.filter(posted_at=None, set_aside_at=None).exists()
    assert not BillingRecord.objects.filter(batch__in=aside, creator__in=[alice, bob]).exists()
    assert all(batch.set_aside_reason and batch.accepted == batch.records.count() for batch in aside)
    assert len(unsound().pop(LAW)) == len(hostile)
    assert set(unsound()) == {LAW, "records_bear_their_owner_and_rate"} | TAMPERED

    market.run(CUTOFF)
    paid = Payout.objects.order_by("creator__external_id").values_list("creator__external_id", "net_amount")
    assert list(paid) == [("alice", times * 8_00), ("bob", times * 16_00 + 24_00)]
    assert set(unsound()) == {LAW, "records_bear_their_owner_and_rate"} | TAMPERED


# Transactions: to find what may leave quarantine since something changed, and to forget what was looked at.
LOOKED_AT = 2


def begun(queries: CaptureQueriesContext) -> int:
    return sum(query["sql"] == "BEGIN" for query in queries)


@pytest.mark.full
def test_one_bad_batch_among_200_costs_at_most_two_transactions_per_halving(
    market: Market, source: BillingSource
) -> None:
    market.creator("alice")
    mallory = Mallory(source)
    for number in range(posting.BATCHES_AT_ONCE):
        if number == 77:
            mallory.send(1, 2, 3, amount=4 * 10**18)
        else:
            feed(source, sale("api-alice", 1_00))
    with CaptureQueriesContext(connection) as queries:
        assert post().batches == posting.BATCHES_AT_ONCE - 1
    # What may leave quarantine, the whole set, two halves eight times, then a look whether it can be divided, and what
    # sets it aside.
    assert begun(queries) <= LOOKED_AT + 1 + 2 * 8 + 2
    assert innocent_figures() == [("alice", 199_00, 39_80, 159_20, 0, 199, 199)]


def test_a_bad_batch_is_not_tried_again_by_the_next_pass(market: Market, source: BillingSource) -> None:
    market.creator("alice")
    Mallory(source).send(1, 2, 3, amount=4 * 10**18)
    post()
    feed(source, sale("api-alice", 1_00))
    with CaptureQueriesContext(connection) as queries:
        assert post().batches == 1
    assert begun(queries) <= LOOKED_AT + 1
    with CaptureQueriesContext(connection) as queries:
        assert post() == posting.Posted()
    assert len(queries) <= 7
    assert BatchAct.objects.count() == 1


def test_concurrent_postings_set_aside_each_bad_batch_once_and_post_each_good_one_once(
    market: Market, source: BillingSource
) -> None:
    market.creator("alice")
    mallory = Mallory(source)
    for _ in range(3):
        feed(source, sale("api-alice", 1_00))
        mallory.send(1, 2, 3, amount=4 * 10**18, beside=sale("api-alice", 1_00))
    posted = sum(at_once(*[post] * 4), posting.Posted())
    assert (posted.records, posted.set_aside) == (6, 3)
    assert BatchAct.objects.count() == 3
    assert innocent_figures() == [("alice", 6_00, 1_20, 4_80, 0, 6, 6)]
    assert set(unsound()) == {LAW} | TAMPERED


def test_only_the_unpostable_row_of_a_large_batch_waits(market: Market, source: BillingSource) -> None:
    names = [f"c{number:03}" for number in range(100)]
    market.creators(names)
    sold = [sale(f"api-{name}", 1_00) for name in names for _ in range(3)]
    feed(source, *sold)
    Mallory(source).spoil([sold[150]["record_id"], sold[151]["record_id"]], amount=5 * 10**18)
    with CaptureQueriesContext(connection) as queries:
        post()
    assert begun(queries) <= 40
    aside = BillingBatch.objects.get(set_aside_at__isnull=False)
    assert set(aside.records.values_list("creator__external_id", flat=True)) == {"c050"}
    assert (aside.accepted, aside.part_of) == (3, BillingBatch.objects.earliest("pk"))
    assert [row[:2] for row in innocent_figures()] == [(name, 3_00) for name in names if name != "c050"]
    assert set(unsound()) == {LAW} | TAMPERED


def test_a_server_error_is_not_blamed_on_a_batch(market: Market, source: BillingSource) -> None:
    market.creator("alice")
    feed(source, sale("api-alice", 1_00))
    other = connection.copy()
    sql.run("SET lock_timeout = '50ms'")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE creator_earnings IN EXCLUSIVE MODE")
        with pytest.raises(OperationalError, match="lock timeout"):
            post()
    finally:
        other.close()
        sql.run("SET lock_timeout = DEFAULT")
    assert not BillingBatch.objects.filter(set_aside_at__isnull=False).exists()
    assert post().batches == 1
    assert unsound() == {}


def test_an_incomplete_schema_sets_nothing_aside(market: Market, source: BillingSource) -> None:
    market.creator("alice")
    feed(source, sale("api-alice", 1_00))
    sql.run("ALTER TABLE creator_earnings RENAME COLUMN api_calls TO calls")
    try:
        with pytest.raises(ProgrammingError, match="api_calls"):
            post()
    finally:
        sql.run("ALTER TABLE creator_earnings RENAME COLUMN calls TO api_calls")
    assert post().batches == 1


def test_a_write_off_that_cannot_be_undone_does_not_stop_other_creators(
    market: Market, source: BillingSource
) -> None:
    alice, bob = market.creator("alice"), market.creator("bob")
    market.refund(alice, 50_00)
    market.write_off(alice)
    market.sell(alice, 10_00)
    EarnedSince.objects.update(earned=9_223_372_036_854_775_807)
    market.arrive("charge", alice, 10_00)
    market.sell(bob, 20_00)
    assert balance(bob.pk, AccountKind.CREATOR_PAYABLE) == 16_00
    assert balance(alice.pk, AccountKind.CREATOR_PAYABLE) == 0
    aside = BillingBatch.objects.get(set_aside_at__isnull=False)
    assert "out of range" in aside.set_aside_reason


def test_a_quarantined_record_that_cannot_be_entered_does_not_stop_the_others(
    market: Market, source: BillingSource
) -> None:
    market.creator("alice")
    feed(source, *(sale("api-later", 1_00, record_id=f"later-{number}") for number in range(9)))
    sql.run("ALTER TABLE billing_records ADD CONSTRAINT no_such_record CHECK (record_id <> 'later-4')")
    try:
        ApiFactory.create(external_id="api-later", owner=Creator.objects.get(external_id="alice"))
        feed(source, sale("api-alice", 1_00))
        assert post().records == 9
        with CaptureQueriesContext(connection) as queries:
            post()
        assert begun(queries) <= 1
    finally:
        sql.run("ALTER TABLE billing_records DROP CONSTRAINT no_such_record")
    held = sql.rows("SELECT record_id, reason FROM quarantined_records WHERE resolved_at IS NULL")
    assert [tuple(row.values()) for row in held] == [("later-4", "unpostable")]
    books.require_sound()


@pytest.mark.parametrize("old", [False, True])
def test_the_books_find_accepted_records_in_no_earning(
    market: Market, source: BillingSource, old: bool
) -> None:
    market.creator("alice")
    feed(source, sale("api-alice", 1_00))
    if old:
        sql.run("UPDATE billing_batches SET received_at = received_at - interval '4 hours'")
    assert set(unsound()) == ({LAW} if old else set())
    post()
    assert unsound() == {}
