"""Planned owners: they can be replaced, and delayed messages never change them."""

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Creator
from database import sql
from database.staff import Act
from earnings.errors import OwnershipSuperseded, OwnershipTooEarly
from earnings.models import Api, ApiChange, ApiOwnership, BillingRecord, BillingSource
from earnings.services import ownership
from earnings.services.catalog import CatalogEntry, register_apis
from earnings.services.commission import seed_first_rate, set_rate
from earnings.services.sources import register_source
from tests.answers import Answer
from tests.api import service
from tests.factories import ApiFactory, CreatorFactory, OwnershipFactory
from tests.feeding import NOW, feed, record, refund
from tests.threads import PATIENCE_SECONDS, at_once

pytestmark = pytest.mark.django_db
JANUARY = datetime(2024, 1, 1, tzinfo=UTC)
FEBRUARY = datetime(2024, 2, 1, tzinfo=UTC)
# A typo, as it was once accepted.
MISTYPED = datetime(2206, 1, 1, tzinfo=UTC)


@pytest.fixture
def tomorrow() -> datetime:
    return sql.now() + timedelta(days=1)


def own(creator: str, owned_from: datetime | None = None, *, now: datetime | None = None) -> int:
    """Update the owner of `api-a`; return how many ownerships began."""
    CreatorFactory._meta.model.objects.get_or_create(external_id=creator)
    entry = CatalogEntry("api-a", "", creator, owned_from=owned_from)
    return register_apis([entry], now=now or sql.now()).ownerships_begun


def owners() -> list[tuple[str, datetime]]:
    rows = ApiOwnership.objects.filter(api__external_id="api-a").order_by("owned_from")
    return list(rows.values_list("creator__external_id", "owned_from"))


def names() -> list[str]:
    return [creator for creator, _ in owners()]


@pytest.mark.usefixtures("alice")
class TestOwnersToCome:
    """Alice owns `api-a`."""

    def test_one_that_was_mistyped_is_replaced(self, tomorrow: datetime) -> None:
        own("bob", MISTYPED)
        own("carol", tomorrow)
        assert names() == ["alice", "carol"]
        noted = ApiChange.objects.filter(field="owner").order_by("pk").values_list("before", "after")
        assert list(noted) == [("alice", "bob"), ("bob", "alice"), ("alice", "carol")]

    def test_one_is_taken_back_by_leaving_the_api_with_who_has_it(self, tomorrow: datetime) -> None:
        before = owners()
        own("bob", tomorrow + timedelta(days=1))
        assert own("alice", tomorrow) == 0
        assert owners() == before

    def test_one_who_begins_later_follows(self, tomorrow: datetime) -> None:
        own("bob", tomorrow)
        own("carol", tomorrow + timedelta(days=1))
        assert names() == ["alice", "bob", "carol"]

    def test_one_who_begins_sooner_replaces_all_who_were_to_come(self, tomorrow: datetime) -> None:
        own("bob", tomorrow)
        own("carol", tomorrow + timedelta(days=1))
        own("dave")
        assert names() == ["alice", "dave"]

    def test_a_time_can_be_corrected_in_both_directions(self, tomorrow: datetime) -> None:
        own("bob", tomorrow + timedelta(days=2))
        own("bob", tomorrow)
        assert owners()[1:] == [("bob", tomorrow)]

    def test_one_who_has_begun_is_not_replaced(self, source: BillingSource) -> None:
        own("bob", FEBRUARY)
        with pytest.raises(OwnershipTooEarly):
            own("carol", FEBRUARY)
        assert names() == ["alice", "bob"]

    def test_what_is_said_of_the_present_owner_leaves_who_is_to_come(self, tomorrow: datetime) -> None:
        own("bob", tomorrow)
        assert own("alice") == own("bob") == own("alice", FEBRUARY) == 0
        assert names() == ["alice", "bob"]

    def test_a_plan_is_taken_in_its_order_however_it_is_sorted(self, tomorrow: datetime) -> None:
        CreatorFactory.create(external_id="bob")
        plan = [
            CatalogEntry("api-a", "", "alice", owned_from=tomorrow + timedelta(days=2)),
            CatalogEntry("api-a", "", "bob", owned_from=tomorrow),
        ]
        for begun in (2, 0):
            assert register_apis(plan, now=sql.now()).ownerships_begun == begun
            assert names() == ["alice", "bob", "alice"]

    def test_two_from_the_same_moment_in_one_file_are_refused(self, tomorrow: datetime) -> None:
        plan = [CatalogEntry("api-a", "", creator, owned_from=tomorrow) for creator in ("bob", "carol")]
        with pytest.raises(OwnershipTooEarly):
            register_apis(plan, now=sql.now())
        assert names() == ["alice"]


