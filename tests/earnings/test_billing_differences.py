"""The nightly comparison with the marketplace's own tables: clear cases are taken in, the rest is reported once."""

import io
import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from database import sql
from database.staff import Act
from earnings.models import BillingBatch, BillingRecord, BillingSource
from earnings.reading.invoices import PAID, TAKEN_BACK
from earnings.services import shared_tables, tables_comparison
from earnings.services.batches import quarantine_batch
from payouts.models import BILLING_KINDS, Difference
from payouts.services import differences
from payouts.services.reconciliation.billing_differences import Compared, compare_billing_tables
from payouts.tasks import compare_billing
from tests.earnings.marketplace import Marketplace, read
from tests.earnings.test_batches import no_row_with
from tests.feeding import earned, feed, held, post, record, refund

pytestmark = pytest.mark.django_db


def compare(marketplace: Marketplace, *, later: timedelta = timedelta(days=1)) -> Compared:
    """Compare a day later, when all changes have settled."""
    return compare_billing_tables(marketplace.parameters, now=sql.now() + later)


def open_differences() -> list[tuple[str, str, int]]:
    """List the open differences: kind, subject, amount."""
    rows = Difference.objects.filter(resolved_at=None).order_by("kind", "subject")
    return list(rows.values_list("kind", "subject", "amount"))


def gross() -> int:
    post(now=sql.now())
    return sum(row[3] for row in earned())


def in_month(number: int) -> dict[str, Any]:
    """Return when invoice `number` was paid and changed: each in its own month."""
    moment = datetime(2024, number, 15, 12, tzinfo=UTC)
    return {"paid_at": moment, "updated_at": moment}


@pytest.fixture
def sold(marketplace: Marketplace) -> Marketplace:
    """Three invoices of $10, in three months, that have been read."""
    for number in (1, 2, 3):
        marketplace.sell(number, **in_month(number))
    read(marketplace)
    return marketplace


@pytest.mark.parametrize(
    "marketplace_options", [{"id_type": "uuid"}, {"id_type": "bigint"}, {"id_type": "text"}]
)
def test_if_both_sides_agree_no_invoice_is_compared(sold: Marketplace) -> None:
    assert compare(sold) == Compared(months=0, mended=0, found=0, gone=0, open={})


class TestWhatReadingChangesCannotSee:
    """A slow clock sets `updated_at` to a time that was already read."""

    def test_what_was_taken_back_is(self, sold: Marketplace) -> None:
        sold.run("UPDATE invoices SET status = 'refunded' WHERE id = 1")
        assert read(sold).accepted == 0
        assert (compare(sold).mended, compare(sold).mended) == (1, 0)
        assert (gross(), open_differences(), held()) == (2000, [], [])

    def test_what_is_paid_again_is_given_back(self, sold: Marketplace) -> None:
        sold.change(1, status="void")
        read(sold)
        sold.run("UPDATE invoices SET status = 'paid', updated_at = '2024-01-15T12:00Z' WHERE id = 1")
        assert compare(sold).mended == 1
        assert (gross(), open_differences()) == (3000, [])

    def test_what_was_never_read_is(self, sold: Marketplace) -> None:
        sold.sell(4, **in_month(1))
        assert read(sold).accepted == 0
        assert compare(sold).mended == 1
        assert (gross(), open_differences()) == (4000, [])

    def test_nor_do_two_that_come_to_the_same_hide_each_other(self, sold: Marketplace) -> None:
        sold.run("UPDATE invoices SET status = 'refunded' WHERE id = 1")
        sold.sell(4, **in_month(1))
        assert compare(sold).mended == 2
        assert (gross(), open_differences()) == (3000, [])

    def test_a_changed_amount_is_a_conflict(self, sold: Marketplace) -> None:
        sold.run("UPDATE invoices SET amount = 12 WHERE id = 1")
        for _ in range(2):
            assert compare(sold).found == 0
            assert held() == [("invoice:1", "conflict")]

    def test_a_payment_that_moved_to_another_month_is_a_conflict(self, sold: Marketplace) -> None:
        sold.run("UPDATE invoices SET paid_at = '2024-02-15T12:00Z' WHERE id = 1")
        assert (compare(sold).months, open_differences()) == (2, [])
        assert held() == [("invoice:1", "conflict")]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"status": "open"}, "invoice_unpaid"),
        ({"status": "open", "paid_at": None}, "invoice_unpaid"),
        ({"status": "a status of their own"}, "invoice_unpaid"),
        ({"status": None}, "invoice_unpaid"),
        ({"amount": 0}, "invoice_unpaid"),
        ({"status": "disputed"}, "invoice_disputed"),
        ({"status": "partially_refunded"}, "invoice_partially_refunded"),
    ],
)
def test_an_unclear_case_is_reported_once_and_resolved_once_it_is_gone(
    sold: Marketplace, fields: dict[str, Any], kind: str
) -> None:
    sold.change(2, **fields)
    read(sold)
    assert (compare(sold).found, compare(sold).open) == (1, {kind: 1})
    assert open_differences() == [(kind, "invoice:2", 1000)]
    assert gross() == 3000
    difference = Difference.objects.get()
    assert "invoice:2" in difference.detail
    assert difference.creator is not None
    assert difference.creator.external_id == "1"

    sold.change(2, status="paid", amount=10, paid_at=in_month(2)["paid_at"])
    compared = compare(sold)
    assert (compared.gone, open_differences()) == (1, [])
    assert Difference.objects.get().resolved_by == "system"


