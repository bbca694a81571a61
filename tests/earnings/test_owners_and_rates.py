"""The time of a record decides its creator and rate."""

import pytest

from accounts.models import Creator
from database import sql
from earnings.models import Api, BillingSource, Reason
from tests.factories import CommissionRateFactory, OwnershipFactory
from tests.feeding import earned, feed, post, record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice", "bob")]


@pytest.fixture
def sold_to_bob(alice: Creator, bob: Creator) -> None:
    """`api-a` moved from alice to bob in the middle of January."""
    OwnershipFactory.create(
        api=Api.objects.get(external_id="api-a"), creator=bob, owned_from="2024-01-15T00:00:00Z"
    )


def test_the_first_owner_owned_an_api_from_the_beginning_of_time(source: BillingSource) -> None:
    feed(source, record(occurred_at="2000-01-01T00:00:00Z"))
    post()
    assert earned() == [("alice", "api-a", "2000-01", 1000, 200, 800)]


@pytest.mark.usefixtures("sold_to_bob")
def test_each_owner_gets_what_was_sold_in_their_time(source: BillingSource) -> None:
    feed(
        source,
        record(amount=100, occurred_at="2024-01-14T23:59:59.999999Z"),
        record(amount=10, occurred_at="2024-01-15T00:00:00Z"),
        record(amount=1, occurred_at="2024-01-15T01:00:00+02:00"),  # still the 14th
    )
    post()
    assert earned() == [
        ("alice", "api-a", "2024-01", 101, 20, 81),
        ("bob", "api-a", "2024-01", 10, 2, 8),
    ]


@pytest.mark.usefixtures("sold_to_bob")
@pytest.mark.parametrize(
    ("creator", "occurred_at", "accepted"),
    [
        ("alice", "2024-01-14T23:59:59Z", True),
        ("alice", "2024-01-15T00:00:00Z", False),
        ("bob", "2024-01-14T23:59:59Z", False),
        ("bob", "2024-01-15T00:00:00Z", True),
    ],
)
def test_a_creator_that_is_named_must_be_the_owner_at_that_moment(
    source: BillingSource, creator: str, occurred_at: str, accepted: bool
) -> None:
    result = feed(source, record(creator_id=creator, occurred_at=occurred_at))
    assert result.refused == ({} if accepted else {1: Reason.OWNER_MISMATCH})


@pytest.mark.usefixtures("sold_to_bob")
def test_an_api_may_come_back_to_its_first_owner(source: BillingSource, alice: Creator) -> None:
    api = Api.objects.get(external_id="api-a")
    OwnershipFactory.create(api=api, creator=alice, owned_from="2024-01-20T00:00:00Z")
    feed(source, *(record(amount=100, occurred_at=f"2024-01-{day}T00:00:00Z") for day in ("10", "16", "25")))
    post()
    assert earned() == [
        ("alice", "api-a", "2024-01", 200, 40, 160),
        ("bob", "api-a", "2024-01", 100, 20, 80),
    ]


def test_a_rate_that_changes_in_a_month_makes_two_rows_and_each_adds_up(source: BillingSource) -> None:
    CommissionRateFactory.create(bps=1_250, effective_from="2024-01-15T00:00:00Z")
    feed(
        source,
        record(amount=333, occurred_at="2024-01-14T23:59:59.999999Z"),
        record(amount=333, occurred_at="2024-01-15T00:00:00Z"),
        record(amount=1, occurred_at="2024-01-31T00:00:00Z"),
    )
    post()
    assert earned() == [
        ("alice", "api-a", "2024-01", 334, 42, 292),  # 12.5 %
        ("alice", "api-a", "2024-01", 333, 67, 266),  # 20 %
    ]


def test_the_first_rate_counts_before_it_too(source: BillingSource) -> None:
    sql.run("TRUNCATE commission_rates")
    CommissionRateFactory.create(effective_from="2024-01-20T00:00:00Z")
    feed(source, record())
    post()
    assert earned()[0][3:] == (1000, 200, 800)


def test_a_later_rate_changes_nothing_that_is_recorded(source: BillingSource) -> None:
    feed(source, record())
    CommissionRateFactory.create(bps=5_000, effective_from="2024-01-01T00:00:00Z")
    post()
    assert earned()[0][3:] == (1000, 200, 800)
