"""From a payout, and from each of its lines, to the billing records behind it."""

import csv
import itertools
import tracemalloc
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Creator
from database import sql
from earnings.models import BillingSource
from earnings.services import posting
from earnings.services.catalog import CatalogEntry, register_apis
from payouts.models import Payout
from payouts.states import PayoutStatus
from tests.api import caller
from tests.documented import read
from tests.feeding import feed, record
from tests.payouts.market import CUTOFF, NEXT_CUTOFF, Market

pytestmark = pytest.mark.django_db


@pytest.fixture
def payout(market: Market) -> Payout:
    """Two APIs of alice over two months, with refunds; bob sells in the same batches."""
    alice, bob = market.creators(["alice", "bob"])
    entry = CatalogEntry(
        api_id="second", api_name="", creator_id="alice", creator_email="", creator_country=""
    )
    register_apis([entry], now=sql.now())
    market.sell_all([alice, bob], 100_00)
    market.sell(alice, 40_00, at="2025-08-10T12:00:00Z")
    market.sell(alice, 30_00, api_id="second")
    market.refund(alice, 10_00)
    market.record("chargeback", alice, 5_00, at="2025-09-13T12:00:00Z", api_id="second")
    market.record("chargeback_reversal", alice, 2_00, at="2025-09-14T12:00:00Z", api_id="second")
    market.run()
    return Payout.objects.get(creator=alice)


def pages(address: str, **asked: Any) -> Iterator[dict[str, Any]]:
    """Follow the links from page to page."""
    page = read(caller("alice"), address, **asked)
    for _ in range(100):
        yield page
        if page["next"] is None:
            return
        page = caller("alice").get(page["next"]).json()
    raise AssertionError("there is no last page")


def rows_of_csv(address: str) -> list[dict[str, str]]:
    answer = caller("alice").get(f"/api/v1{address}", {"format": "csv"})
    assert answer.status_code == 200
    text = answer.getvalue().decode()
    return list(csv.DictReader(StringIO(text)))


def test_the_records_add_up_to_the_payout_and_to_each_line(payout: Payout) -> None:
    told = read(caller("alice"), f"/payouts/{payout.pk}")
    behind = read(caller("alice"), f"/payouts/{payout.pk}/records")["results"]
    assert sum(one["gross"] for one in behind) == payout.gross_amount == 157_00
    assert len(told["line_items"]) == 3
    for line in told["line_items"]:
        of_line = read(caller("alice"), f"/payouts/{payout.pk}/line-items/{line['id']}/records")["results"]
        assert sum(one["gross"] for one in of_line) == line["gross_revenue"]
        assert of_line == [one for one in behind if one["line_item_id"] == line["id"]]
        assert {one["api_id"] for one in of_line} == {line["api_id"]}


def test_a_record_is_shown_as_received(payout: Payout) -> None:
    last = read(caller("alice"), f"/payouts/{payout.pk}/records")["results"][0]
    line = payout.line_items.get(api__external_id="second")
    assert last == {
        "line_item_id": str(line.pk),
        "source": "billing",
        "record_id": "r-6",
        "kind": "chargeback_reversal",
        "api_id": "second",
        "subscription_id": None,
        "customer_id": None,
        "amount": 2_00,
        "gross": 2_00,
        "currency": "USD",
        "occurred_at": "2025-09-14T12:00:00Z",
        "api_calls": 1,
        "related_record_id": None,
    }


def test_late_records_are_behind_the_next_payout(market: Market, payout: Payout) -> None:
    Payout.objects.update(status=PayoutStatus.PAID, paid_at=sql.now())
    late = market.sell(payout.creator, 50_00)
    market.run(NEXT_CUTOFF)
    following = Payout.objects.exclude(pk=payout.pk).get(creator=payout.creator)
    assert following.line_items.get().period_start == payout.period_start.replace(month=9)
    behind = read(caller("alice"), f"/payouts/{following.pk}/records")["results"]
    assert [one["record_id"] for one in behind] == [late]
    assert len(read(caller("alice"), f"/payouts/{payout.pk}/records")["results"]) == 6


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 100])
def test_pages_lead_through_all_records_and_back(payout: Payout, size: int) -> None:
    address = f"/payouts/{payout.pk}/records"
    every = read(caller("alice"), address)["results"]
    seen = list(pages(address, page_size=size))
    assert [one for page in seen for one in page["results"]] == every
    assert all(len(page["results"]) == size for page in seen[:-1])
    assert seen[0]["previous"] is None
    for before, page in itertools.pairwise(seen):
        back = caller("alice").get(page["previous"]).json()
        assert back["results"] == before["results"]
        assert back["next"] is not None
        assert (back["previous"] is None) is (before is seen[0])


@pytest.mark.parametrize("size", [1, 4, 10, 25, 26])
def test_pages_keep_records_of_one_batch_and_several_lines_apart(market: Market, size: int) -> None:
    alice = market.creator("alice")
    entry = CatalogEntry(
        api_id="second", api_name="", creator_id="alice", creator_email="", creator_country=""
    )
    register_apis([entry], now=sql.now())
    market.sell(alice, 50_00)
    lines = [
        record(
            record_id=f"many-{number}",
            api_id="second" if number % 3 else "api-alice",
            occurred_at="2025-09-10T12:00:00Z",
        )
        for number in range(25)
    ]
    feed(BillingSource.objects.get(), *lines, now=sql.now())
    market.sell(alice, 50_00)
    market.run()
    seen = list(pages(f"/payouts/{Payout.objects.get(creator=alice).pk}/records", page_size=size))
    assert [one["record_id"] for page in seen for one in page["results"]] == [
        "r-1",
        *(f"many-{number}" for number in range(24, -1, -1)),
        "r-0",
    ]


