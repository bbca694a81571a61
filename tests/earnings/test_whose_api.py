"""Only its own source can change an API, and every change is logged with its author."""

import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Creator, CreatorChange, User
from accounts.principals import ADMIN, BILLING_SCOPE, CREATOR, Principal
from database import sql
from database.admin import list_of, page_of
from database.staff import Right
from earnings.models import Api, ApiChange, ApiOwnership, BillingSource
from earnings.services import catalog
from earnings.services.catalog import CatalogEntry
from tests.answers import Answer
from tests.api import bearer, nobody, service
from tests.factories import ApiFactory, CreatorFactory, SourceFactory, UserFactory
from tests.feeding import feed, post, record
from tests.threads import at_once

pytestmark = pytest.mark.django_db
WEATHER = {"name": "Weather", "creator_id": "alice"}
STOLEN = {
    "name": "Hijacked",
    "creator_id": "mallory",
    "creator_email": "mallory@evil.example",
    "creator_country": "DE",
}


@pytest.fixture(autouse=True)
def sources(db: None) -> None:
    """Two systems issue records."""
    for name in ("billing", "storage"):
        SourceFactory.create(name=name)


@pytest.fixture(autouse=True)
def dana(db: None) -> User:
    return UserFactory.create(username="dana", rights=list(Right))


def put(api_id: str, said: Any, *, client: APIClient | None = None) -> Answer:
    return (client or service("billing")).put(f"/api/v1/catalog/apis/{api_id}", said, format="json")


def state() -> tuple[list[Any], ...]:
    """Return the catalogue and its log."""
    return (
        list(Creator.objects.order_by("external_id").values_list("external_id", "email", "country")),
        list(Api.objects.order_by("external_id").values_list("external_id", "name", "source__name")),
        list(
            ApiOwnership.objects.order_by("owned_from").values_list(
                "api__external_id", "creator__external_id"
            )
        ),
        api_changes(),
        creator_changes(),
    )


def api_changes() -> list[Any]:
    rows = ApiChange.objects.order_by("pk")
    return list(
        rows.values_list(
            "api__external_id", "field", "before", "after", "had_sales", "way", "source", "actor", "reason"
        )
    )


def creator_changes() -> list[Any]:
    rows = CreatorChange.objects.order_by("pk")
    return list(
        rows.values_list(
            "creator__external_id", "field", "before", "after", "way", "source", "actor", "reason"
        )
    )


