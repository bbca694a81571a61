"""`/platform` over HTTP: staff see what the tables say."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import AccountStatus, User
from database import sql
from earnings.services import posting
from money import month_of
from payouts.models import Payout
from payouts.states import PayoutStatus
from revenue import services
from revenue.models import PlatformRevenue
from tests.api import admin, caller, nobody, service
from tests.factories import CreatorPaymentAccountFactory, PayoutEventFactory, PayoutFactory
from tests.local_stripe import Stripe
from tests.payouts.market import Market

pytestmark = pytest.mark.django_db

REVENUE = "/api/v1/platform/revenue"
ANALYTICS = "/api/v1/platform/analytics"
FIGURES = (
    "total_gross_revenue",
    "total_platform_fees",
    "total_creator_earnings",
    "total_creator_payouts",
    "total_transactions",
    "total_api_calls",
    "active_subscriptions",
)
NOTHING = dict.fromkeys(FIGURES, 0) | {"take_rate_bps": None}


def fetch(address: str, **query: Any) -> Any:
    answer = admin().get(address, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def stats(part: str) -> Any:
    return fetch(ANALYTICS)[part]


@pytest.fixture
def market(db: None, settings: Settings) -> Market:
    settings.MINIMUM_PAYOUT = {"USD": 2500, "EUR": 2500}
    return Market()


@pytest.fixture
def paid_month(market: Market, sandbox: Stripe, settle: Callable[[], None]) -> Market:
    """$100.00 and $250.00 sold in September 2025 and paid now; bob's $10.00 refund leaves him in debt."""
    alice, bob, charlie = (market.creator(name, account=None) for name in ("alice", "bob", "charlie"))
    market.onboard(alice)
    market.onboard(charlie)
    market.sell(alice, 100_00)
    market.sell(charlie, 250_00)
    market.refund(bob, 10_00)
    market.run()
    settle()
    services.refresh_stale(now=sql.now())
    return market


class TestRevenue:
    def test_a_month_is_its_row_with_its_take_rate(self, paid_month: Market) -> None:
        assert fetch(REVENUE, month="2025-09") == {
            "month": "2025-09",
            "currency": "USD",
            "total_gross_revenue": 340_00,
            "total_platform_fees": 68_00,
            "total_creator_earnings": 272_00,
            "total_creator_payouts": 0,
            "total_transactions": 2,
            "total_api_calls": 2,
            "active_subscriptions": 0,
            "take_rate_bps": 2_000,
        }
        for row in PlatformRevenue.objects.all():
            answer = fetch(REVENUE, month=f"{row.month:%Y-%m}", currency=row.currency)
            assert {name: answer[name] for name in FIGURES} == {name: getattr(row, name) for name in FIGURES}

    def test_the_month_defaults_to_the_current_one(self, paid_month: Market) -> None:
        answer = fetch(REVENUE)
        assert answer["month"] == f"{sql.now():%Y-%m}"
        assert (answer["total_gross_revenue"], answer["total_creator_payouts"]) == (0, 280_00)
        paid = Payout.objects.filter(status=PayoutStatus.PAID).values_list("net_amount", flat=True)
        assert sum(paid) == answer["total_creator_payouts"]

    @pytest.mark.parametrize("month", ["1999-12", "2025-10", "9999-12"])
    def test_a_month_without_anything_is_all_zeros(self, paid_month: Market, month: str) -> None:
        assert fetch(REVENUE, month=month) == {"month": month, "currency": "USD", **NOTHING}

    def test_each_currency_is_separate(self) -> None:
        PlatformRevenue.objects.create(
            month=date(2025, 9, 1), currency="EUR", total_gross_revenue=300, total_platform_fees=100
        )
        assert fetch(REVENUE, month="2025-09", currency="EUR")["take_rate_bps"] == 3_333
        assert fetch(REVENUE, month="2025-09")["total_gross_revenue"] == 0

    @pytest.mark.parametrize(
        "query",
        [
            {"month": month}
            for month in (
                "",
                "2026",
                "2026-1",
                "2026-13",
                "2026-00",
                "0000-01",
                "2026-01-01",
                "2026-01\n",
                "²026-01",
            )
        ]
        + [{"currency": "usd"}, {"currency": "US"}, {"currency": ""}, {"moonth": "2026-01"}],
    )
    def test_invalid_parameters_are_refused(self, query: dict[str, str]) -> None:
        answer = admin().get(REVENUE, query)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert [error["field"] for error in answer.json()["errors"]] == list(query)


class TestHistory:
    def test_it_ends_with_the_current_month_and_has_no_gaps(self, paid_month: Market) -> None:
        history = fetch(ANALYTICS, months=60)["revenue_history"]
        month, expected = month_of(sql.now()), []
        for _ in range(60):
            expected.append(str(month))
            month = month.previous_month()
        assert [row["month"] for row in history] == expected
        by_month = {row["month"]: row for row in history}
        assert by_month["2025-09"] == fetch(REVENUE, month="2025-09")
        assert by_month["2025-08"] == {"month": "2025-08", "currency": "USD", **NOTHING}

    def test_every_currency_of_these_months_and_the_platforms_own_is_in_each(self) -> None:
        now = month_of(sql.now())
        for month, currency in ((now, "EUR"), (now.previous_month(), "GBP")):
            PlatformRevenue.objects.create(month=month.start, currency=currency, total_transactions=1)
        history = fetch(ANALYTICS, months=1)["revenue_history"]
        assert [(row["currency"], row["total_transactions"]) for row in history] == [("EUR", 1), ("USD", 0)]
        assert len(fetch(ANALYTICS, months=2)["revenue_history"]) == 2 * 3

    def test_it_defaults_to_twelve_months(self) -> None:
        assert len(fetch(ANALYTICS)["revenue_history"]) == 12

    @pytest.mark.parametrize("months", ["0", "61", "-1", "1.5", "x", "", "9" * 30])
    def test_it_goes_back_from_one_to_sixty_months(self, months: str) -> None:
        assert admin().get(ANALYTICS, {"months": months}).status_code == 400


