"""Registering APIs over HTTP is idempotent, and records that waited for an API enter."""

from typing import Any

import pytest

from accounts.models import Creator
from earnings.models import Api, ApiOwnership, BillingSource
from earnings.services import catalog
from earnings.services.catalog import CatalogEntry
from earnings.tasks import post_new
from tests.answers import Answer
from tests.api import admin, caller, nobody, service
from tests.factories import ApiFactory, CreatorFactory
from tests.feeding import NOW, earned, feed, held, record
from tests.threads import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source")]
WEATHER = {"name": "Weather", "creator_id": "alice"}


def put(api_id: str, payload: Any) -> Answer:
    return service("billing").put(f"/api/v1/catalog/apis/{api_id}", payload, format="json")


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert answer["Content-Type"] == "application/problem+json", answer.content
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    return problem


def test_an_api_is_registered_once_with_its_owner() -> None:
    payload = WEATHER | {"creator_email": "alice@example.com", "creator_country": "DE"}
    first, again = put("com.acme.weather", payload), put("com.acme.weather", payload)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json() == {
        "api_id": "com.acme.weather",
        "name": "Weather",
        "creator_id": "alice",
        "owned_from": "1970-01-01T00:00:00Z",
        "ignored": [],
    }
    creator = Creator.objects.get()
    assert (creator.external_id, creator.email, creator.country) == ("alice", "alice@example.com", "DE")
    assert ApiOwnership.objects.count() == 1


def test_a_name_is_changed_and_omitted_fields_stay() -> None:
    put("api-a", WEATHER | {"creator_country": "DE"})
    assert put("api-a", WEATHER | {"name": "Wetter ☂"}).json()["name"] == "Wetter ☂"
    assert Creator.objects.get().country == "DE"
    assert ApiOwnership.objects.count() == 1


def test_an_api_changes_owner_from_then_on(source: BillingSource) -> None:
    put("api-a", WEATHER)
    bobs = WEATHER | {"creator_id": "bob", "owned_from": "2024-02-01T00:00:00+01:00"}
    for _ in range(2):
        answer = put("api-a", bobs)
        assert answer.status_code == 200
        assert answer.json()["creator_id"] == "bob"
        assert answer.json()["owned_from"] == "2024-01-31T23:00:00Z"
    feed(source, record(amount=100), record(amount=200, occurred_at="2024-01-31T23:00:00Z"))
    post_new()
    assert [row[:4] for row in earned()] == [
        ("alice", "api-a", "2024-01", 100),
        ("bob", "api-a", "2024-01", 200),
    ]


def test_an_owner_cannot_begin_before_what_is_recorded(source: BillingSource) -> None:
    put("api-a", WEATHER)
    feed(source, record(occurred_at="2024-01-15T12:00:00Z"))
    bobs = {"name": "Bob's", "creator_id": "bob", "owned_from": "2024-01-15T12:00:00Z"}
    refused(put("api-a", bobs), 409, "ownership_too_early")
    assert Api.objects.get().name == "Weather"
    assert not Creator.objects.filter(external_id="bob").exists()


def test_records_that_waited_for_an_api_enter(source: BillingSource) -> None:
    feed(source, record(record_id="r-1", amount=500), record(record_id="r-2", api_id="api-z"))
    put("api-a", WEATHER)
    post_new()
    assert earned() == [("alice", "api-a", "2024-01", 500, 100, 400)]
    assert held() == [("r-2", "api_unknown")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("owners", [["alice"] * 4, ["alice", "bob", "carol", "dave"]])
def test_an_api_registered_in_parallel_has_one_first_owner(owners: list[str]) -> None:
    answers = at_once(
        *[lambda owner=owner: put("api-a", WEATHER | {"creator_id": owner}) for owner in owners]
    )
    # The clock was read before another owner started, so this one is too early.
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    ownerships = ApiOwnership.objects.order_by("owned_from")
    assert [ownership.owned_from.year == 1970 for ownership in ownerships].count(True) == 1
    registered = {owner for owner, answer in zip(owners, answers, strict=True) if answer.status_code != 409}
    assert {ownership.creator.external_id for ownership in ownerships} == registered


@pytest.mark.django_db(transaction=True)
def test_an_api_that_had_no_owner_gets_one_first_owner_from_many_at_once() -> None:
    ApiFactory.create(external_id="api-a")
    CreatorFactory.create(external_id="alice")
    entry = CatalogEntry(api_id="api-a", api_name="", creator_id="alice")
    began = at_once(*[lambda: catalog.register_apis([entry], now=NOW)] * 8)
    assert sorted(registered.ownerships_begun for registered in began) == [0] * 7 + [1]


def test_only_services_register() -> None:
    refused(nobody().put("/api/v1/catalog/apis/api-a", WEATHER, format="json"), 401, "not_authenticated")
    for other in (caller("alice"), admin()):
        refused(other.put("/api/v1/catalog/apis/api-a", WEATHER, format="json"), 403, "permission_denied")


@pytest.mark.parametrize("api_id", ["a%20b", "a%2Fb", "%00", "%C3%A9", "a" * 256, "", "a/b", "a%3Fb"])
def test_an_invalid_id_is_not_found(api_id: str) -> None:
    refused(put(api_id, WEATHER), 404, "not_found")


@pytest.mark.parametrize("api_id", ["com.acme.weather", "a:b", "~(*)!$&'+,;=@", "a" * 255])
def test_every_valid_id_has_an_address(api_id: str) -> None:
    assert put(api_id, WEATHER).json()["api_id"] == api_id


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", None),
        ("name", ""),
        ("name", " "),
        ("name", "a\x00"),
        ("name", "a\n"),
        ("name", "n" * 256),
        ("name", ["Weather"]),
        ("creator_id", None),
        ("creator_id", "a b"),
        ("creator_id", "a/b"),
        ("creator_id", "alice\n"),
        ("creator_id", "a" * 256),
        ("creator_email", "alice"),
        ("creator_email", "a" * 250 + "@example.com"),
        ("creator_country", "de"),
        ("creator_country", "ZZ"),
        ("creator_country", "DEU"),
        ("owned_from", "2024-01-15"),
        ("owned_from", "2024-01-15T12:00:00"),
        ("owned_from", "0001-01-01T00:00:00+14:00"),
        ("owned_from", 1705320000),
        ("owned_from", {}),
        ("owner", "alice"),
    ],
)
def test_the_invalid_field_is_named(name: str, value: Any) -> None:
    problem = refused(put("api-a", WEATHER | {name: value}), 400, "invalid")
    assert {error["field"] for error in problem["errors"]} == {name}
    assert not Api.objects.exists()