def command(*arguments: str, **options: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command(*arguments, "--json", stdout=out, **options)
    return dict(json.loads(out.getvalue().splitlines()[-1]))


SCOPES = frozenset([BILLING_SCOPE])
CALLERS: dict[str, tuple[Any, int, str]] = {
    "nobody": (None, 401, "not_authenticated"),
    "its own source": (Principal("billing", "service", scopes=SCOPES), 200, ""),
    "its own source, of no role": (Principal("billing", scopes=SCOPES), 200, ""),
    "another source": (Principal("storage", "service", scopes=SCOPES), 403, "api_of_another_source"),
    "no source": (Principal("nosuch-source", "service", scopes=SCOPES), 403, "source_unknown"),
    "its own source without the scope": (Principal("billing", "service"), 403, "permission_denied"),
    "the owner": (Principal("alice", CREATOR), 403, "permission_denied"),
    "the owner with the scope": (Principal("alice", CREATOR, scopes=SCOPES), 403, "permission_denied"),
    "another creator with the scope": (Principal("bob", CREATOR, scopes=SCOPES), 403, "permission_denied"),
    "a creator called like the source": (
        Principal("billing", CREATOR, scopes=SCOPES),
        403,
        "permission_denied",
    ),
    "an admin": (Principal("dana", ADMIN), 403, "permission_denied"),
    "an admin with the scope": (Principal("dana", ADMIN, scopes=SCOPES), 403, "permission_denied"),
    "an admin called like the source": (Principal("billing", ADMIN, scopes=SCOPES), 403, "permission_denied"),
}


@pytest.mark.parametrize("who", CALLERS)
def test_an_api_is_changed_by_its_own_source_and_nobody_else(who: str) -> None:
    put("api-a", WEATHER)
    before = state()
    principal, status, code = CALLERS[who]
    answer = put("api-a", STOLEN, client=bearer(principal) if principal else nobody())
    assert (answer.status_code, answer.json().get("code", "")) == (status, code)
    assert (state() == before) == (status != 200)


@pytest.mark.parametrize("who", CALLERS)
def test_a_new_api_belongs_to_the_source_that_registers_it(who: str) -> None:
    principal, status, code = CALLERS[who]
    answer = put("api-new", WEATHER, client=bearer(principal) if principal else nobody())
    if code in {"", "api_of_another_source"}:
        assert answer.status_code == 201
        assert Api.objects.get().source == BillingSource.objects.get(name=principal.subject)
    else:
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not Api.objects.exists()
        assert not Creator.objects.filter(external_id="alice").exists()


@pytest.mark.parametrize("who", CALLERS)
def test_an_api_without_a_source_is_changed_by_none(who: str) -> None:
    ApiFactory.create(external_id="api-a", owner=CreatorFactory.create(external_id="alice"))
    before = state()
    principal, status, code = CALLERS[who]
    answer = put("api-a", STOLEN, client=bearer(principal) if principal else nobody())
    expected = (403, "api_unassigned") if code in {"", "api_of_another_source"} else (status, code)
    assert (answer.status_code, answer.json()["code"]) == expected
    assert state() == before


def test_the_refusal_says_what_to_do() -> None:
    ApiFactory.create(external_id="api-a")
    assert "manage.py catalog assign api-a --source NAME" in put("api-a", WEATHER).json()["data"]["hint"]
    put("api-b", WEATHER)
    detail = put("api-b", WEATHER, client=service("storage")).json()["data"]["hint"]
    assert "belongs to the source 'billing'" in detail


@pytest.mark.parametrize(
    "principal", [caller[0] for caller in CALLERS.values() if caller[2] == "permission_denied"]
)
def test_a_source_without_apis_pushes_no_records(principal: Principal) -> None:
    answer = bearer(principal).post("/api/v1/billing/records", {"records": [record()]}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_any_source_sells_any_api() -> None:
    put("api-a", WEATHER, client=service("storage"))
    answer = service("billing").post("/api/v1/billing/records", {"records": [record()]}, format="json")
    assert answer.json()["summary"]["accepted"] == 1


def test_a_source_sets_details_of_a_creator_only_once() -> None:
    told = WEATHER | {"creator_email": "alice@example.com", "creator_country": "US"}
    assert put("api-a", told).json()["ignored"] == []
    assert put("api-a", told).json()["ignored"] == []
    later = WEATHER | {"creator_email": "eve@example.com", "creator_country": "DE"}
    assert put("api-a", later).json()["ignored"] == ["creator_email", "creator_country"]
    assert put("api-b", later, client=service("storage")).json()["ignored"] == [
        "creator_email",
        "creator_country",
    ]
    assert put("api-a", WEATHER | {"creator_country": "DE"}).json()["ignored"] == ["creator_country"]
    creator = Creator.objects.get()
    assert (creator.email, creator.country) == ("alice@example.com", "US")
    assert [change[:4] for change in creator_changes()] == [
        ("alice", "email", "", "alice@example.com"),
        ("alice", "country", "", "US"),
    ]


def test_a_creator_without_an_email_address_gets_none_from_a_source_later() -> None:
    put("api-a", WEATHER)
    answer = put("api-b", WEATHER | {"creator_email": "eve@example.com"}, client=service("storage"))
    assert answer.json()["ignored"] == ["creator_email"]
    assert Creator.objects.get().email == ""


def test_a_name_repeated_in_the_body_is_refused() -> None:
    body = '{"name": "Weather", "creator_id": "alice", "creator_id": "mallory"}'
    answer = service("billing").put("/api/v1/catalog/apis/api-a", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert "'creator_id' is duplicated" in answer.json()["data"]["hint"]
    assert not Api.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_sources_that_register_one_api_at_once_one_wins() -> None:
    def register(api_id: str, source: str) -> Answer:
        return put(api_id, {"name": source, "creator_id": source}, client=service(source))

    for api_id in [f"api-{number}" for number in range(8)]:
        answers = at_once(*[partial(register, api_id, source) for source in ("billing", "storage")])
        assert sorted(answer.status_code for answer in answers) == [201, 403]
        (refusal,) = [answer for answer in answers if answer.status_code == 403]
        assert refusal.json()["code"] == "api_of_another_source"
        api = Api.objects.select_related("source").get(external_id=api_id)
        assert api.source is not None
        owner = ApiOwnership.objects.get(api=api).creator.external_id
        assert owner == api.name == api.source.name
        assert {change[6] for change in api_changes() if change[0] == api_id} == {api.source.name}


@pytest.mark.parametrize("table", ["api_changes", "creator_changes"])
@pytest.mark.parametrize("act", ["UPDATE {} SET reason = 'none'", "DELETE FROM {}"])
def test_no_row_is_ever_changed(table: str, act: str) -> None:
    put("api-a", WEATHER | {"creator_email": "a@example.com"})
    with (
        pytest.raises(DatabaseError, match="is history"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(act.format(table))


class TestHistory:
    """Every change is a row with its author, including first values."""

    def test_what_a_source_pushes_is_noted_with_the_source_and_the_tokens_subject(self) -> None:
        put("api-a", WEATHER)
        put("api-a", WEATHER)
        put("api-a", WEATHER | {"name": "Wetter"})
        put("api-a", {"name": "Wetter", "creator_id": "bob"})
        by = ("push", "billing", "billing", "")
        assert sorted(api_changes()[:3]) == [
            ("api-a", "name", "", "Weather", False, *by),
            ("api-a", "owner", "", "alice", False, *by),
            ("api-a", "source", "", "billing", False, *by),
        ]
        assert api_changes()[3:] == [
            ("api-a", "name", "Weather", "Wetter", False, *by),
            ("api-a", "owner", "alice", "bob", False, *by),
        ]

    def test_what_a_file_says_is_noted_with_its_name(self, tmp_path: Path) -> None:
        (tmp_path / "apis.csv").write_text(
            "api_id,api_name,creator_id,creator_email,creator_country\napi-a,Weather,alice,a@example.com,US\n"
        )
        command("import_catalog", str(tmp_path / "apis.csv"), "--source", "storage")
        by = ("file", "storage", "apis.csv", "")
        assert {change[5:] for change in api_changes()} == {by}
        assert creator_changes() == [
            ("alice", "email", "", "a@example.com", *by),
            ("alice", "country", "", "US", *by),
        ]

    def test_every_ownership_has_its_row(self) -> None:
        entries = [CatalogEntry(f"api-{number}", "", f"creator-{number % 3}") for number in range(10)]
        catalog.register_apis(entries, now=sql.now())
        for number in range(4):
            put_owner = CatalogEntry(f"api-{number}", "", "someone-else")
            catalog.register_apis([put_owner], now=sql.now())
        noted = ApiChange.objects.filter(field="owner").values_list("api", "creator", "owned_from")
        owned = ApiOwnership.objects.values_list("api", "creator", "owned_from")
        assert sorted(noted) == sorted(owned)

    def test_the_last_row_of_each_field_is_what_stands(self) -> None:
        put("api-a", WEATHER | {"creator_email": "a@example.com"})
        put("api-a", {"name": "Wetter", "creator_id": "bob"})
        command("catalog", "assign", "api-a", "--source", "storage", "--reason", "Moved", "--actor", "dana")
        command("creator", "set", "alice", "--email", "b@example.com", "--reason", "Asked", "--actor", "dana")
        last = {change[1]: change[3] for change in api_changes()}
        assert last == {"source": "storage", "name": "Wetter", "owner": "bob"}
        assert creator_changes()[-1][3] == Creator.objects.get(external_id="alice").email == "b@example.com"

    def test_a_change_of_owner_tells_whether_the_api_had_sales(self) -> None:
        put("api-a", WEATHER)
        put("api-a", WEATHER | {"creator_id": "bob", "owned_from": "2023-01-01T00:00:00Z"})
        feed(BillingSource.objects.get(name="billing"), record())
        put("api-a", WEATHER | {"creator_id": "carol", "owned_from": "2024-02-01T00:00:00Z"})
        post()
        put("api-a", WEATHER | {"creator_id": "dave", "owned_from": "2024-03-01T00:00:00Z"})
        told = ApiChange.objects.filter(field="owner").order_by("pk").values_list("after", "had_sales")
        assert list(told) == [("alice", False), ("bob", False), ("carol", True), ("dave", True)]

    def test_staff_see_it_in_the_console(self, client: Client, dana: User) -> None:
        client.force_login(dana)
        put("api-a", WEATHER | {"creator_email": "a@example.com"})
        feed(BillingSource.objects.get(name="billing"), record())
        assert "without a source" not in client.get("/admin/").content.decode()
        put("api-a", {"name": "Hijacked", "creator_id": "mallory"})
        ApiFactory.create(external_id="api-lost")
        home = client.get("/admin/").content.decode()
        assert "1 API without a source" in home
        address = list_of(ApiChange, had_sales__exact=1)
        assert address in home
        assert "mallory" in client.get(address).content.decode()
        unassigned = client.get(list_of(Api, source__isnull=1)).content.decode()
        assert "api-lost" in unassigned
        assert "api-a" not in unassigned
        for thing in (Api.objects.get(external_id="api-a"), *Creator.objects.all()):
            assert "mallory" in client.get(page_of(thing), {"tab": "technical"}).content.decode()
        alice = Creator.objects.get(external_id="alice")
        assert "a@example.com" in client.get(list_of(CreatorChange, creator=alice.pk)).content.decode()
        assert "mallory" in client.get(list_of(ApiChange, creator=alice.pk)).content.decode()


class TestAssigning:
    """`manage.py catalog`: staff assign APIs to sources."""

    def assign(self, *arguments: str, actor: str = "dana", reason: str = "As agreed") -> int:
        told = command("catalog", "assign", *arguments, "--reason", reason, "--actor", actor)
        return int(told["assigned"])

    def test_what_waits_is_listed_and_assigned_with_who_and_why(self) -> None:
        ApiFactory.create(external_id="api-b", name="Maps")
        ApiFactory.create(external_id="api-a", name="Tides", owner=CreatorFactory.create(external_id="alice"))
        assert command("catalog", "list-unassigned")["unassigned"] == [
            {"api": "api-a", "name": "Tides", "owner": "alice"},
            {"api": "api-b", "name": "Maps", "owner": None},
        ]
        assert self.assign("api-a", "--source", "billing") == 1
        assert api_changes() == [
            ("api-a", "source", "", "billing", False, "staff", "billing", "dana via cli", "As agreed")
        ]
        assert put("api-a", WEATHER).status_code == 200
        assert self.assign("--unassigned", "--source", "storage") == 1
        assert command("catalog", "list-unassigned")["unassigned"] == []

    def test_an_api_moves_from_one_source_to_another_and_only_once(self) -> None:
        put("api-a", WEATHER)
        assert self.assign("api-a", "--source", "storage") == 1
        assert self.assign("api-a", "--source", "storage") == 0
        assert [change[2:4] for change in api_changes() if change[1] == "source"] == [
            ("", "billing"),
            ("billing", "storage"),
        ]
        assert put("api-a", WEATHER).json()["code"] == "api_of_another_source"
        assert put("api-a", WEATHER, client=service("storage")).status_code == 200

    @pytest.mark.parametrize(
        ("arguments", "how", "problem"),
        [
            (["api-a", "api-z", "--source", "billing"], {}, "not registered: api-z. Nothing was assigned"),
            (["api-a", "--source", "nosuch"], {}, "add_source nosuch"),
            (["api-a", "--source", "billing"], {"reason": " "}, "A reason is needed"),
            (
                ["api-a", "--source", "billing"],
                {"actor": "eve"},
                "No active member of staff has the username 'eve'",
            ),
            (["api-a", "--source", "billing"], {"actor": "sam"}, "sam lacks the right .* .edit_catalog."),
            (["--source", "billing"], {}, "required"),
            (["api-a", "--unassigned", "--source", "billing"], {}, "not allowed with"),
        ],
    )
    def test_what_cannot_be_assigned_is_said_and_nothing_is(
        self, arguments: list[str], how: dict[str, str], problem: str
    ) -> None:
        User.objects.create_user("sam", is_staff=True)
        ApiFactory.create(external_id="api-a")
        with pytest.raises(CommandError, match=problem):
            self.assign(*arguments, **how)
        assert Api.objects.get().source is None
        assert api_changes() == []


class TestFiles:
    """`manage.py import_catalog`: an operator imports, and names the source of new APIs."""

    @pytest.fixture
    def load(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
        (tmp_path / "apis.csv").write_text(
            "api_id,api_name,creator_id,creator_email,creator_country\napi-a,Weather,alice,,\n"
        )

        def load(*options: str) -> str:
            command("import_catalog", str(tmp_path / "apis.csv"), *options)
            return capsys.readouterr().err

        return load

    def test_new_apis_belong_to_the_source_that_is_named(self, load: Callable[..., str]) -> None:
        assert load("--source", "storage") == ""
        assert state()[1] == [("api-a", "Weather", "storage")]

    def test_where_there_is_one_source_they_belong_to_it(self, load: Callable[..., str]) -> None:
        BillingSource.objects.filter(name="storage").update(name="only")
        sql.run("ALTER TABLE billing_sources DISABLE TRIGGER billing_sources_are_never_deleted")
        BillingSource.objects.filter(name="billing").delete()
        assert load() == ""
        assert state()[1] == [("api-a", "Weather", "only")]

    def test_where_there_are_several_they_wait_and_the_command_says_what_to_do(
        self, load: Callable[..., str]
    ) -> None:
        told = load()
        assert "1 APIs have no source" in told
        assert "manage.py catalog assign --unassigned --source NAME" in told
        assert state()[1] == [("api-a", "Weather", None)]

    def test_a_source_that_is_not_registered_is_refused(self, load: Callable[..., str]) -> None:
        with pytest.raises(CommandError, match="add_source nosuch"):
            load("--source", "nosuch")

    def test_an_operator_changes_any_api_and_it_stays_its_sources(self, load: Callable[..., str]) -> None:
        put("api-a", {"name": "Old", "creator_id": "alice"}, client=service("billing"))
        load("--source", "storage")
        assert state()[1] == [("api-a", "Weather", "billing")]
        assert api_changes()[-1][:8] == (
            *("api-a", "name", "Old", "Weather", False),
            *("file", "storage", "apis.csv"),
        )


@pytest.mark.full
class TestUpgrade:
    """The migration assigns existing APIs to the only source."""

    @pytest.fixture
    def migrate(self, transactional_db: None) -> Callable[[], None]:
        loader = MigrationLoader(connection, ignore_no_migrations=True)
        (name,) = [
            name
            for app, name in loader.disk_migrations
            if app == "earnings" and name.endswith("assign_apis_to_the_only_source")
        ]
        before = next(parent for app, parent in loader.disk_migrations["earnings", name].dependencies)

        def migrate() -> None:
            call_command("migrate", "earnings", before, verbosity=0)
            call_command("migrate", verbosity=0)

        return migrate

    def test_with_one_source(self, migrate: Callable[[], None]) -> None:
        sql.run("ALTER TABLE billing_sources DISABLE TRIGGER billing_sources_are_never_deleted")
        BillingSource.objects.filter(name="storage").delete()
        sql.run("ALTER TABLE billing_sources ENABLE TRIGGER billing_sources_are_never_deleted")
        ApiFactory.create(external_id="api-a")
        migrate()
        assert state()[1] == [("api-a", "Api-A", "billing")]
        assert [change[:7] for change in api_changes()] == [
            ("api-a", "source", "", "billing", False, "upgrade", "billing")
        ]

    def test_with_several(self, migrate: Callable[[], None]) -> None:
        ApiFactory.create(external_id="api-a")
        migrate()
        assert state()[1] == [("api-a", "Api-A", None)]
        assert api_changes() == []
