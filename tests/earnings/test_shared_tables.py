"""The marketplace's own tables: invoices become records, and nothing counts twice."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from database import sql
from earnings.errors import BillingDatabaseRefused
from earnings.models import BillingBatch, BillingRecord, BillingSource
from earnings.reading import tables
from earnings.services.shared_tables import OVERLAP, ReadResult, read_shared_tables
from earnings.tasks import post_due
from payouts_project import configuration
from tests.earnings.marketplace import GRANTS, Marketplace, read
from tests.feeding import earned, feed, held, post, record

pytestmark = pytest.mark.django_db


def records() -> list[tuple[str, str, int, str, int]]:
    """List the accepted records: id, kind, amount, currency, calls; by id."""
    rows = BillingRecord.objects.order_by("record_id")
    return list(rows.values_list("record_id", "kind", "amount", "currency", "api_calls"))


TEXT_IDS = pytest.mark.parametrize("marketplace_options", [{"id_type": "text"}])


@pytest.mark.parametrize(
    "marketplace_options",
    [
        {"id_type": "uuid"},
        {"id_type": "bigint"},
        {"id_type": "text"},
        {"id_type": "bigint", "time_type": "timestamp"},
    ],
)
def test_a_paid_invoice_becomes_a_charge_and_its_refund_a_refund(marketplace: Marketplace) -> None:
    marketplace.sell(1)
    assert read(marketplace).accepted == 1
    charge = BillingRecord.objects.get()
    assert (charge.record_id, charge.kind, charge.amount) == (marketplace.record(1), "charge", 1000)
    assert (charge.subscription_id, charge.customer_id) == (marketplace.ident(1), marketplace.ident(900))
    assert charge.occurred_at == datetime(2024, 1, 15, 12, tzinfo=UTC)
    assert charge.creator.external_id == marketplace.ident(1)

    refunded_at = datetime(2024, 3, 1, tzinfo=UTC)
    marketplace.change(1, status="refunded", updated_at=refunded_at)
    result = read(marketplace, since=refunded_at)
    assert (result.accepted, result.duplicates) == (1, 0)
    refund = BillingRecord.objects.get(kind="refund")
    assert refund.record_id == f"{marketplace.record(1)}:refund"
    assert (refund.amount, refund.occurred_at) == (1000, refunded_at)
    post()
    ident = marketplace.ident(1)
    assert earned() == [
        (ident, ident, "2024-01", 1000, 200, 800),
        (ident, ident, "2024-03", -1000, -200, -800),
    ]


def test_an_invoice_that_was_refunded_before_it_was_read_brings_both(marketplace: Marketplace) -> None:
    marketplace.sell(1, status="refunded")
    assert read(marketplace).accepted == 2
    assert [kind for _, kind, *_ in records()] == ["charge", "refund"]


def test_no_refund_lies_before_its_charge(marketplace: Marketplace) -> None:
    marketplace.sell(1, status="refunded", updated_at="2023-12-31T00:00Z")
    read(marketplace)
    charge, refund = BillingRecord.objects.order_by("record_id")
    assert refund.occurred_at == charge.occurred_at


@pytest.mark.parametrize("status", ["draft", "open", "void", "failed", "uncollectible", None])
def test_an_unpaid_invoice_is_not_a_charge(marketplace: Marketplace, status: str | None) -> None:
    marketplace.sell(1, status=status)
    assert read(marketplace).accepted == 0
    assert held() == []
    marketplace.change(1, status="paid")
    assert read(marketplace).accepted == 1


def test_an_invoice_of_zero_is_not_a_charge(marketplace: Marketplace) -> None:
    marketplace.sell(1, amount="0.00")
    assert read(marketplace) == ReadResult(ownerships_begun=1)
    assert held() == []


def test_amounts_are_whole_minor_units_of_their_currency(
    marketplace: Marketplace, settings: Settings
) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 1, "JPY": 1, "KWD": 1}
    for number, (amount, currency) in enumerate(
        [
            ("10.00", "USD"),
            ("1500", "JPY"),
            ("1.234", "KWD"),
            ("10.005", "USD"),
            ("1500.5", "JPY"),
            ("1.2345", "KWD"),
        ]
    ):
        marketplace.sell(number, amount=amount, currency=currency)
    result = read(marketplace)
    assert [(amount, currency) for _, _, amount, currency, _ in records()] == [
        (1000, "USD"),
        (1500, "JPY"),
        (1234, "KWD"),
    ]
    assert result.quarantined == {"amount_not_integer": 3}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"amount": None}, "amount_not_integer"),
        ({"amount": "NaN"}, "amount_not_integer"),
        ({"amount": "1" + "0" * 10_000}, "too_large"),
        ({"amount": "-1"}, "amount_not_positive"),
        ({"currency": None}, "currency_unknown"),
        ({"currency": "usd"}, "currency_unknown"),
        ({"currency": "EUR"}, "currency_not_paid"),
        ({"paid_at": None}, "time_invalid"),
        ({"paid_at": "infinity"}, "time_invalid"),
        ({"paid_at": "20000-01-01T00:00Z"}, "time_invalid"),
        ({"paid_at": "1999-12-31T23:59:59Z"}, "time_too_old"),
        ({"paid_at": "2999-01-01T00:00Z"}, "time_in_future"),
        ({"subscription_id": None}, "syntax"),
        ({"subscription_id": 77}, "syntax"),
        ({"subscription_id": 2}, "api_unknown"),
    ],
)
def test_an_invalid_row_affects_only_itself(
    marketplace: Marketplace, said: dict[str, Any], reason: str
) -> None:
    marketplace.run("INSERT INTO pricing_plans VALUES (2, 2)")
    marketplace.run("INSERT INTO subscriptions VALUES (2, 2, 900, 'active')")
    marketplace.sell(1)
    marketplace.sell(2, **said)
    marketplace.sell(3)
    assert read(marketplace).accepted == 2
    assert held() == [("invoice:2", reason)]


def test_a_row_without_a_time_of_change_is_read_each_time(marketplace: Marketplace) -> None:
    marketplace.sell(1, updated_at=None)
    marketplace.sell(2, updated_at="infinity")
    assert read(marketplace).accepted == 2
    assert read(marketplace).duplicates == 2
    marketplace.sell(3, updated_at=None)
    assert read(marketplace).accepted == 1
    marketplace.change(3, status="refunded", updated_at=None)
    read(marketplace)
    assert held() == [("invoice:3:refund", "time_invalid")]


def test_a_refund_that_waits_without_a_time_takes_the_one_it_gets(marketplace: Marketplace) -> None:
    marketplace.sell(1, currency="EUR", status="refunded", updated_at=None)
    read(marketplace)
    assert read(marketplace).quarantined == {"currency_not_paid": 2}
    refunded_at = sql.now()
    marketplace.change(1, currency="USD", updated_at=refunded_at)
    assert read(marketplace).accepted == 2
    assert BillingRecord.objects.get(kind="refund").occurred_at == refunded_at


@TEXT_IDS
@pytest.mark.parametrize("ident", ["a/b", "ü", "x" * 250])
def test_an_id_that_cannot_be_a_records_is_quarantined(marketplace: Marketplace, ident: str) -> None:
    marketplace.sell(1, id=ident)
    assert read(marketplace).quarantined == {"syntax": 1}


def test_calls_are_those_of_the_invoices_period(marketplace: Marketplace) -> None:
    marketplace.count_usage()
    marketplace.offer(2)
    marketplace.use(1_000, hour="2023-12-31T23:00Z")
    marketplace.use(3, hour="2024-01-01T00:00Z")
    marketplace.use(4, hour="2024-01-31T23:00Z")
    marketplace.use(2_000, hour="2024-02-01T00:00Z")
    marketplace.use(4_000, number=2)
    marketplace.sell(1)
    marketplace.sell(2, period_start=None, status="refunded")
    read(marketplace)
    assert [calls for *_, calls in records()] == [7, 0, 0]


def test_usage_that_still_grows_changes_no_charge(marketplace: Marketplace) -> None:
    marketplace.count_usage()
    marketplace.sell(1)
    marketplace.sell(2, currency="EUR")
    marketplace.use(3)
    read(marketplace)
    marketplace.use(4)
    marketplace.change(1)
    marketplace.change(2)
    result = read(marketplace)
    assert (result.duplicates, result.conflicts) == (1, 0)
    assert [calls for *_, calls in records()] == [3]
    assert held() == [("invoice:2", "currency_not_paid")]


def test_a_refunded_invoice_that_is_touched_again_stays_refunded_when_it_was(
    marketplace: Marketplace,
) -> None:
    marketplace.sell(1, status="refunded", updated_at="2024-03-01T00:00Z")
    read(marketplace)
    before = list(BillingRecord.objects.values())
    marketplace.change(1)
    result = read(marketplace)
    assert (result.accepted, result.conflicts) == (0, 0)
    assert list(BillingRecord.objects.values()) == before


@pytest.mark.parametrize(
    "said", [{"amount": "12.00"}, {"paid_at": "2024-02-15T12:00Z"}, {"subscription_id": 2}]
)
def test_an_invoice_that_changed_after_it_was_read_is_a_conflict(
    marketplace: Marketplace, said: dict[str, Any]
) -> None:
    marketplace.offer(2)
    marketplace.sell(1)
    read(marketplace)
    marketplace.change(1, **said)
    assert read(marketplace).conflicts == 1
    assert read(marketplace).conflicts == 1
    assert held() == [("invoice:1", "conflict")]
    assert [amount for _, _, amount, *_ in records()] == [1000]


def test_a_corrected_invoice_supersedes_its_quarantined_record(marketplace: Marketplace) -> None:
    marketplace.sell(1, amount="10.005", paid_at="infinity")
    read(marketplace)
    marketplace.change(1, amount="10.01", paid_at="2024-01-15T12:00Z")
    assert read(marketplace).accepted == 1
    assert held() == []


def test_only_what_changed_is_read_again_but_for_an_overlap(marketplace: Marketplace) -> None:
    marketplace.sell(1, updated_at=sql.now() - OVERLAP - timedelta(minutes=1))
    marketplace.sell(2, updated_at=sql.now() - OVERLAP + timedelta(minutes=1))
    assert read(marketplace).accepted == 2
    assert read(marketplace) == ReadResult(invoices=1, duplicates=1)


def test_a_pass_without_changes_leaves_no_batch(marketplace: Marketplace) -> None:
    marketplace.sell(1)
    read(marketplace)
    read(marketplace)
    assert BillingBatch.objects.get().origin == "shared tables"


def test_reading_since_a_time_repeats_and_skips_nothing(marketplace: Marketplace) -> None:
    marketplace.sell(1, updated_at="2024-01-15T12:00Z")
    read(marketplace)
    marketplace.sell(2, updated_at="2024-01-16T12:00Z")
    assert read(marketplace, since=datetime(2024, 1, 16, tzinfo=UTC)).accepted == 1
    BillingSource.objects.update(read_until=datetime(2024, 1, 16, tzinfo=UTC))
    marketplace.sell(3, updated_at="2024-01-17T12:00Z")
    assert read(marketplace, since=sql.now()).accepted == 1


def test_a_long_reading_goes_in_chunks(marketplace: Marketplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "CHUNK", 3)
    for number in range(10):
        marketplace.sell(number, status="refunded" if number % 2 else "paid")
    result = read(marketplace)
    assert (result.invoices, result.accepted) == (10, 15)
    assert BillingBatch.objects.count() == 4


def test_the_marketplace_source_also_accepts_files_and_pushes(marketplace: Marketplace) -> None:
    marketplace.sell(1)
    read(marketplace)
    source = BillingSource.objects.get()
    assert source.name == "marketplace"
    told = record(record_id="invoice:1", api_id="1", subscription_id="1", customer_id="900", api_calls="0")
    assert feed(source, told).duplicates == [1]


class TestRefusals:
    """If the tables can't be read, a sentence says why, and nothing else is affected."""

    @pytest.mark.parametrize(
        ("change", "missing"),
        [
            (
                "ALTER TABLE invoices DROP COLUMN paid_at, DROP COLUMN currency",
                "invoices.currency, invoices.paid_at",
            ),
            ("DROP TABLE pricing_plans", "pricing_plans"),
            ("ALTER TABLE users RENAME email TO mail", "users.email"),
            (
                "CREATE TABLE api_usage (api_id bigint, hour timestamptz, calls int)",
                "api_usage.subscription_id",
            ),
        ],
    )
    def test_what_is_missing_is_named(self, marketplace: Marketplace, change: str, missing: str) -> None:
        marketplace.run(change)
        with pytest.raises(BillingDatabaseRefused, match=f"it has no {missing}, or we have no permission"):
            read(marketplace)

    def test_nothing_there_can_be_changed(self, marketplace: Marketplace) -> None:
        marketplace.run(
            "CREATE FUNCTION touch() RETURNS bigint LANGUAGE sql AS 'UPDATE users SET email = '''' RETURNING id'"
        )
        marketplace.run("ALTER TABLE apis RENAME TO real_apis")
        marketplace.run("CREATE VIEW apis AS SELECT touch() AS id, creator_id, name FROM real_apis")
        with pytest.raises(BillingDatabaseRefused, match="read-only transaction"):
            read(marketplace)

    def test_a_table_that_may_not_be_read_is_named(self, marketplace: Marketplace) -> None:
        some = GRANTS.replace("subscriptions, ", "")
        with (
            marketplace.role(grants=some) as parameters,
            pytest.raises(BillingDatabaseRefused, match="permission denied for table subscriptions"),
        ):
            read_shared_tables(parameters, now=sql.now())

    def test_posting_goes_on_without_the_tables(
        self, marketplace: Marketplace, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.BILLING_DATABASE = marketplace.parameters
        marketplace.sell(1)
        post_due()
        assert earned() == [("1", "1", "2024-01", 1000, 200, 800)]
        feed(BillingSource.objects.get(), record(api_id="1"))
        settings.BILLING_DATABASE = marketplace.parameters | {"dbname": "gone"}
        post_due()
        assert earned() == [("1", "1", "2024-01", 2000, 400, 1600)]
        assert 'database "gone" does not exist' in caplog.text
        assert marketplace.parameters["password"] not in caplog.text


class TestCommand:
    """`manage.py read_billing_database`"""

    def run(self, *options: str) -> dict[str, Any]:
        out = io.StringIO()
        call_command("read_billing_database", "--json", *options, stdout=out)
        return dict(json.loads(out.getvalue()))

    def test_it_tells_what_came_of_a_pass(
        self, marketplace: Marketplace, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BILLING_DATABASE_URL", marketplace.url)
        settings.BILLING_DATABASE = configuration.optional_database("BILLING_DATABASE_URL")
        marketplace.sell(1, status="refunded", updated_at="2024-03-01T00:00Z")
        marketplace.sell(2, amount="0.001")
        told = {
            "invoices": 2,
            "accepted": 2,
            "duplicate": 0,
            "conflict": 0,
            "quarantined": {"amount_not_integer": 1},
            "ownerships_begun": 1,
            "apis_refused": 0,
            "emails_ignored": 0,
        }
        assert self.run() == told
        again = {"accepted": 0, "ownerships_begun": 0}
        assert self.run("--since", "2024-01-01T00:00Z") == told | again

    def test_without_such_a_database_it_says_so(self) -> None:
        with pytest.raises(CommandError, match="BILLING_DATABASE_URL is not set"):
            self.run()

    @pytest.mark.parametrize("moment", ["yesterday", "2024-01-01"])
    def test_a_moment_needs_its_offset(self, moment: str) -> None:
        with pytest.raises(CommandError, match="not an ISO 8601 time with an offset"):
            self.run("--since", moment)

    def test_a_refusal_is_a_sentence(self, marketplace: Marketplace, settings: Settings) -> None:
        settings.BILLING_DATABASE = marketplace.parameters
        marketplace.run("DROP TABLE invoices")
        with pytest.raises(CommandError, match="The billing database can't be read: it has no invoices"):
            self.run()


def test_the_documented_role_can_read_everything_needed(
    marketplace: Marketplace, caplog: pytest.LogCaptureFixture
) -> None:
    marketplace.sell(1)
    with marketplace.role(grants=GRANTS) as parameters:
        assert read_shared_tables(parameters, now=sql.now()).accepted == 1
    assert caplog.text == ""


def test_hidden_transactions_are_warned_of(
    marketplace: Marketplace, caplog: pytest.LogCaptureFixture
) -> None:
    blind = GRANTS.replace("GRANT pg_read_all_stats TO payouts_reader;", "")
    with marketplace.role(grants=blind) as parameters:
        read_shared_tables(parameters, now=sql.now())
    assert "hides its open transactions" in caplog.text
