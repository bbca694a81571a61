"""The monthly report: a snapshot, made once, that reports later changes of earlier months once."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from earnings.models import BillingSource
from money import parse_month
from revenue import services
from revenue.models import MonthlyReport, PlatformRevenue
from stripe_io import installation
from stripe_io.models import Installation
from tests.factories import CommissionRateFactory, PayoutEventFactory
from tests.feeding import NOW, feed, post, record, refund

pytestmark = pytest.mark.django_db


def make(month: str) -> MonthlyReport:
    return services.make_report(parse_month(month), now=NOW)


def sell(source: BillingSource, month: str, amount: int) -> dict[str, Any]:
    sold = record(amount=amount, occurred_at=f"{month}-10T00:00:00Z", subscription_id="s-1", api_calls=2)
    feed(source, sold)
    post()
    return sold


def take_rate_bps(*, gross: int, fees: int) -> int | None:
    return PlatformRevenue(total_gross_revenue=gross, total_platform_fees=fees).take_rate_bps


def adjustments(report: MonthlyReport) -> Any:
    return report.figures["prior_period_adjustments"]


def test_a_report_has_the_figures_of_its_month(source: BillingSource) -> None:
    sell(source, "2024-01", 123_456)
    PayoutEventFactory.create(at=datetime(2024, 1, 20, tzinfo=UTC))
    report = make("2024-01")
    assert report.figures == {
        "currencies": {
            "USD": {
                "total_gross_revenue": 123_456,
                "total_platform_fees": 24_691,
                "total_creator_earnings": 98_765,
                "total_creator_payouts": 8_000,
                "total_transactions": 1,
                "total_api_calls": 2,
                "active_subscriptions": 1,
                "take_rate_bps": 2_000,
            }
        },
        "prior_period_adjustments": {},
    }


def test_a_report_formats_its_amounts(source: BillingSource) -> None:
    sell(source, "2024-01", 123_456)
    text = make("2024-01").text
    assert text.startswith("Platform report for January 2024")
    for read in ("$1,234.56", "$246.91", "20.00 %", "$987.65", "$0.00"):
        assert read in text
    assert "earlier reports" not in text


def test_a_report_of_an_empty_month_says_so() -> None:
    assert "No sales or payouts" in make("2024-01").text


def test_a_report_is_a_snapshot(source: BillingSource) -> None:
    sell(source, "2024-01", 1000)
    first = make("2024-01")
    sell(source, "2024-01", 500)
    again = make("2024-01")
    assert (again.pk, again.figures, again.text) == (first.pk, first.figures, first.text)


def test_a_change_in_a_reported_month_is_in_the_next_report_once(source: BillingSource) -> None:
    sold = sell(source, "2024-01", 1000)
    make("2024-01")
    feed(source, refund(sold, amount=300, occurred_at="2024-01-20T00:00:00Z"))
    post()
    services.refresh_stale(now=NOW)
    february = make("2024-02")
    assert adjustments(february) == {
        "2024-01-01": {
            "USD": {"total_gross_revenue": -300, "total_platform_fees": -60, "total_creator_earnings": -240}
        }
    }
    assert "Jan 2024  USD  Gross revenue                      -$3.00" in february.text
    assert adjustments(make("2024-03")) == {}


def test_a_second_change_is_reported_separately(source: BillingSource) -> None:
    sell(source, "2024-01", 1000)
    make("2024-01")
    sell(source, "2024-01", 10)
    assert adjustments(make("2024-02"))["2024-01-01"]["USD"]["total_gross_revenue"] == 10
    sell(source, "2024-01", 5)
    sell(source, "2024-02", 20)
    reported = adjustments(make("2024-03"))
    assert reported["2024-01-01"]["USD"]["total_gross_revenue"] == 5
    assert reported["2024-02-01"]["USD"]["total_gross_revenue"] == 20


def test_a_late_report_does_not_repeat_changes_of_a_later_one(source: BillingSource) -> None:
    sell(source, "2024-01", 1000)
    make("2024-01")
    sell(source, "2024-01", 10)
    assert adjustments(make("2024-03"))
    assert adjustments(make("2024-02")) == {}


def test_a_change_in_a_new_currency_is_reported_too(source: BillingSource, settings: Settings) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 2500, "EUR": 2500}
    sell(source, "2024-01", 1000)
    make("2024-01")
    feed(source, record(amount=100, currency="EUR"))
    post()
    assert adjustments(make("2024-02"))["2024-01-01"]["EUR"]["total_gross_revenue"] == 100


def test_a_report_is_mailed_once(source: BillingSource, settings: Settings) -> None:
    settings.REPORT_EMAIL = ["boss@example.com"]
    sell(source, "2024-01", 1000)
    for _ in range(2):
        make("2024-01")
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [
        (["boss@example.com"], "Report of January 2024")
    ]
    assert "$10.00" in str(mail.outbox[0].body)


def test_without_an_address_a_report_is_stored_and_not_mailed() -> None:
    report = make("2024-01")
    assert (mail.outbox, report.emailed_at) == ([], None)


def test_a_report_that_could_not_be_mailed_is_mailed_when_it_can_be(settings: Settings) -> None:
    settings.REPORT_EMAIL = ["boss@example.com"]
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    moment = datetime(2024, 2, 2, tzinfo=UTC)
    with pytest.raises(OSError):  # noqa: PT011  # whatever the network says
        services.make_due_reports(now=moment)
    assert MonthlyReport.objects.get().emailed_at is None
    settings.EMAIL_BACKEND = working
    services.make_due_reports(now=moment)
    assert len(mail.outbox) == 1
    assert services.make_due_reports(now=moment) == []
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("now", "month"),
    [
        (datetime(2024, 3, 1, 23, 59, 59, tzinfo=UTC), None),
        (datetime(2024, 3, 2, tzinfo=UTC), "2024-02"),
        (datetime(2024, 3, 31, tzinfo=UTC), "2024-02"),
        (datetime(2024, 1, 2, tzinfo=UTC), "2023-12"),
    ],
)
def test_last_months_report_is_due_from_the_2nd_on(now: datetime, month: str | None) -> None:
    reports = services.make_due_reports(now=now)
    assert [f"{report.month:%Y-%m}" for report in reports] == ([month] if month else [])
    assert services.make_due_reports(now=now) == []
    assert MonthlyReport.objects.count() == (month is not None)


def test_every_missed_month_gets_its_report(source: BillingSource) -> None:
    for month in ("2024-01", "2024-02", "2024-03"):
        sell(source, month, 1000)
    services.make_due_reports(now=datetime(2024, 2, 2, 1, tzinfo=UTC))
    made = services.make_due_reports(now=datetime(2024, 5, 1, 1, tzinfo=UTC))
    assert [f"{report.month:%Y-%m}" for report in made] == ["2024-02", "2024-03"]
    assert [report.figures["currencies"]["USD"]["total_gross_revenue"] for report in made] == [1000, 1000]


def test_reports_start_with_the_month_of_the_installation(source: BillingSource) -> None:
    installation.installed_at()
    Installation.objects.update(installed_at=datetime(2024, 1, 31, 23, 59, tzinfo=UTC))
    made = services.make_due_reports(now=datetime(2024, 4, 2, tzinfo=UTC))
    assert [f"{report.month:%Y-%m}" for report in made] == ["2024-01", "2024-02", "2024-03"]


def test_all_reports_add_up_to_all_revenue(source: BillingSource) -> None:
    """A month without a report counts as reported with zeros."""
    sell(source, "2024-03", 1000)
    make("2024-03")
    sell(source, "2024-01", 500)
    sell(source, "2024-03", 70)
    make("2024-04")
    reported = 0
    for report in MonthlyReport.objects.all():
        reported += sum(f["total_gross_revenue"] for f in report.figures["currencies"].values())
        for changes in adjustments(report).values():
            reported += sum(change.get("total_gross_revenue", 0) for change in changes.values())
    assert reported == sum(row.total_gross_revenue for row in PlatformRevenue.objects.all()) == 1570


def test_reports_made_out_of_order_report_each_change_once(source: BillingSource) -> None:
    sell(source, "2024-01", 1000)
    sell(source, "2024-02", 1000)
    make("2024-02")
    make("2024-01")
    sell(source, "2024-01", 5)
    sell(source, "2024-02", 7)
    reports = [make("2024-03"), make("2024-04"), *MonthlyReport.objects.filter(month__lt="2024-03-01")]
    reported = [
        change.get("total_gross_revenue", 0)
        for report in reports
        for changes in adjustments(report).values()
        for change in changes.values()
    ]
    assert sum(reported) == 12


def test_changed_counts_are_reported_even_if_no_amount_changes(source: BillingSource) -> None:
    sold = sell(source, "2024-01", 1000)
    make("2024-01")
    feed(source, record(amount=1000, subscription_id="s-2", api_calls=0))
    feed(source, refund(sold, amount=1000, occurred_at="2024-01-20T00:00:00Z"))
    post()
    report = make("2024-02")
    assert adjustments(report) == {
        "2024-01-01": {"USD": {"total_transactions": 1, "active_subscriptions": 1}}
    }
    assert "Jan 2024  USD  Active subscriptions" in report.text


def test_a_month_whose_rate_is_no_share_has_none(source: BillingSource) -> None:
    feed(source, record(record_id="old", amount=999, occurred_at="2024-01-10T00:00:00Z"))
    CommissionRateFactory.create(bps=1000, effective_from=datetime(2024, 2, 1, tzinfo=UTC))
    feed(
        source,
        record(amount=1001, occurred_at="2024-02-10T00:00:00Z"),
        refund({"record_id": "old"}, amount=999, occurred_at="2024-02-11T00:00:00Z"),
    )
    post()
    report = make("2024-02")
    assert report.figures["currencies"]["USD"]["take_rate_bps"] is None
    assert "(no share of gross)" in report.text


@pytest.mark.parametrize(
    ("gross", "fees", "bps"),
    [
        (0, 0, None),
        (2, -100, None),
        (-100, 20, None),
        (100, 101, None),
        (100, 100, 10_000),
        (100, 0, 0),
        (100, 20, 2000),
        (3, 1, 3333),
        (3, 2, 6667),
        (-100, -20, 2000),
        (10**17, 2 * 10**16 + 1, 2000),
    ],
)
def test_the_take_rate_is_fees_by_gross_in_basis_points(gross: int, fees: int, bps: int | None) -> None:
    assert take_rate_bps(gross=gross, fees=fees) == bps


@given(st.integers(1, 10**18), st.integers(0, 10_000))
def test_the_take_rate_of_large_figures_is_exact(gross: int, bps: int) -> None:
    assert take_rate_bps(gross=gross * 10_000, fees=gross * bps) == bps


def test_the_command_prints_the_report_or_its_figures(source: BillingSource) -> None:
    sell(source, "2024-01", 1000)
    text, figures = io.StringIO(), io.StringIO()
    call_command("report_revenue", "--month", "2024-01", "--make", stdout=text)
    call_command("report_revenue", "--month", "2024-01", "--json", stdout=figures)
    assert "January 2024" in text.getvalue()
    reported = json.loads(figures.getvalue().splitlines()[-1])
    assert reported["currencies"]["USD"]["total_gross_revenue"] == 1000


def test_showing_a_report_never_makes_it(source: BillingSource) -> None:
    sell(source, "2024-01", 1000)
    with pytest.raises(CommandError, match=r"2024-01 has no report yet\. --make makes it"):
        call_command("report_revenue", "--month", "2024-01")
    assert not MonthlyReport.objects.exists()


def test_a_month_that_is_not_over_has_no_report() -> None:
    with pytest.raises(CommandError, match="2999-01 is not over yet"):
        call_command("report_revenue", "--month", "2999-01")
