"""What creators see of their earnings."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import Creator
from database import sql
from earnings.services import posting
from earnings.services.catalog import CatalogEntry, register_apis
from ledger.models import AccountKind
from money import month_of
from payouts.models import Payout
from payouts.services.moves import move, release_earnings
from payouts.states import PayoutStatus
from tests.api import admin, caller, nobody, service
from tests.documented import read
from tests.payouts.market import NEXT_CUTOFF, Market

pytestmark = pytest.mark.django_db


@pytest.fixture
def market() -> Market:
    return Market()


def register(api_id: str, owner: str, *, owned_from: str = "") -> None:
    entry = CatalogEntry(
        api_id=api_id,
        api_name=f"The {api_id}"[:255],
        creator_id=owner,
        creator_email="",
        creator_country="",
        **({"owned_from": datetime.fromisoformat(owned_from)} if owned_from else {}),
    )
    register_apis([entry], now=sql.now())


def figures(body: dict[str, Any]) -> tuple[int, ...]:
    return tuple(
        body[name]
        for name in (
            "lifetime_gross",
            "lifetime_platform_fee",
            "lifetime_net",
            "lifetime_payouts",
            "pending_payout",
        )
    )


def pay(payout: Payout) -> None:
    for target in (PayoutStatus.PROCESSING, PayoutStatus.IN_TRANSIT, PayoutStatus.PAID):
        move(payout, target, now=sql.now(), reason="as it goes")


def test_a_new_creator_has_earned_nothing() -> None:
    body = read(caller("newcomer", email="new@example.com"), "/earnings")
    assert body["summary"] == {
        "currency": "USD",
        "total_apis": 0,
        "current_month_gross": 0,
        "current_month_net": 0,
        "lifetime_gross": 0,
        "lifetime_net": 0,
        "lifetime_platform_fee": 0,
        "lifetime_payouts": 0,
        "pending_payout": 0,
    }
    assert body["currencies"] == []
    assert body["earnings_lag_seconds"] == 0
    assert body["earnings"] == {"count": 0, "next": None, "previous": None, "results": []}
    assert Creator.objects.get().email == "new@example.com"


def test_paid_and_pending_add_up_to_what_was_earned(market: Market) -> None:
    alice = market.creator("alice")
    pay(market.payout(alice))
    market.sell(alice, 50_00, at="2025-10-05T00:00:00Z")
    market.refund(alice, 10_00, at="2025-10-06T00:00:00Z")
    body = read(caller("alice"), "/earnings")
    assert figures(body["summary"]) == (140_00, 28_00, 112_00, 80_00, 32_00)
    assert figures(body["earnings"]["results"][0]) == (140_00, 28_00, 112_00, 80_00, 32_00)


def test_a_returned_payout_is_pending_again_until_it_is_paid(market: Market) -> None:
    alice = market.creator("alice")
    market.adjust(alice, -5_00, booked_at=datetime(2025, 9, 20, tzinfo=UTC))
    payout = market.payout(alice)
    pay(payout)
    updated = read(caller("alice"), "/earnings")["earnings"]["results"][0]["last_updated"]
    for target, paid in [
        (PayoutStatus.RETURNED, 0),
        (PayoutStatus.IN_TRANSIT, 0),
        (PayoutStatus.PAID, 75_00),
    ]:
        move(payout, target, now=sql.now(), reason="as it goes")
        body = read(caller("alice"), "/earnings")
        assert figures(body["summary"]) == (95_00, 20_00, 75_00, paid, 75_00 - paid)
        assert body["earnings"]["results"][0]["lifetime_payouts"] == (80_00 if paid else 0)
        assert body["earnings"]["results"][0]["last_updated"] == updated


@pytest.mark.django_db(transaction=True)
def test_an_api_was_last_updated_when_something_was_added_last(market: Market) -> None:
    alice = market.creator("alice")
    for _ in range(2):
        before = sql.now()
        market.sell(alice, 10_00)
        (api,) = read(caller("alice"), "/earnings")["earnings"]["results"]
        assert before <= datetime.fromisoformat(api["last_updated"]) <= sql.now()


def test_only_this_months_sales_are_of_this_month(market: Market) -> None:
    alice = market.creator("alice")
    now = sql.now()
    market.sell(alice, 100_00, at=now.isoformat())
    market.sell(alice, 7_00, at=f"{month_of(now).previous_month().start}T23:00:00Z")
    body = read(caller("alice"), "/earnings")
    for of in (body["summary"], body["earnings"]["results"][0]):
        assert (of["current_month_gross"], of["current_month_net"]) == (100_00, 80_00)
        assert of["lifetime_gross"] == 107_00


def test_a_cancelled_and_repeated_payout_counts_once(market: Market) -> None:
    alice = market.creator("alice")
    first = market.payout(alice)
    move(first, PayoutStatus.CANCELLED, now=sql.now(), reason="a mistake")
    release_earnings(first, held_in=AccountKind.PAYOUTS_RESERVED)
    assert figures(read(caller("alice"), "/earnings")["summary"])[3:] == (0, 80_00)
    market.run()
    pay(Payout.objects.exclude(pk=first.pk).get())
    body = read(caller("alice"), "/earnings")
    assert figures(body["summary"]) == (100_00, 20_00, 80_00, 80_00, 0)
    assert figures(body["earnings"]["results"][0]) == (100_00, 20_00, 80_00, 80_00, 0)


def test_every_api_is_listed_the_last_registered_first(market: Market) -> None:
    alice, bob = market.creators(["alice", "bob"])
    register("idle", "alice")
    market.sell(alice, 100_00)
    market.sell(bob, 1_00)
    body = read(caller("alice"), "/earnings")
    assert [(api["api_id"], api["api_name"], api["lifetime_net"]) for api in body["earnings"]["results"]] == [
        ("idle", "The idle", 0),
        ("api-alice", "API of alice", 80_00),
    ]
    assert body["summary"]["total_apis"] == body["earnings"]["count"] == 2
    idle, sold = body["earnings"]["results"]
    assert idle["last_updated"] is None
    assert datetime.fromisoformat(sold["last_updated"]) <= sql.now()


def test_apis_are_paginated(market: Market) -> None:
    alice = market.creator("alice")
    for number in range(3):
        register(f"more-{number}", "alice")
    market.sell(alice, 10_00)
    first = read(caller("alice"), "/earnings", page_size=3)
    assert (first["earnings"]["count"], len(first["earnings"]["results"])) == (4, 3)
    second = read(caller("alice"), "/earnings", page_size=3, page=2)
    assert [api["api_id"] for api in second["earnings"]["results"]] == ["api-alice"]
    assert first["summary"] == second["summary"]
    assert caller("alice").get("/api/v1/earnings", {"page": 9}).status_code == 404


def test_each_owner_sees_what_was_sold_in_their_time(market: Market) -> None:
    alice, _ = market.creators(["alice", "bob"])
    market.sell(alice, 100_00, at="2025-09-10T12:00:00Z")
    register("api-alice", "bob", owned_from="2025-09-20T00:00:00+00:00")
    market.sell(alice, 30_00, at="2025-09-25T12:00:00Z")
    for owner, gross in (("alice", 100_00), ("bob", 30_00)):
        body = read(caller(owner), "/earnings/api-alice")
        assert (body["lifetime_gross"], [month["gross"] for month in body["months"]]) == (gross, [gross])
    refused = caller("charlie").get("/api/v1/earnings/api-alice")
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert read(caller("alice"), "/earnings")["summary"]["total_apis"] == 1
    assert read(caller("bob"), "/earnings")["summary"]["total_apis"] == 2


def test_an_api_shows_its_months_newest_first(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00, at="2025-08-31T23:59:59Z", api_calls="7")
    market.sell(alice, 20_00, at="2025-09-01T00:00:00Z", api_calls="3")
    market.sell(alice, 30_00, at="2025-09-30T12:00:00Z", api_calls="2")
    market.refund(alice, 5_00, at="2025-09-30T13:00:00Z")
    body = read(caller("alice"), "/earnings/api-alice")
    assert body["months"] == [
        {
            "month": "2025-09",
            "currency": "USD",
            "gross": 45_00,
            "platform_fee": 9_00,
            "net": 36_00,
            "refunds": 5_00,
            "transactions": 2,
            "api_calls": 5,
        },
        {
            "month": "2025-08",
            "currency": "USD",
            "gross": 100_00,
            "platform_fee": 20_00,
            "net": 80_00,
            "refunds": 0,
            "transactions": 1,
            "api_calls": 7,
        },
    ]


def test_late_sales_and_two_rates_are_one_month(market: Market) -> None:
    alice = market.creator("alice")
    market.payout(alice)
    market.sell(alice, 1_00)
    (month,) = read(caller("alice"), "/earnings/api-alice")["months"]
    assert (month["gross"], month["transactions"]) == (101_00, 2)


@pytest.mark.parametrize(
    ("asked", "months"),
    [
        ({}, ["2025-10", "2025-09", "2025-08"]),
        ({"from": "2025-09"}, ["2025-10", "2025-09"]),
        ({"to": "2025-09"}, ["2025-09", "2025-08"]),
        ({"from": "2025-09", "to": "2025-09"}, ["2025-09"]),
        ({"from": "1000-01", "to": "9999-12"}, ["2025-10", "2025-09", "2025-08"]),
        ({"from": "2026-01"}, []),
    ],
)
def test_months_can_be_filtered_both_ends_included(
    market: Market, asked: dict[str, str], months: list[str]
) -> None:
    alice = market.creator("alice")
    for month in ("2025-08", "2025-09", "2025-10"):
        market.sell(alice, 10_00, at=f"{month}-15T12:00:00Z")
    body = read(caller("alice"), "/earnings/api-alice", **asked)
    assert [month["month"] for month in body["months"]] == months
    assert body["lifetime_gross"] == 30_00


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "2025-13"},
        {"from": "2025-9"},
        {"from": "0000-01"},
        {"from": ""},
        {"to": "2025-09-01"},
        {"to": "2025-09\n"},
        {"to": "\uff12025-09"},
        {"from": "2025-10", "to": "2025-09"},
        {"currency": "usd"},
        {"currency": ""},
        {"months": "3"},
        {"page": "2"},
    ],
)
def test_invalid_months_are_refused(market: Market, asked: dict[str, str]) -> None:
    market.creator("alice")
    answer = caller("alice").get("/api/v1/earnings/api-alice", asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("api_id", ["com.acme.weather", "a:b@c!$&'()*+,;=", "upcoming", "x" * 255])
def test_an_api_id_may_be_anything_that_fits_in_a_url(market: Market, api_id: str) -> None:
    alice = market.creator("alice")
    register(api_id, "alice")
    market.sell(alice, 10_00, api_id=api_id)
    assert read(caller("alice"), f"/earnings/{api_id}")["lifetime_net"] == 8_00


def test_figures_are_of_one_currency_and_the_others_are_named(market: Market, settings: Settings) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 25_00, "EUR": 25_00, "JPY": 2_500}
    alice, bob = market.creators(["alice", "bob"])
    market.sell(alice, 100_00)
    market.sell(alice, 10_00, currency="EUR")
    market.sell(bob, 3_000, currency="JPY")
    body = read(caller("alice"), "/earnings")
    assert body["currencies"] == ["EUR", "USD"]
    assert (body["summary"]["currency"], body["summary"]["lifetime_gross"]) == ("USD", 100_00)
    body = read(caller("alice"), "/earnings", currency="EUR")
    assert (body["summary"]["currency"], body["summary"]["lifetime_gross"]) == ("EUR", 10_00)
    (api,) = body["earnings"]["results"]
    assert (api["currency"], api["lifetime_gross"]) == ("EUR", 10_00)
    body = read(caller("alice"), "/earnings/api-alice", currency="EUR")
    assert [(month["currency"], month["gross"]) for month in body["months"]] == [("EUR", 10_00)]
    body = read(caller("alice"), "/earnings", currency="GBP")
    assert (body["summary"]["lifetime_gross"], body["summary"]["total_apis"]) == (0, 1)
    assert read(caller("bob"), "/earnings")["summary"]["currency"] == "JPY"
    body = read(caller("bob"), "/earnings/api-bob")
    assert (body["currency"], body["currencies"], body["months"][0]["currency"]) == ("JPY", ["JPY"], "JPY")


def test_adjustments_are_in_the_summary_but_in_no_api(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    market.adjust(alice, -5_00, booked_at=datetime(2025, 9, 20, tzinfo=UTC))
    body = read(caller("alice"), "/earnings")
    assert body["summary"]["lifetime_net"] == 75_00
    assert [api["lifetime_net"] for api in body["earnings"]["results"]] == [80_00]


def test_earnings_need_no_payment_account(market: Market) -> None:
    alice = market.creator("alice", account=None)
    market.sell(alice, 100_00)
    assert read(caller("alice"), "/earnings")["summary"]["pending_payout"] == 80_00


def test_unposted_records_show_as_lag(market: Market) -> None:
    alice = market.creator("alice")
    market.arrive("charge", alice, 100_00)
    connection.cursor().execute("UPDATE billing_batches SET received_at = now() - interval '90 s'")
    body = read(caller("alice"), "/earnings")
    assert 90 <= body["earnings_lag_seconds"] < 600
    assert body["summary"]["lifetime_gross"] == 0
    posting.post_due(now=sql.now())
    body = read(caller("alice"), "/earnings")
    assert body["earnings_lag_seconds"] == 0
    assert body["summary"]["lifetime_gross"] == 100_00


@pytest.mark.parametrize("address", ["/api/v1/earnings", "/api/v1/earnings/api-alice"])
def test_earnings_are_for_creators(market: Market, address: str) -> None:
    market.creator("alice")
    assert nobody().get(address).status_code == 401
    assert admin().get(address).status_code == 403
    assert service("billing").get(address).status_code == 403


@pytest.mark.parametrize("address", ["/earnings", "/earnings/api-alice"])
def test_more_apis_and_months_cost_no_more_queries(market: Market, address: str) -> None:
    alice = market.creator("alice")
    market.sell(alice, 10_00)
    with CaptureQueriesContext(connection) as few:
        read(caller("alice"), address)
    for number in range(50):
        register(f"more-{number}", "alice")
        market.arrive(
            "charge", alice, 10_00, at=f"2025-{number % 9 + 1:02}-01T00:00:00Z", api_id=f"more-{number}"
        )
        market.arrive("charge", alice, 10_00, at=f"{2010 + number % 15}-01-01T00:00:00Z")
    posting.post_due(now=sql.now())
    market.run(NEXT_CUTOFF)
    with CaptureQueriesContext(connection) as many:
        read(caller("alice"), address)
    assert len(many) == len(few) <= 3


def test_reading_earnings_costs_no_more_after_years_of_payouts(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    before = rows_read()
    for year in range(2015, 2025):
        market.sell(alice, 100_00, at=f"{year}-09-10T12:00:00Z")
    assert rows_read() >= before + 10
    pay(market.payout(alice))
    market.sell(alice, 100_00)
    assert rows_read() <= before  # a plan may look at the table twice
    assert read(caller("alice"), "/earnings")["summary"]["lifetime_net"] == 13 * 80_00


def rows_read() -> int:
    """Count the rows of `creator_earnings` that `/earnings` sums for alice."""

    def count(plan: dict[str, Any]) -> int:
        here = (
            plan["Actual Rows"] * plan["Actual Loops"]
            if plan.get("Relation Name") == "creator_earnings"
            else 0
        )
        return int(here) + sum(map(count, plan.get("Plans", [])))

    with CaptureQueriesContext(connection) as queries:
        read(caller("alice"), "/earnings")
    (standing,) = (query["sql"] for query in queries if "paid_totals" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + standing)
        return count(cursor.fetchone()[0][0]["Plan"])
