"""The API catalogue: who owns which API, and since when."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import Creator
from database import sql
from earnings.errors import OwnershipTooEarly
from earnings.models import Api, ApiOwnership, BillingSource
from earnings.services import catalog
from earnings.services.catalog import CatalogEntry
from tests.feeding import feed, record
from tests.threads import at_once

pytestmark = pytest.mark.django_db

HEADER = "api_id,api_name,creator_id,creator_email,creator_country"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "catalog.csv"


def load(file: Path, *lines: str, header: str = HEADER) -> dict[str, Any]:
    """Import these lines with the command; return its JSON output."""
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    out = io.StringIO()
    call_command("import_catalog", file, "--json", stdout=out)
    return dict(json.loads(out.getvalue().splitlines()[-1]))


def dated(file: Path, *lines: str) -> dict[str, Any]:
    return load(file, *lines, header=f"{HEADER},owned_from")


def owners(api: str = "api-a") -> list[str]:
    rows = ApiOwnership.objects.filter(api__external_id=api).order_by("owned_from")
    return list(rows.values_list("creator__external_id", flat=True))


def state() -> tuple[list[Any], ...]:
    return (
        list(Creator.objects.order_by("external_id").values_list("external_id", "email", "country")),
        list(Api.objects.order_by("external_id").values_list("external_id", "name")),
        list(
            ApiOwnership.objects.order_by("pk").values_list(
                "api__external_id", "creator__external_id", "owned_from"
            )
        ),
    )


def test_apis_creators_and_owners_are_registered(file: Path) -> None:
    told = load(
        file,
        "api-a,Weather,alice,alice@example.com,US",
        'api-b,"Maps, and more",bob,bob@example.com,NZ',
        "api-c,Été,alice,alice@example.com,US",
    )
    assert told == {"apis": 3, "ownerships_begun": 3, "ignored": {}}
    creators, apis, _ = state()
    assert creators == [("alice", "alice@example.com", "US"), ("bob", "bob@example.com", "NZ")]
    assert apis == [("api-a", "Weather"), ("api-b", "Maps, and more"), ("api-c", "Été")]
    assert (owners("api-a"), owners("api-b"), owners("api-c")) == (["alice"], ["bob"], ["alice"])


def test_importing_again_changes_nothing(file: Path) -> None:
    lines = ["api-a,Weather,alice,alice@example.com,US", "api-b,Maps,bob,,"]
    load(file, *lines)
    before = state()
    assert load(file, *lines) == {"apis": 2, "ownerships_begun": 0, "ignored": {}}
    assert state() == before


def test_a_name_is_updated_and_never_emptied(file: Path) -> None:
    load(file, "api-a,Weather,alice,alice@example.com,US")
    load(file, "api-a,Weather 2,alice,,")
    assert state()[:2] == ([("alice", "alice@example.com", "US")], [("api-a", "Weather 2")])
    load(file, "api-a,,alice,,")
    assert state()[1] == [("api-a", "Weather 2")]


def test_details_of_an_existing_creator_are_ignored_and_counted(file: Path) -> None:
    load(file, "api-a,Weather,alice,alice@example.com,US", "api-b,Maps,bob,,", "api-c,Tides,carol,,NZ")
    told = load(
        file,
        "api-a,Weather,alice,eve@example.com,DE",
        "api-b,Maps,bob,eve@example.com,",
        "api-c,Tides,carol,,NZ",
    )
    assert told["ignored"] == {"creator_email": 2, "creator_country": 1}
    assert state()[0] == [("alice", "alice@example.com", "US"), ("bob", "", ""), ("carol", "", "NZ")]


def test_details_of_a_new_creator_are_merged_across_a_long_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "AT_ONCE", 1)
    told = load(file, "api-a,Weather,alice,,US", "api-b,Maps,alice,alice@example.com,")
    assert told == {"apis": 2, "ownerships_begun": 2, "ignored": {}}
    assert state()[0] == [("alice", "alice@example.com", "US")]


def test_details_of_a_creator_can_be_spread_over_several_lines(file: Path) -> None:
    load(file, "api-a,Weather,alice,alice@example.com,US", "api-b,Maps,alice,,")
    assert state()[0] == [("alice", "alice@example.com", "US")]


def test_a_country_is_stored_in_upper_case(file: Path) -> None:
    load(file, "api-a,Weather,alice,alice@example.com,nz")
    assert Creator.objects.get().country == "NZ"


def test_an_api_changes_owner_at_the_given_time(file: Path) -> None:
    load(file, "api-a,Weather,alice,,")
    assert dated(file, "api-a,Weather,bob,,,2024-02-01T00:00:00Z") == {
        "apis": 1,
        "ownerships_begun": 1,
        "ignored": {},
    }
    assert owners() == ["alice", "bob"]
    assert ApiOwnership.objects.latest("owned_from").owned_from == datetime(2024, 2, 1, tzinfo=UTC)


def test_an_api_changes_owner_now_if_no_time_is_given(file: Path) -> None:
    load(file, "api-a,Weather,alice,,")
    before = sql.now()
    load(file, "api-a,Weather,bob,,")
    assert owners() == ["alice", "bob"]
    assert before <= ApiOwnership.objects.latest("owned_from").owned_from <= sql.now()


def test_a_history_of_owners_may_be_imported_again(file: Path) -> None:
    history = [
        "api-a,Weather,alice,,,2023-01-01T00:00:00Z",
        "api-a,Weather,bob,,,2024-02-01T00:00:00Z",
        "api-a,Weather,alice,,,2024-03-01T00:00:00Z",
    ]
    assert dated(file, *history) == {"apis": 1, "ownerships_begun": 3, "ignored": {}}
    before = state()
    assert dated(file, *history) == {"apis": 1, "ownerships_begun": 0, "ignored": {}}
    assert state() == before


def test_an_api_named_twice_needs_a_time_on_each_line(file: Path) -> None:
    with pytest.raises(CommandError, match="line 3"):
        dated(file, "api-a,Weather,alice,,,", "api-a,Weather,bob,,,2024-02-01T00:00:00Z")
    assert state() == ([], [], [])


@pytest.mark.parametrize(
    ("owned_from", "accepted"),
    [("2024-01-14T00:00:00Z", False), ("2024-01-15T12:00:00Z", False), ("2024-01-15T12:00:00.000001Z", True)],
)
def test_no_owner_starts_before_sales_that_are_recorded(
    file: Path, source: BillingSource, owned_from: str, accepted: bool
) -> None:
    load(file, "api-a,Weather,alice,,", "api-c,News,charlie,,")
    feed(source, record(occurred_at="2024-01-15T12:00:00Z"))
    line = f"api-a,Weather,bob,,,{owned_from}"
    if accepted:
        dated(file, line)
        assert owners() == ["alice", "bob"]
        return
    before = state()
    with pytest.raises(CommandError, match=r"api-a can't change owner.*Nothing was imported"):
        dated(file, "api-new,New,alice,,,", line)
    assert state() == before


def test_no_owner_starts_before_the_current_one(file: Path) -> None:
    dated(file, "api-a,Weather,alice,,,2023-01-01T00:00:00Z", "api-a,Weather,bob,,,2024-02-01T00:00:00Z")
    with pytest.raises(CommandError, match="can't change owner"):
        dated(file, "api-a,Weather,charlie,,,2024-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("api a,Weather,alice,,", "id"),
        (",Weather,alice,,", "id"),
        ("api-a,Weather,,,", "id"),
        ("api-a,Weather,al/ice,,", "id"),
        (f"{'a' * 256},Weather,alice,,", "id"),
        ("api-a,Weather,alice,no address,", "email"),
        ("api-a,Weather,alice,,ZZ", "country"),
        ("api-a,Weather,alice,,USA", "country"),
        ("api-a", "fields"),
        ("api-a,Weather, Inc,alice,alice@example.com,US", "fields"),
        (f"api-a,{'n' * 256},alice,,", "name"),
        ("api-a,We\x00ather,alice,,", "name"),
        (f"api-a,Weather,alice,{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.com,US", "email"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_nothing_is_imported(
    file: Path, line: str, problem: str
) -> None:
    with pytest.raises(CommandError, match=rf"line 3: .*{problem}.*Nothing was imported"):
        load(file, "api-z,Good,zoe,,", line)
    assert state() == ([], [], [])


@pytest.mark.parametrize("moment", ["2024-02-01", "2024-02-01T00:00:00", "soon"])
def test_a_moment_needs_its_offset(file: Path, moment: str) -> None:
    with pytest.raises(CommandError, match="line 2: owned_from"):
        dated(file, f"api-a,Weather,alice,,,{moment}")


@pytest.mark.parametrize("missing", HEADER.split(","))
def test_a_header_without_a_column_is_refused(file: Path, missing: str) -> None:
    with pytest.raises(CommandError, match=f"lacks {missing}"):
        load(file, header=HEADER.replace(missing, "other"))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", None])
def test_a_file_that_is_not_a_catalogue_is_refused(file: Path, content: bytes | None) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_catalog", file)


@pytest.mark.django_db(transaction=True)
def test_an_owner_does_not_change_while_records_are_taken_in(source: BillingSource) -> None:
    moment = datetime(2024, 1, 15, tzinfo=UTC)
    catalog.register_apis([CatalogEntry("api-a", "Weather", "alice")], now=moment)
    came, asked = Event(), Event()

    def send() -> bool:
        with transaction.atomic():
            feed(source, record(occurred_at="2024-01-20T00:00:00Z"))
            came.set()
            asked.wait(1)
        return True

    def change() -> bool:
        came.wait(10)
        entry = CatalogEntry("api-a", "Weather", "bob", owned_from=moment + timedelta(days=1))
        try:
            catalog.register_apis([entry], now=sql.now())
        except OwnershipTooEarly:
            return False
        finally:
            asked.set()
        return True

    assert at_once(send, change) == [True, False]
    assert owners() == ["alice"]
