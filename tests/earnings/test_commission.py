"""Commission rates: which applies when, and previews of changes."""

import io
import json
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.models import Creator
from database import sql
from database.staff import Act
from earnings import selectors
from earnings.errors import NoRateToEnd, RateTooEarly
from earnings.models import Api, BillingSource, CommissionRate
from earnings.services import commission
from money import month_of, parse_month
from tests.factories import CommissionRateFactory, OwnershipFactory
from tests.feeding import earned, feed, post, record, refund
from tests.threads import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice", "bob")]

START = datetime(2024, 1, 10, tzinfo=UTC)
LATER = datetime(2024, 1, 20, tzinfo=UTC)


@pytest.fixture
def api(alice: Creator) -> Api:
    """Alice's."""
    return Api.objects.get(external_id="api-a")


def change(bps: int, *, of: Api | Creator | None = None, at: datetime = START) -> CommissionRate:
    return commission.set_rate(bps, of=of, effective_from=at, act=Act("dana", "agreed"))


def end(of: Api | Creator, *, at: datetime = LATER) -> CommissionRate:
    return commission.end_rate(of=of, effective_from=at, act=Act("dana", "over"))


def rates_of(source: BillingSource, *moments: str, api_id: str = "api-a") -> list[int]:
    """Sell $10 at each of these moments; return the commission on each."""
    sales = [record(api_id=api_id, occurred_at=moment) for moment in moments]
    assert feed(source, *sales).accepted == len(sales)
    known = dict(source.billingrecord_set.values_list("record_id", "commission_bps"))
    return [known[sale["record_id"]] for sale in sales]


def test_an_apis_rate_precedes_its_creators_and_that_the_default(
    source: BillingSource, alice: Creator, api: Api
) -> None:
    OwnershipFactory.create(api__external_id="api-a2", creator=alice)
    change(1_500, of=alice)
    change(1_000, of=api)
    change(2_500)
    assert rates_of(source, "2024-01-15T00:00:00Z", api_id="api-a") == [1_000]
    assert rates_of(source, "2024-01-15T00:00:00Z", api_id="api-a2") == [1_500]
    assert rates_of(source, "2024-01-15T00:00:00Z", api_id="api-b") == [2_500]


def test_a_rate_stays_with_its_api_or_creator_when_the_owner_changes(
    source: BillingSource, alice: Creator, bob: Creator, api: Api
) -> None:
    change(1_500, of=alice)
    OwnershipFactory.create(api=api, creator=bob, owned_from=LATER)
    assert rates_of(source, "2024-01-15T00:00:00Z", "2024-01-25T00:00:00Z") == [1_500, 2_000]
    change(1_000, of=api, at=LATER + timedelta(days=6))
    assert rates_of(source, "2024-01-27T00:00:00Z") == [1_000]


def test_a_rate_counts_from_its_first_microsecond_to_the_last_before_its_end(
    source: BillingSource, api: Api
) -> None:
    change(1_000, of=api)
    end(api)
    assert rates_of(
        source,
        "2024-01-09T23:59:59.999999Z",
        "2024-01-10T00:00:00Z",
        "2024-01-19T23:59:59.999999Z",
        "2024-01-20T00:00:00Z",
    ) == [2_000, 1_000, 1_000, 2_000]


def test_when_an_apis_rate_ends_its_creators_counts_again(
    source: BillingSource, alice: Creator, api: Api
) -> None:
    change(1_500, of=alice)
    change(1_000, of=api)
    end(api)
    assert rates_of(source, "2024-01-15T00:00:00Z", "2024-01-25T00:00:00Z") == [1_000, 1_500]


def test_of_two_rates_from_one_moment_the_last_created_counts(source: BillingSource, api: Api) -> None:
    for bps in (1_000, 3_000, 1_200):
        change(bps, of=api)
    assert rates_of(source, "2024-01-09T00:00:00Z", "2024-01-15T00:00:00Z") == [2_000, 1_200]
    assert CommissionRate.objects.filter(api=api).count() == 3


def test_a_rate_of_zero_is_a_rate(source: BillingSource, api: Api) -> None:
    change(0, of=api)
    feed(source, record())
    post()
    assert earned() == [("alice", "api-a", "2024-01", 1000, 0, 1000)]


def test_a_refund_gives_back_commission_at_the_rate_of_its_charge(source: BillingSource, api: Api) -> None:
    change(1_000, of=api)
    sold = record()
    feed(source, sold)
    change(3_000, of=api, at=LATER)
    feed(source, refund(sold, occurred_at="2024-01-25T00:00:00Z"), record(occurred_at="2024-01-25T00:00:00Z"))
    post()
    assert earned() == [
        ("alice", "api-a", "2024-01", 0, 0, 0),
        ("alice", "api-a", "2024-01", 1000, 300, 700),
    ]