def test_a_deleted_invoice_is_reported_until_a_refund_is_submitted(sold: Marketplace) -> None:
    sold.run("DELETE FROM invoices WHERE id = 2")
    compare(sold)
    assert open_differences() == [("invoice_deleted", "invoice:2", 1000)]
    feed(BillingSource.objects.get(), refund({"record_id": "invoice:2"}, record_id="by-hand", amount="1000"))
    compare(sold)
    assert (open_differences(), gross()) == ([], 2000)


def test_a_partial_refund_is_reported_until_it_is_submitted(sold: Marketplace) -> None:
    sold.change(2, status="partially_refunded")
    compare(sold)
    feed(BillingSource.objects.get(), refund({"record_id": "invoice:2"}, record_id="by-hand", amount="300"))
    compare(sold)
    assert (open_differences(), gross()) == ([], 2700)
    sold.change(2, status="refunded")
    compare(sold)
    assert (open_differences(), held(), gross()) == ([], [], 2000)


def test_a_lost_dispute_is_no_difference_once_the_table_or_a_record_says_so(sold: Marketplace) -> None:
    sold.change(1, status="disputed")
    sold.change(2, status="disputed")
    compare(sold)
    sold.change(1, status="refunded")
    lost = refund({"record_id": "invoice:2"}, record_id="by-hand", kind="chargeback", amount="1000")
    feed(BillingSource.objects.get(), lost)
    assert (compare(sold).gone, open_differences(), gross()) == (2, [], 1000)


def test_what_staff_have_resolved_is_not_reported_again(sold: Marketplace) -> None:
    sold.run("DELETE FROM invoices WHERE id = 2")
    compare(sold)
    now = sql.now()
    differences.resolve_difference(Difference.objects.get().pk, act=Act("dana", "Archived"), now=now)
    assert (compare(sold).found, open_differences()) == (0, [])
    feed(BillingSource.objects.get(), refund({"record_id": "invoice:2"}, record_id="by-hand", amount="1"))
    compare(sold)
    assert open_differences() == [("invoice_deleted", "invoice:2", 999)]


def test_many_of_one_month_are_reported_together(sold: Marketplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_comparison, "LISTED_ONE_BY_ONE", 2)
    for number in (4, 5):
        sold.sell(number, **in_month(1))
    compare(sold)
    sold.run("DELETE FROM invoices WHERE id <> 3")
    compare(sold)
    assert open_differences() == [
        ("invoice_deleted", "2024-01 USD", 3000),
        ("invoice_deleted", "invoice:2", 1000),
    ]
    detail = Difference.objects.get(subject="2024-01 USD").detail
    assert detail.startswith("3 invoices of 2024-01, such as invoice:1, invoice:4, invoice:5.")
    sold.sell(1, **in_month(1))
    compare(sold)
    assert [subject for _, subject, _ in open_differences()] == ["invoice:2", "invoice:4", "invoice:5"]


