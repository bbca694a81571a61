"""The marketplace's own tables: APIs, names and owners are registered from them."""

from datetime import UTC, datetime

import pytest

from accounts.models import Creator, CreatorChange
from database import sql
from database.staff import Act
from earnings.models import Api, ApiChange, ApiOwnership, BillingRecord, BillingSource
from earnings.services import catalog
from tests.earnings.marketplace import Marketplace, read
from tests.factories import ApiFactory, CreatorFactory, SourceFactory

pytestmark = pytest.mark.django_db


def test_apis_and_their_creators_are_registered(marketplace: Marketplace) -> None:
    marketplace.offer(2)
    assert read(marketplace).ownerships_begun == 2
    assert list(Api.objects.order_by("name").values_list("external_id", "name")) == [
        ("1", "API 1"),
        ("2", "API 2"),
    ]
    assert list(Creator.objects.order_by("email").values_list("external_id", "email")) == [
        ("1", "creator1@example.com"),
        ("2", "creator2@example.com"),
    ]


def test_names_are_updated_and_differing_email_addresses_are_counted(marketplace: Marketplace) -> None:
    read(marketplace)
    marketplace.run("UPDATE apis SET name = 'Weather'")
    assert read(marketplace).emails_ignored == 0
    marketplace.run("UPDATE users SET email = 'new@example.com'")
    assert read(marketplace).emails_ignored == 1
    assert read(marketplace).emails_ignored == 1
    assert (Api.objects.get().name, Creator.objects.get().email) == ("Weather", "creator1@example.com")


def test_what_the_tables_register_belongs_to_the_marketplace_and_is_logged(marketplace: Marketplace) -> None:
    read(marketplace)
    marketplace.run("UPDATE apis SET name = 'Weather'")
    read(marketplace)
    assert Api.objects.get().source == BillingSource.objects.get(name="marketplace")
    noted = ApiChange.objects.order_by("pk").values_list("field", "before", "after", "way", "source")
    assert set(noted) == {
        ("source", "", "marketplace", "tables", "marketplace"),
        ("name", "", "API 1", "tables", "marketplace"),
        ("owner", "", "1", "tables", "marketplace"),
        ("name", "API 1", "Weather", "tables", "marketplace"),
    }
    assert CreatorChange.objects.get().way == "tables"


@pytest.mark.parametrize("owning", [None, "billing"])
def test_an_api_of_another_source_or_of_none_stays_as_it_is_and_stops_nothing_else(
    marketplace: Marketplace, caplog: pytest.LogCaptureFixture, owning: str | None
) -> None:
    source = SourceFactory.create(name=owning) if owning else None
    for number in ("1", "2"):
        owner = CreatorFactory.create(external_id=number)
        ApiFactory.create(external_id=number, name=f"API {number}", source=source, owner=owner)
    marketplace.offer(2, 3)
    marketplace.run("UPDATE apis SET name = 'Weather', creator_id = 3 WHERE id = 1")
    marketplace.sell(1)
    result = read(marketplace)
    assert (result.apis_refused, result.ownerships_begun, result.accepted) == (1, 1, 1)
    assert "changes of 1 APIs were ignored, as they belong to another source or to none: 1." in caplog.text
    assert list(Api.objects.order_by("external_id").values_list("name", flat=True)) == [
        "API 1",
        "API 2",
        "API 3",
    ]
    assert BillingRecord.objects.get().creator.external_id == "1"


def test_an_api_that_was_assigned_follows_the_tables_from_then_on(marketplace: Marketplace) -> None:
    ApiFactory.create(external_id="1", name="Old", owner=CreatorFactory.create(external_id="1"))
    assert read(marketplace).apis_refused == 1
    source = BillingSource.objects.get(name="marketplace")
    catalog.assign_apis(["1"], source=source, act=Act("dana", "Ours"))
    assert read(marketplace).apis_refused == 0
    assert Api.objects.get().name == "API 1"


def test_an_unchanged_catalogue_is_left_alone(marketplace: Marketplace) -> None:
    read(marketplace)
    before = sql.rows("SELECT xmin, * FROM apis")
    read(marketplace)
    assert sql.rows("SELECT xmin, * FROM apis") == before


def test_an_api_that_changed_hands_belongs_to_the_new_owner_from_now_on(marketplace: Marketplace) -> None:
    marketplace.offer(2)
    read(marketplace)
    marketplace.run("UPDATE apis SET creator_id = 2 WHERE id = 1")
    marketplace.sell(1)
    now = sql.now()
    assert read(marketplace, now=now).ownerships_begun == 1
    assert ApiOwnership.objects.get(api__external_id="1", creator__external_id="2").owned_from == now
    assert BillingRecord.objects.get().creator.external_id == "1"
    assert read(marketplace).ownerships_begun == 0


def test_an_owner_that_is_refused_stops_nothing_else(marketplace: Marketplace) -> None:
    marketplace.sell(1)
    read(marketplace)
    marketplace.offer(2, 3)
    marketplace.run("UPDATE apis SET creator_id = 2 WHERE id = 1")
    marketplace.sell(2)
    too_early = read(marketplace, now=datetime(2024, 1, 15, 12, tzinfo=UTC))
    assert (too_early.apis_refused, too_early.ownerships_begun, too_early.accepted) == (1, 2, 1)
    assert read(marketplace).ownerships_begun == 1


@pytest.mark.parametrize("marketplace_options", [{"id_type": "text"}])
def test_an_api_that_cannot_be_registered_stops_nothing_else(marketplace: Marketplace) -> None:
    marketplace.run("INSERT INTO apis VALUES ('none', NULL, 'x'), ('a/b', 'id_1', 'x'), ('c', 'd d', 'x')")
    marketplace.run("INSERT INTO apis VALUES ('unnamed', 'id_1', NULL)")
    marketplace.run("INSERT INTO apis VALUES ('long', 'stranger', %s)", "x" * 999)
    marketplace.run("UPDATE users SET email = 'no address'")
    marketplace.sell(1)
    result = read(marketplace)
    assert (result.apis_refused, result.accepted) == (3, 1)
    assert list(Api.objects.order_by("external_id").values_list("external_id", "name")) == [
        ("id_1", "API 1"),
        ("long", "x" * 255),
        ("unnamed", ""),
    ]
    assert set(Creator.objects.values_list("external_id", "email")) == {("id_1", ""), ("stranger", "")}