@pytest.mark.parametrize("offset", [timedelta(), timedelta(microseconds=-1), timedelta(days=-30)])
@pytest.mark.parametrize("of", ["api", "creator", "all"])
def test_no_rate_starts_before_sales_that_are_recorded(
    source: BillingSource, alice: Creator, api: Api, of: str, offset: timedelta
) -> None:
    whose = {"api": api, "creator": alice, "all": None}[of]
    feed(source, record(occurred_at=START.isoformat()))
    with pytest.raises(RateTooEarly, match="adjustment"):
        change(1_000, of=whose, at=START + offset)
    change(1_000, of=whose, at=START + timedelta(microseconds=1))


def test_no_rate_ends_before_sales_that_are_recorded(source: BillingSource, api: Api) -> None:
    change(1_000, of=api)
    feed(source, record(occurred_at=LATER.isoformat()))
    with pytest.raises(RateTooEarly):
        end(api)
    end(api, at=LATER + timedelta(seconds=1))


def test_sales_of_others_do_not_keep_a_rate_from_starting(source: BillingSource, bob: Creator) -> None:
    feed(source, record(occurred_at=LATER.isoformat()))
    change(1_000, of=bob)
    change(1_000, of=Api.objects.get(external_id="api-b"))


@pytest.mark.parametrize("rated", [False, True])
def test_only_a_rate_that_is_there_can_end(api: Api, rated: bool) -> None:
    if rated:
        change(1_000, of=api)
        end(api)
    with pytest.raises(NoRateToEnd, match="api-a"):
        end(api, at=LATER + timedelta(days=1))


@pytest.mark.parametrize(
    ("said", "guard"),
    [
        ({"bps": 10_001}, "is_a_share"),
        ({"bps": None}, "always_has_a_default"),
    ],
)
def test_the_database_refuses_invalid_rates(said: dict[str, Any], guard: str) -> None:
    with pytest.raises(IntegrityError, match=guard):
        CommissionRateFactory.create(**said)


def test_no_rate_is_of_an_api_and_a_creator(alice: Creator, api: Api) -> None:
    with pytest.raises(IntegrityError, match="of_one_kind"):
        CommissionRateFactory.create(api=api, creator=alice)


@pytest.mark.parametrize("statement", ["UPDATE commission_rates SET bps = 1", "DELETE FROM commission_rates"])
def test_rates_are_history(statement: str) -> None:
    with pytest.raises(IntegrityError, match="is history"):
        sql.run(statement)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [False, True])
def test_a_rate_does_not_change_while_records_are_taken_in(alice: Creator, api: Api, known: bool) -> None:
    """This includes records of a source that was just registered."""
    came, asked = Event(), Event()
    before = BillingSource.objects.create(name="known") if known else None

    def send() -> bool:
        with transaction.atomic():
            feed(before or BillingSource.objects.create(name="new"), record(occurred_at=LATER.isoformat()))
            came.set()
            asked.wait(1)
        return True

    def set_rate() -> bool:
        came.wait(10)
        try:
            change(1_000, of=api)
        except RateTooEarly:
            return False
        finally:
            asked.set()
        return True

    assert at_once(send, set_rate) == [True, False]


def said(*command: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("commission", *command, "--json", stdout=out)
    return dict(json.loads(out.getvalue()))


BY = ("--actor", "dana", "--reason", "agreed")


@pytest.mark.usefixtures("dana_and_erin")
def test_staff_set_end_and_list_rates(source: BillingSource) -> None:
    assert said("set", "1000", "--api", "api-a", "--from", "2024-01-10T00:00:00Z", *BY) == {
        "of": "api-a",
        "bps": 1_000,
        "effective_from": "2024-01-10T00:00:00+00:00",
    }
    said("set", "1500", "--creator", "alice", *BY)
    said("end", "--api", "api-a", "--from", "2100-01-01T00:00:00Z", *BY)
    said("set", "1800", "--from", "2101-01-01T00:00:00Z", *BY)
    listed = [
        (
            plan["creator_id"],
            plan["api_id"],
            plan["bps"],
            plan["effective_until"] and plan["effective_until"][:4],
        )
        for plan in said("list")["plans"]
    ]
    assert listed == [
        (None, None, 2_000, "2101"),
        (None, None, 1_800, None),
        ("alice", None, 1_500, None),
        (None, "api-a", 1_000, "2100"),
    ]
    out = io.StringIO()
    call_command("commission", "list", stdout=out)
    assert "api-a" in out.getvalue()


@pytest.mark.usefixtures("dana_and_erin")
@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (["set", "1000", "--api", "api-z", *BY], "no API 'api-z'"),
        (["set", "1000", "--creator", "zoe", *BY], "no creator 'zoe'"),
        (["set", "10001", *BY], "basis points"),
        (["set", "-1", *BY], "basis points"),
        (["set", "15.5", *BY], "basis points"),
        (["set", "1000", "--creator", "alice", "--api", "api-a", *BY], "not allowed with"),
        (["set", "1000", "--from", "2024-01-10", *BY], "offset"),
        (["set", "1000", "--from", "2024-01-01T00:00:00Z", *BY], "can't change at"),
        (["set", "1000"], "--actor"),
        (["end", *BY], "required"),
        (["end", "--api", "api-a", *BY], "no rate of its own"),
        (["preview", "--month", "2024-01"], "The default rate can't end"),
        (["preview", "1000", "--month", "2024-13"], "month"),
    ],
)
def test_invalid_changes_are_refused(source: BillingSource, command: list[str], problem: str) -> None:
    feed(source, record())
    with pytest.raises(CommandError, match=problem):
        call_command("commission", *command)
    assert CommissionRate.objects.count() == 1