def finish(*moves: tuple[str, int]) -> None:
    """Make a payout with this history: states, and how many days ago each was reached."""
    payout = PayoutFactory.create(status=PayoutStatus(moves[-1][0]))
    was = PayoutStatus.PROCESSING
    for status, days in moves:
        PayoutEventFactory.create(
            payout=payout,
            from_status=was,
            to_status=PayoutStatus(status),
            at=datetime.now(UTC) - timedelta(days=days),
        )
        was = PayoutStatus(status)


class TestPayoutStats:
    def test_they_are_what_the_table_says_after_a_run(self, paid_month: Market) -> None:
        assert stats("payout_stats") == {
            "by_status": [{"status": "paid", "currency": "USD", "count": 2, "net_amount": 280_00}],
            "finished_30_days": 2,
            "failed_30_days": 0,
            "failed_rate_bps": 0,
        }

    def test_they_are_in_the_order_of_states_and_by_currency(self) -> None:
        for status, currency in [("paid", "USD"), ("paid", "EUR"), ("pending", "USD"), ("paid", "USD")]:
            PayoutFactory.create(status=PayoutStatus(status), currency=currency)
        assert [tuple(row.values()) for row in stats("payout_stats")["by_status"]] == [
            ("pending", "USD", 1, 80_00),
            ("paid", "EUR", 1, 80_00),
            ("paid", "USD", 2, 160_00),
        ]

    def test_the_failed_rate_is_of_those_that_finished_in_thirty_days(self) -> None:
        finish(("failed", 1))
        finish(("paid", 29))
        finish(("cancelled", 2))
        finish(("reversed", 3))
        finish(("failed", 31))
        finish(("in_transit", 1))
        finish(("paid", 3), ("returned", 1))
        finish(("paid", 40), ("returned", 20), ("in_transit", 19), ("paid", 18), ("returned", 9), ("paid", 2))
        fetch = stats("payout_stats")
        assert (fetch["finished_30_days"], fetch["failed_30_days"], fetch["failed_rate_bps"]) == (5, 1, 2_000)


def test_accounts_are_counted_by_status_without_replaced_ones() -> None:
    for status in (AccountStatus.ACTIVE, AccountStatus.ACTIVE, AccountStatus.RESTRICTED):
        CreatorPaymentAccountFactory.create(account_status=status)
    CreatorPaymentAccountFactory.create(replaced_at=datetime(2025, 1, 1, tzinfo=UTC))
    assert stats("account_stats") == {
        "creators": 4,
        "not_created": 0,
        "pending": 0,
        "onboarding": 0,
        "active": 2,
        "restricted": 1,
        "disabled": 0,
    }


def test_what_is_owed_is_what_the_books_say(paid_month: Market) -> None:
    alice = paid_month.creators(["alice"], account=None)[0]
    paid_month.sell(alice, 50_00)
    assert stats("pending_amounts") == [
        {"currency": "USD", "owed_to_creators": 40_00, "owed_by_creators": 8_00, "reserved_for_payouts": 0}
    ]
    paid_month.run(date(2025, 11, 1))
    assert stats("pending_amounts")[0]["reserved_for_payouts"] == 40_00


def test_the_lag_is_the_age_of_the_oldest_record_in_no_earning(market: Market) -> None:
    alice = market.creator("alice")
    assert stats("earnings_lag_seconds") == 0
    market.arrive("charge", alice, 10_00)
    sql.run("UPDATE billing_batches SET received_at = received_at - interval '90 seconds'")
    assert 90 <= stats("earnings_lag_seconds") < 120
    posting.post_due(now=sql.now())
    assert stats("earnings_lag_seconds") == 0


@pytest.mark.parametrize("address", [REVENUE, ANALYTICS])
def test_only_the_platforms_staff_may_ask(address: str, client: Client) -> None:
    for other in (caller("alice"), service("billing")):
        assert other.get(address).status_code == 403
    assert nobody().get(address).status_code == 401
    client.force_login(User.objects.create_user("guest"))
    assert client.get(address).status_code == 403
    client.force_login(User.objects.create_user("sam", is_staff=True))
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", [REVENUE, ANALYTICS])
def test_an_unchanged_answer_is_not_sent_again(address: str) -> None:
    first = admin().get(address)
    assert admin().get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_the_number_of_queries_is_fixed(paid_month: Market) -> None:
    def queries() -> Iterator[int]:
        for address in (REVENUE, ANALYTICS):
            with CaptureQueriesContext(connection) as captured:
                assert admin().get(address).status_code == 200
            yield len(captured)

    before = list(queries())
    creators = paid_month.creators([f"creator-{n}" for n in range(30)])
    paid_month.sell_all(creators, 40_00)
    paid_month.run(date(2025, 11, 1))
    services.refresh_stale(now=sql.now())
    assert list(queries()) == before == [2, 8]
