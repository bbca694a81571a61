"""What creators see of their payouts."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Creator, HoldSource
from accounts.services.holds import place_hold
from database import sql
from database.staff import Act
from earnings.services.catalog import CatalogEntry, register_apis
from payouts.explanations import explain_failure, explain_move
from payouts.models import Payout
from payouts.services.moves import move
from payouts.states import LEGAL, PayoutStatus
from tests.api import admin, caller, nobody
from tests.documented import read
from tests.factories import PayoutFactory
from tests.payouts.market import NEXT_CUTOFF, Market

pytestmark = pytest.mark.django_db
REFUSALS = [
    "account_closed",
    "amount_too_large",
    "amount_too_small",
    "bank_account_restricted",
    "bank_account_unusable",
    "bank_account_unverified",
    "debit_not_authorized",
    "insufficient_capabilities_for_transfer",
    "no_account",
    "payouts_limit_exceeded",
    "payouts_not_allowed",
    "transfers_not_allowed",
]


def listed(creator: str, **asked: Any) -> list[str]:
    return [payout["id"] for payout in read(caller(creator), "/payouts", **asked)["results"]]


def made(creator: Creator, moment: str, **fields: Any) -> str:
    """Make a payout without a run; return its id."""
    return str(
        PayoutFactory.create(
            creator=creator, run=None, created_at=datetime.fromisoformat(moment), **fields
        ).pk
    )


def test_a_payout_is_shown_as_stored(market: Market) -> None:
    payout = market.payout(market.creator("alice"))
    (shown,) = read(caller("alice"), "/payouts")["results"]
    assert shown == {
        "id": str(payout.pk),
        "created_at": payout.created_at.isoformat().replace("+00:00", "Z"),
        "creator": "alice",
        "retry_of": None,
        "currency": "USD",
        "gross_amount": 100_00,
        "platform_fee": 20_00,
        "net_amount": 80_00,
        "period_start": "2025-09-01",
        "period_end": "2025-10-01",
        "status": "pending",
        "stripe_transfer_id": None,
        "stripe_payout_id": None,
        "bank_amount": None,
        "bank_currency": None,
        "arrival_date": None,
        "trace_id": None,
        "trace_status": None,
        "failure_code": None,
        "failure_message": None,
        "paid_at": None,
    }


def test_payouts_are_listed_newest_first_and_only_the_creators_own(market: Market) -> None:
    alice, bob = market.creators(["alice", "bob"])
    old = made(alice, "2025-10-01T00:15:00Z")
    new = made(alice, "2025-11-01T00:15:00Z")
    other = made(bob, "2025-11-01T00:15:00Z")
    assert listed("alice") == [new, old]
    assert listed("bob") == [other]
    assert listed("charlie") == []
    assert Creator.objects.filter(external_id="charlie").exists()


def test_payouts_are_paginated(market: Market) -> None:
    alice = market.creator("alice")
    every = [made(alice, f"2025-0{month}-01T00:15:00Z") for month in range(1, 8)][::-1]
    pages = [read(caller("alice"), "/payouts", page_size=3, page=number) for number in (1, 2, 3)]
    assert [payout["id"] for page in pages for payout in page["results"]] == every
    assert [page["count"] for page in pages] == [7, 7, 7]
    assert [page["next"] is None for page in pages] == [False, False, True]
    assert [page["previous"] is None for page in pages] == [True, False, False]
    exact = read(caller("alice"), "/payouts", page_size=7)
    assert (exact["count"], exact["next"]) == (7, None)
    for beyond in (4, 99, 2**31 - 1):
        answer = caller("alice").get("/api/v1/payouts", {"page_size": 3, "page": beyond})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "dcba"),
        ({"status": "paid"}, "ca"),
        ({"currency": "EUR"}, "d"),
        ({"currency": "GBP"}, ""),
        ({"from": "2025-10-02"}, "dc"),
        ({"to": "2025-10-01"}, "ba"),
        ({"from": "2025-10-01", "to": "2025-10-01"}, "b"),
        ({"from": "0001-01-01", "to": "9999-12-31"}, "dcba"),
        ({"status": "paid", "from": "2025-10-01"}, "c"),
    ],
)
def test_payouts_can_be_filtered(market: Market, asked: dict[str, str], found: str) -> None:
    alice = market.creator("alice")
    ids = {
        made(alice, "2025-09-30T23:59:59.999999Z", status=PayoutStatus.PAID): "a",
        made(alice, "2025-10-01T23:59:59.999999Z"): "b",
        made(alice, "2025-10-02T00:00:00Z", status=PayoutStatus.PAID): "c",
        made(alice, "2025-11-01T00:00:00Z", currency="EUR"): "d",
    }
    assert "".join(ids[payout] for payout in listed("alice", **asked)) == found


@pytest.mark.parametrize(
    ("ordering", "found"),
    [("created_at", "abc"), ("-created_at", "cba"), ("net_amount", "bac"), ("-net_amount", "cab")],
)
def test_payouts_can_be_sorted(market: Market, ordering: str, found: str) -> None:
    alice = market.creator("alice")
    ids = {
        made(alice, f"2025-{month}-01T00:15:00Z", gross_amount=gross): name
        for name, month, gross in [("a", "08", 4_000), ("b", "09", 3_000), ("c", "10", 5_000)]
    }
    assert "".join(ids[payout] for payout in listed("alice", ordering=ordering)) == found


@pytest.mark.parametrize(
    "asked",
    [
        {"status": "lost"},
        {"ordering": "creator"},
        {"status": ""},
        {"currency": "usd"},
        {"currency": " USD"},
        {"from": "2025-13-01"},
        {"from": "01/02/2025"},
        {"to": ""},
        {"to": "0000-01-01"},
        {"page": 0},
        {"page_size": 101},
        {"creator": "bob"},
    ],
)
def test_invalid_filters_are_refused(asked: dict[str, Any]) -> None:
    answer = caller("alice").get("/api/v1/payouts", asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == list(asked)


def test_a_payout_is_explained_line_by_line(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00, at="2025-08-10T12:00:00Z", subscription_id="s-1", api_calls="5")
    market.sell(alice, 30_00, subscription_id="s-1", api_calls="2")
    market.sell(alice, 30_00, subscription_id="s-2", api_calls="3")
    market.refund(alice, 10_00)
    market.adjust(alice, -3_00, booked_at=datetime(2025, 9, 20, tzinfo=UTC))
    market.run()
    payout = read(caller("alice"), f"/payouts/{Payout.objects.get().pk}")
    assert payout["net_amount"] == sum(line["net_revenue"] for line in payout["line_items"]) == 117_00
    shown = [
        (
            line["api_id"],
            line["period_start"],
            line["gross_revenue"],
            line["net_revenue"],
            line["total_subscriptions"],
        )
        for line in payout["line_items"]
    ]
    assert shown == [
        ("api-alice", "2025-08-01", 100_00, 80_00, 1),
        ("api-alice", "2025-09-01", 50_00, 40_00, 2),
        (None, "2025-09-20", -3_00, -3_00, 0),
    ]
    adjustment = payout["line_items"][-1]
    assert adjustment["api_name"] is None
    assert adjustment["description"]
    assert {line["currency"] for line in payout["line_items"]} == {"USD"}


def test_the_history_is_explained_in_our_words(market: Market) -> None:
    payout = market.payout(market.creator("alice"))
    with_secrets = "mallory@platform.example thinks that this is fraud"
    move(payout, PayoutStatus.ON_HOLD, now=sql.now(), reason=with_secrets, actor="mallory")
    move(payout, PayoutStatus.PENDING, now=sql.now(), reason="released", actor="mallory")
    move(payout, PayoutStatus.PROCESSING, now=sql.now(), reason="sending")
    body = read(caller("alice"), f"/payouts/{payout.pk}")
    assert [event["status"] for event in body["events"]] == ["pending", "on_hold", "pending", "processing"]
    assert "mallory" not in caller("alice").get(f"/api/v1/payouts/{payout.pk}").content.decode()
    assert len({event["message"] for event in body["events"]}) == 4


def test_every_move_has_its_sentence() -> None:
    for target, sources in LEGAL.items():
        for source in ("", *sources):
            assert explain_move(source, target).endswith(".")


@pytest.mark.parametrize("code", ["account_closed", "account_not_payable", "some_new_code"])
def test_a_failure_says_what_to_do_in_our_words(market: Market, code: str) -> None:
    payout = market.payout(market.creator("alice"))
    Payout.objects.filter(pk=payout.pk).update(
        status=PayoutStatus.RETURNED, failure_code=code, failure_message="Stripe's own text"
    )
    body = read(caller("alice"), f"/payouts/{payout.pk}")
    assert body["failure_code"] == code
    assert body["failure_message"] == explain_failure(code)
    assert "Please" in body["failure_message"]
    assert code not in body["failure_message"]
    assert read(caller("alice"), "/payouts")["results"][0]["failure_message"] == explain_failure(code)


def test_each_known_refusal_has_its_own_explanation() -> None:
    general = explain_failure("some_new_code")
    for code in REFUSALS:
        assert explain_failure(code) != general, code


@pytest.mark.parametrize("end", ["", "/records", "/line-items/{line}/records"])
def test_another_creators_payout_is_not_found(market: Market, end: str) -> None:
    alice, bob = market.creators(["alice", "bob"])
    market.sell_all([alice, bob], 100_00)
    market.run()
    theirs = Payout.objects.get(creator=alice)
    mine = Payout.objects.get(creator=bob)
    line, my_line = theirs.line_items.get().pk, mine.line_items.get().pk
    address = f"/api/v1/payouts/{theirs.pk}{end.format(line=line)}"
    assert caller("alice").get(address).status_code == 200
    for other in (bob.external_id, "charlie"):
        answer = caller(other).get(address)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert nobody().get(address).status_code == 401
    assert admin().get(address).status_code == 403
    assert caller("bob").get(f"/api/v1/payouts/{mine.pk}/line-items/{line}/records").status_code == 404
    assert caller("bob").get(f"/api/v1/payouts/{theirs.pk}/line-items/{my_line}/records").status_code == 404
    assert caller("alice").get(f"/api/v1/payouts/{uuid4()}{end.format(line=line)}").status_code == 404


def test_a_hold_shows_without_its_reason(market: Market) -> None:
    alice = market.creator("alice")
    payout = market.payout(alice)
    place_hold(alice, source=HoldSource.STAFF, act=Act("mallory", "suspected fraud"))
    for address in (f"/payouts/{payout.pk}", "/payouts/upcoming"):
        shown = caller("alice").get(f"/api/v1{address}").content.decode()
        assert "fraud" not in shown
        assert "mallory" not in shown


def test_more_payouts_and_lines_cost_no_more_queries(market: Market) -> None:
    alice = market.creator("alice")
    first = market.payout(alice)
    with CaptureQueriesContext(connection) as few:
        read(caller("alice"), f"/payouts/{first.pk}")
    entries = [
        CatalogEntry(
            api_id=f"more-{number}", api_name="", creator_id="alice", creator_email="", creator_country=""
        )
        for number in range(50)
    ]
    register_apis(entries, now=sql.now())
    for entry in entries:
        market.arrive("charge", alice, 10_00, at="2025-10-10T12:00:00Z", api_id=entry.api_id)
    Payout.objects.filter(pk=first.pk).update(status=PayoutStatus.PAID, paid_at=sql.now())
    market.run(NEXT_CUTOFF)
    second = Payout.objects.latest("created_at")
    with CaptureQueriesContext(connection) as many:
        assert len(read(caller("alice"), f"/payouts/{second.pk}")["line_items"]) == 50
    assert len(many) == len(few) == 3
    for _ in range(50):
        PayoutFactory.create(creator=alice, run=None)
    with CaptureQueriesContext(connection) as many:
        assert read(caller("alice"), "/payouts")["count"] == 52
    assert len(many) == 2