@pytest.fixture
def january(source: BillingSource, alice: Creator, bob: Creator) -> None:
    """Alice sold $10.03 and $20 through two APIs, one with its own rate of 10 %; bob sold $5."""
    OwnershipFactory.create(api__external_id="api-a2", creator=alice)
    change(1_000, of=Api.objects.get(external_id="api-a2"), at=datetime(2023, 1, 1, tzinfo=UTC))
    feed(
        source,
        record(amount=1_003),
        record(amount=2_000, api_id="api-a2"),
        record(amount=500, api_id="api-b"),
        record(amount=77, api_id="api-b", occurred_at="2024-02-01T00:00:00Z"),
    )
    post()


def preview(bps: int | None, *, of: Api | Creator | None) -> selectors.ChangePreview:
    return selectors.preview_change(bps, of=of, effective_from=sql.now(), month=parse_month("2024-01"))


@pytest.mark.usefixtures("january")
def test_a_preview_of_a_default_covers_only_where_it_applies() -> None:
    seen = preview(1_500, of=None)
    assert [tuple(total) for total in seen.totals] == [("USD", 2, 2, 1_503, 301, 225)]
    assert [tuple(fee) for fee in seen.most_affected] == [
        ("alice", "api-a", "USD", 1_003, 2_000, 1_500, 201, 150),
        ("bob", "api-b", "USD", 500, 2_000, 1_500, 100, 75),
    ]


@pytest.mark.usefixtures("january")
def test_a_preview_of_a_creators_rate_leaves_out_apis_with_their_own(alice: Creator) -> None:
    assert [tuple(fee) for fee in preview(500, of=alice).most_affected] == [
        ("alice", "api-a", "USD", 1_003, 2_000, 500, 201, 50)
    ]


@pytest.mark.usefixtures("january")
def test_a_preview_of_an_end_falls_back_to_the_next_rate(alice: Creator) -> None:
    api = Api.objects.get(external_id="api-a2")
    assert [tuple(fee)[4:] for fee in preview(None, of=api).most_affected] == [(1_000, 2_000, 200, 400)]
    change(1_500, of=alice, at=sql.now())
    assert [tuple(fee)[4:] for fee in preview(None, of=api).most_affected] == [(1_000, 1_500, 200, 300)]


@pytest.mark.usefixtures("january")
def test_a_preview_of_no_change_affects_nobody_and_writes_nothing(alice: Creator) -> None:
    before = list(CommissionRate.objects.values())
    assert preview(2_000, of=alice) == selectors.ChangePreview(totals=[], most_affected=[])
    assert said("preview", "2000", "--month", "2024-01") == {
        "month": "2024-01",
        "totals": [],
        "most_affected": [],
    }
    assert list(CommissionRate.objects.values()) == before


@pytest.mark.usefixtures("january")
def test_a_preview_formats_amounts_for_people() -> None:
    out = io.StringIO()
    call_command("commission", "preview", "1500", "--month", "2024-01", stdout=out)
    assert all(f" {amount} " in out.getvalue() for amount in ("$15.03", "$3.01", "$10.03"))
    assert said("preview", "1500", "--month", "2024-01")["totals"][0]["gross"] == 1_503


def test_a_preview_by_command_uses_the_last_full_month(source: BillingSource) -> None:
    last = month_of(sql.now()).previous_month()
    feed(source, record(occurred_at=f"{last.start}T12:00:00Z"), now=sql.now())
    post(now=sql.now())
    seen = said("preview", "1500", "--api", "api-a")
    assert seen["month"] == str(last)
    assert [total["fee_after"] for total in seen["totals"]] == [150]