class TestFalseAlarms:
    """What is still arriving, or is reported elsewhere, is not a difference."""

    def test_what_changed_just_now_is_left_to_the_next_night(self, sold: Marketplace) -> None:
        sold.change(2, status="disputed")
        soon, tonight = timedelta(0), timedelta(hours=4)
        BillingBatch.objects.update(received_at=sql.now() - timedelta(days=1))
        assert compare(sold, later=soon).found == 0
        assert compare(sold, later=tonight).found == 1
        sold.change(2)
        compared = compare(sold, later=soon)
        assert (compared.found, compared.gone, len(open_differences())) == (0, 0, 1)

    def test_so_is_what_came_in_just_now(self, sold: Marketplace) -> None:
        """Another pass may have read records that a lagging replica doesn't have yet."""
        sold.run("DELETE FROM invoices WHERE id = 2")
        assert compare(sold, later=timedelta(0)).found == 0

    @pytest.mark.parametrize(
        "fields",
        [
            {"currency": "EUR"},
            {"currency": "usd"},
            {"currency": None},
            {"amount": "10.005"},
            {"amount": "NaN"},
            {"amount": -1},
            {"paid_at": "infinity"},
            {"paid_at": None},
            {"subscription_id": 77},
        ],
    )
    def test_what_waits_in_quarantine_is_told_there(self, sold: Marketplace, fields: dict[str, Any]) -> None:
        sold.sell(4, **fields)
        read(sold)
        assert len(held()) == 1
        for _ in range(2):
            compared = compare(sold)
            assert (compared.mended, compared.found) == (0, 0)
        assert len(held()) == 1

    def test_what_left_the_books_stays_out_of_them(self, sold: Marketplace) -> None:
        with no_row_with("gross = 1000"):
            post(now=sql.now())
            assert compare(sold).found == 0
            for batch in BillingBatch.objects.filter(posted_at=None):
                quarantine_batch(batch.pk, act=Act("dana", "Counted wrong"), now=sql.now())
        assert [reason for _, reason in held()] == ["unpostable"] * 3
        assert (compare(sold).mended, open_differences()) == (0, [])
        assert len(held()) == 3

    def test_a_refund_that_waits_for_its_charge_is_told_there(self, sold: Marketplace) -> None:
        BillingBatch.objects.update(set_aside_at=sql.now(), set_aside_reason="a test")
        sold.change(1, status="refunded")
        assert compare(sold).found == 0
        assert held() == [("invoice:1:refund", "charge_unknown")]

    def test_what_others_sell_under_that_source_is_none_of_the_tables(self, sold: Marketplace) -> None:
        feed(BillingSource.objects.get(), record(record_id="sold-by-hand", api_id="1"))
        assert compare(sold).months == 0

    def test_what_was_handed_in_stays_although_the_table_says_paid(self, sold: Marketplace) -> None:
        feed(
            BillingSource.objects.get(),
            refund({"record_id": "invoice:2"}, record_id="by-hand", amount="1000"),
        )
        compared = compare(sold)
        assert (compared.mended, compared.found) == (0, 0)


class TestSubscriptionsThatMoved:
    """The tables know the current API of a subscription, but not the one when an invoice was paid."""

    @pytest.fixture
    def moved(self, marketplace: Marketplace) -> Marketplace:
        """The first invoice is read. A second is paid, the subscription moves to API 2, and then the second is read."""
        marketplace.offer(2)
        paid_at = sql.now() - timedelta(days=30)
        marketplace.sell(1, paid_at=paid_at)
        read(marketplace)
        marketplace.sell(2, paid_at=paid_at + timedelta(days=29))
        marketplace.run("UPDATE subscriptions SET pricing_plan_id = 2 WHERE id = 1")
        read(marketplace)
        return marketplace

    def test_an_invoice_that_may_be_of_the_api_before_is_told(self, moved: Marketplace) -> None:
        compare(moved)
        assert open_differences() == [("subscription_moved", "invoice:2", 1000)]
        difference = Difference.objects.get()
        assert "Subscription 1 was billed for 1 at" in difference.detail
        compare(moved, later=timedelta(days=100))
        assert len(open_differences()) == 1
        differences.resolve_difference(difference.pk, act=Act("dana", "Paid after it"), now=sql.now())
        assert (compare(moved).found, open_differences()) == (0, [])

    def test_an_invoice_that_says_its_plan_is_of_that_plans_api(self, marketplace: Marketplace) -> None:
        marketplace.offer(2)
        marketplace.run("ALTER TABLE invoices ADD pricing_plan_id bigint")
        marketplace.count_usage()
        marketplace.use(7)
        marketplace.sell(1, pricing_plan_id=1)
        marketplace.sell(2)
        marketplace.run("UPDATE subscriptions SET pricing_plan_id = 2 WHERE id = 1")
        read(marketplace)
        sold = BillingRecord.objects.order_by("record_id")
        assert list(sold.values_list("api__external_id", "creator__external_id", "api_calls")) == [
            ("1", "1", 7),
            ("2", "2", 0),
        ]
        assert (compare(marketplace).found, open_differences()) == (0, [])