def test_a_planned_first_owner_keeps_all_earlier_sales(
    source: BillingSource, alice: Creator, tomorrow: datetime
) -> None:
    """The first owner also owns everything before."""
    api = ApiFactory.create(external_id="api-z")
    OwnershipFactory.create(api=api, creator=alice, owned_from=MISTYPED)
    feed(source, record(api_id="api-z"))
    CreatorFactory.create(external_id="bob")
    register_apis([CatalogEntry("api-z", "", "bob", owned_from=FEBRUARY)], now=sql.now())
    assert list(
        ApiOwnership.objects.filter(api=api)
        .order_by("owned_from")
        .values_list("creator__external_id", "owned_from")
    ) == [("alice", ownership.BEGINNING), ("bob", FEBRUARY)]
    assert BillingRecord.objects.get().creator == alice


@pytest.mark.usefixtures("source", "alice")
@pytest.mark.parametrize(("days", "status"), [(360, 200), (370, 400), (180 * 365, 400)])
def test_no_owner_starts_more_than_a_year_ahead(days: int, status: int) -> None:
    Api.objects.update(source=BillingSource.objects.get())
    moment = (sql.now() + timedelta(days=days)).isoformat()
    said = {"name": "Weather", "creator_id": "bob", "owned_from": moment}
    answer = service("billing").put("/api/v1/catalog/apis/api-a", said, format="json")
    assert answer.status_code == status
    assert names() == (["alice", "bob"] if status == 200 else ["alice"])


@pytest.mark.usefixtures("alice")
class TestMessagesThatComeLate:
    """Alice was the first owner of `api-a`."""

    def test_without_a_time_a_former_owner_has_it_no_more(self) -> None:
        own("bob", now=NOW)
        with pytest.raises(OwnershipSuperseded, match="has since moved from alice to bob"):
            own("alice", now=NOW + timedelta(seconds=5))
        assert names() == ["alice", "bob"]

    def test_with_a_new_time_a_former_owner_has_it_again(self) -> None:
        own("bob", FEBRUARY)
        own("alice", NOW)
        assert names() == ["alice", "bob", "alice"]

    def test_what_was_said_with_its_time_may_be_said_again(self) -> None:
        own("bob", FEBRUARY)
        own("carol", NOW)
        assert own("bob", FEBRUARY) == 0
        assert names() == ["alice", "bob", "carol"]

    def test_a_plan_that_was_replaced_stays_so(self, tomorrow: datetime) -> None:
        later = tomorrow + timedelta(days=1)
        own("bob", later)
        own("carol", tomorrow)
        with pytest.raises(OwnershipSuperseded):
            own("bob", later)
        assert names() == ["alice", "carol"]
        own("bob", later + timedelta(seconds=1))
        assert names() == ["alice", "carol", "bob"]

    def test_over_http_it_is_told_apart(self, source: BillingSource) -> None:
        Api.objects.update(source=source)

        def put(creator: str) -> Answer:
            said = {"name": "Weather", "creator_id": creator}
            return service("billing").put("/api/v1/catalog/apis/api-a", said, format="json")

        assert put("bob").status_code == 200
        problem = put("alice").json()
        assert (problem["status"], problem["code"]) == (409, "ownership_superseded")
        assert problem["data"]["owner"] == "bob"