def test_a_csv_file_has_the_same_records_as_the_pages(payout: Payout) -> None:
    for address, name in (
        (f"/payouts/{payout.pk}/records", f"payout-{payout.pk}-records.csv"),
        (f"/payouts/{payout.pk}/line-items/{payout.line_items.first().pk}/records", "line-"),  # type: ignore[union-attr]
    ):
        answer = caller("alice").get(f"/api/v1{address}?format=csv")
        assert answer.streaming
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer["Content-Disposition"].startswith(f'attachment; filename="{name}')
        text = answer.getvalue().decode()
        expected = read(caller("alice"), address)["results"]
        header, *lines = csv.reader(StringIO(text))
        assert header == list(expected[0])
        assert lines == [["" if value is None else str(value) for value in one.values()] for one in expected]


def test_csv_can_be_asked_for_by_header_and_json_by_name(payout: Payout) -> None:
    address = f"/api/v1/payouts/{payout.pk}/records"
    assert caller("alice").get(address, headers={"Accept": "text/csv"}).streaming
    asked = caller("alice").get(address, {"format": "json"}, headers={"Accept": "text/csv"})
    assert asked["Content-Type"] == "application/json"
    assert caller("alice").get(address, {"format": "csv"}, headers={"Accept": "application/json"}).streaming


@pytest.mark.parametrize("asked", [{"format": "xml"}, {"format": ""}, {"page_size": "101"}, {"page": "1"}])
def test_invalid_queries_are_refused(payout: Payout, asked: dict[str, str]) -> None:
    answer = caller("alice").get(f"/api/v1/payouts/{payout.pk}/records", asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize(
    "cursor", ["x", "cD0x", "cD14LTE=", "cD0tLQ==", "bz0xMDA=", "cD0" + "5" * 400, "\x00", "é"]
)
def test_an_invalid_cursor_is_refused(payout: Payout, cursor: str) -> None:
    answer = caller("alice").get(f"/api/v1/payouts/{payout.pk}/records", {"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_format_is_a_parameter_of_records_only(payout: Payout) -> None:
    for address in ("/payouts", f"/payouts/{payout.pk}", "/payouts/upcoming", "/earnings"):
        assert caller("alice").get(f"/api/v1{address}", {"format": "json"}).status_code == 400


def test_nothing_in_a_csv_file_is_run_as_a_formula(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 50_00, customer_id='=HYPERLINK("evil")', subscription_id="@SUM(1)")
    market.sell(alice, 50_00, customer_id='-1+"2,3"', subscription_id="+1")
    market.refund(alice, 1_00)
    market.run()
    refunded, second, first = rows_of_csv(f"/payouts/{Payout.objects.get().pk}/records")
    assert (first["customer_id"], first["subscription_id"]) == ('\'=HYPERLINK("evil")', "'@SUM(1)")
    assert (second["customer_id"], second["subscription_id"]) == ('\'-1+"2,3"', "'+1")
    assert refunded["gross"] == "-100"


def test_an_adjustment_has_no_records(market: Market) -> None:
    alice = market.creator("alice")
    market.adjust(alice, 50_00, booked_at=sql.now().replace(year=2025, month=9, day=1))
    market.run(CUTOFF)
    payout = Payout.objects.get()
    address = f"/payouts/{payout.pk}/line-items/{payout.line_items.get().pk}/records"
    assert read(caller("alice"), address) == {"next": None, "previous": None, "results": []}
    assert rows_of_csv(address) == []


def peak_of_csv(market: Market, creator: Creator, count: int) -> int:
    """Make so many sales, stream the payout's records, and return the peak memory in bytes."""
    lines = [
        record(
            record_id=f"{creator.external_id}-{number}",
            api_id=f"api-{creator.external_id}",
            occurred_at="2025-09-10T12:00:00Z",
        )
        for number in range(count)
    ]
    feed(BillingSource.objects.get(), *lines, now=sql.now())
    posting.post_due(now=sql.now())
    market.run()
    payout = Payout.objects.get(creator=creator)
    answer: Any = caller(creator.external_id).get(f"/api/v1/payouts/{payout.pk}/records?format=csv")
    tracemalloc.start()
    pieces = iter(answer.streaming_content)
    written = next(pieces).count(b"\n")
    (cursors,) = sql.rows("SELECT count(*) AS open FROM pg_cursors")
    assert cursors["open"] == 1, "the rest waits in the database"
    written += sum(piece.count(b"\n") for piece in pieces)
    assert written == count + 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.full
def test_a_large_csv_file_is_not_held_in_memory(market: Market) -> None:
    alice, bob = market.creators(["alice", "bob"])
    assert peak_of_csv(market, bob, 15_000) < 1.2 * peak_of_csv(market, alice, 5_000)


def test_more_lines_and_records_cost_no_more_queries(market: Market, payout: Payout) -> None:
    def queries(of: Payout) -> int:
        with CaptureQueriesContext(connection) as caught:
            read(caller("alice"), f"/payouts/{of.pk}/records")
        return len(caught)

    few = queries(payout)
    Payout.objects.update(status=PayoutStatus.PAID, paid_at=sql.now())
    for number in range(50):
        market.arrive("charge", payout.creator, 10_00, at=f"{2000 + number % 25}-01-10T12:00:00Z")
    posting.post_due(now=sql.now())
    market.run(NEXT_CUTOFF)
    assert few == queries(Payout.objects.exclude(pk=payout.pk).get(creator=payout.creator)) == 3