class TestRunningIt:
    def run(self) -> dict[str, Any]:
        out = io.StringIO()
        call_command("compare_billing_database", "--json", stdout=out)
        return dict(json.loads(out.getvalue()))

    def test_the_command_tells_what_came_of_it_and_fails_while_something_differs(
        self, sold: Marketplace, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tables_comparison, "SETTLING", timedelta(0))
        settings.BILLING_DATABASE = sold.parameters
        assert self.run() == {"months": 0, "mended": 0, "found": 0, "gone": 0, "open": {}}
        sold.run("DELETE FROM invoices WHERE id = 2")
        with pytest.raises(SystemExit) as ended:
            self.run()
        assert ended.value.code == 1

    def test_the_nightly_task_tells_too(
        self, sold: Marketplace, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tables_comparison, "SETTLING", timedelta(0))
        settings.BILLING_DATABASE = sold.parameters
        sold.run("DELETE FROM invoices WHERE id = 2")
        compare_billing()
        assert len(open_differences()) == 1

    def test_without_such_a_database_the_command_says_so_and_the_task_does_nothing(self) -> None:
        compare_billing()
        with pytest.raises(CommandError, match="BILLING_DATABASE_URL is not set"):
            self.run()

    def test_a_refusal_is_a_sentence_and_resolves_nothing(
        self, sold: Marketplace, settings: Settings
    ) -> None:
        sold.run("DELETE FROM invoices WHERE id = 2")
        compare(sold)
        settings.BILLING_DATABASE = sold.parameters
        sold.run("DROP TABLE invoices")
        with pytest.raises(CommandError, match="it has no invoices"):
            self.run()
        assert len(open_differences()) == 1


def test_it_reads_what_changed_first(marketplace: Marketplace) -> None:
    """So nothing differs just because it wasn't read yet."""
    marketplace.sell(1)
    assert (compare(marketplace).months, gross()) == (0, 1000)
    assert BillingSource.objects.get(name=shared_tables.SOURCE).read_until is not None


CHANGES = st.tuples(st.sampled_from([*PAID, *TAKEN_BACK, "open", "deleted"]), st.booleans())
NUMBERS = count(100)


@given(changes=st.lists(CHANGES, min_size=1, max_size=4))
@examples(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_a_night_both_sides_agree_or_it_is_reported(
    marketplace: Marketplace, changes: list[tuple[str, bool]]
) -> None:
    """For any history of an invoice, with clocks that are right or slow."""
    number = next(NUMBERS)
    name = marketplace.record(number)
    marketplace.sell(number, **in_month(1))
    read(marketplace)
    for status, runs_behind in changes:
        if status == "deleted":
            marketplace.run("DELETE FROM invoices WHERE id = %s", marketplace.ident(number))
        elif runs_behind:
            marketplace.run(
                "UPDATE invoices SET status = %s WHERE id = %s", status, marketplace.ident(number)
            )
        else:
            marketplace.change(number, status=status)
        read(marketplace)
        compare(marketplace)
        rows = marketplace.run("SELECT status FROM invoices WHERE id = %s", marketplace.ident(number))
        fields = rows[0][0] if rows else "deleted"
        left = sum(
            -each.amount if each.kind == "refund" else each.amount
            for each in BillingRecord.objects.filter(record_id__startswith=name)
        )
        is_told = any(subject == name for _, subject, _ in open_differences())
        assert is_told == (left > 0 and fields != "paid")
        if not is_told:
            assert left == (1000 if fields == "paid" else 0)
    marketplace.run("DELETE FROM invoices WHERE id = %s", marketplace.ident(number))
    assert held() == []


def test_every_kind_of_the_comparison_is_a_kind_of_difference() -> None:
    assert {kind.value for kind in tables_comparison.FindingKind} == BILLING_KINDS