@given(
    said=st.lists(st.tuples(st.sampled_from(["alice", "bob", "carol"]), st.integers(1, 5)), max_size=6),
    data=st.data(),
)
@settings(max_examples=40)
def test_a_repeated_update_changes_nothing(said: list[tuple[str, int]], data: st.DataObject) -> None:
    """This holds with a time, whether the update was applied, replaced or refused."""
    with transaction.atomic():
        ApiFactory.create(external_id="api-a", owner=CreatorFactory.create(external_id="alice"))
        start = sql.now()

        def say(creator: str, day: int) -> None:
            try:
                with transaction.atomic():
                    own(creator, start + timedelta(days=day))
            except (OwnershipSuperseded, OwnershipTooEarly):
                pass

        counted: list[tuple[str, int]] = []
        for each in said:
            before = owners()
            say(*each)
            if owners() != before:
                counted.append(each)
        if counted:
            after = owners()
            say(*data.draw(st.sampled_from(counted)))
            assert owners() == after
        transaction.set_rollback(True)


@pytest.mark.usefixtures("alice")
class TestRefundsOfEarlierSales:
    """They belong to their charge's creator, at its rate, whatever changed since."""

    def test_they_keep_no_new_owner_out(self, source: BillingSource) -> None:
        sold = record(occurred_at="2024-01-15T00:00:00Z")
        feed(source, sold, refund(sold, occurred_at="2024-02-02T00:00:00Z", amount="1"))
        own("bob", FEBRUARY)
        assert names() == ["alice", "bob"]

    def test_they_keep_no_new_rate_out(self, source: BillingSource, alice: Creator) -> None:
        sold = record(occurred_at="2024-01-15T00:00:00Z")
        feed(source, sold, refund(sold, occurred_at="2024-02-02T00:00:00Z", amount="1"))
        set_rate(1_500, of=alice, effective_from=FEBRUARY, act=Act("dana", "agreed"))

    def test_one_that_names_no_charge_does(self, source: BillingSource) -> None:
        feed(source, record(kind="refund", occurred_at="2024-02-02T00:00:00Z"))
        with pytest.raises(OwnershipTooEarly):
            own("bob", FEBRUARY)


@pytest.mark.django_db(transaction=True)
def test_the_first_record_of_a_new_source_waits_for_a_change_of_owner() -> None:
    """The source was registered after the change looked for records."""
    seed_first_rate()
    ApiFactory.create(external_id="api-a", owner=CreatorFactory.create(external_id="alice"))
    changed = Event()

    def change() -> None:
        with transaction.atomic():
            own("bob", JANUARY)
            changed.set()
            wait_until_somebody_waits()

    def send() -> None:
        assert changed.wait(PATIENCE_SECONDS)
        feed(register_source("new"), record(occurred_at="2024-01-15T00:00:00Z"))

    at_once(change, send)
    assert BillingRecord.objects.get().creator.external_id == "bob"


@pytest.mark.django_db(transaction=True)
def test_an_owner_change_does_not_deadlock_with_intakes() -> None:
    """They never deadlock."""
    seed_first_rate()
    source = register_source("billing")
    for number in range(4):
        owner = CreatorFactory.create(external_id=f"alice-{number}")
        ApiFactory.create(external_id=f"api-{number}", owner=owner)
    CreatorFactory.create(external_id="bob")

    def change(number: int) -> None:
        register_apis([CatalogEntry(f"api-{number}", "", "bob")], now=sql.now())

    def send(number: int) -> None:
        feed(source, record(api_id=f"api-{number}"))

    at_once(*(lambda n=n, act=act: act(n) for n in range(4) for act in (change, send)))
    assert ApiOwnership.objects.filter(creator__external_id="bob").count() == 4


def wait_until_somebody_waits() -> None:
    """Wait until another session waits for our lock, for two seconds at most."""
    waiting = (
        "SELECT count(*) AS count FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    for _ in range(40):
        (row,) = sql.rows(waiting)
        if row["count"]:
            return
        sql.run("SELECT pg_sleep(0.05)")
