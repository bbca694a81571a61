"""Impossibly early times: refused on every way in, and shown in full where they were accepted before."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from accounts.models import Creator, User
from database import sql
from database.display import list_of, show
from earnings.models import ApiOwnership, BillingSource, CreatorEarning
from revenue import services as revenue
from tests.answers import Answer
from tests.api import admin, caller, service
from tests.feeding import NOW, feed_unchecked, held, post, record

YEAR_1 = "0001-01-01T00:00:00Z"
MONTH = re.compile("[0-9]{4}-[0-9]{2}")

pytestmark = pytest.mark.django_db


@pytest.fixture
def zora(source: BillingSource, alice: Creator) -> Creator:
    """Has sales in the years 1 and 999, from before such times were refused."""
    feed_unchecked(source, record(occurred_at=YEAR_1), record(occurred_at="0999-06-15T12:00:00Z"))
    post()
    revenue.refresh_stale(now=NOW)
    return alice


def test_a_pushed_record_of_the_year_1_is_held_as_too_old(source: BillingSource, alice: Creator) -> None:
    pushed = record(occurred_at=YEAR_1, amount=1000, api_calls=1)
    answer = service("billing").post("/api/v1/billing/records", {"records": [pushed]}, format="json")
    assert answer.json()["results"][0]["reason"] == "time_too_old"
    assert held() == [(pushed["record_id"], "time_too_old")]


def test_a_record_of_the_year_1_in_a_file_is_held_as_too_old(
    source: BillingSource, alice: Creator, tmp_path: Path
) -> None:
    sold = record(occurred_at=YEAR_1)
    file = tmp_path / "billing.csv"
    file.write_text(",".join(sold) + "\n" + ",".join(sold.values()) + "\n")
    call_command("import_billing", str(file), "--source", "billing", stdout=StringIO())
    assert held() == [(sold["record_id"], "time_too_old")]


def test_records_of_early_years_are_shown_under_their_month(zora: Creator) -> None:
    said = caller("alice").get("/api/v1/earnings/api-a").json()
    assert [month["month"] for month in said["months"]] == ["0999-06", "0001-01"]
    assert all(MONTH.fullmatch(month["month"]) for month in said["months"])
    upcoming = caller("alice").get("/api/v1/payouts/upcoming").json()
    assert upcoming["period_start"] == "0001-01-01"


def test_early_months_can_be_requested(zora: Creator) -> None:
    asked = {"from": "0001-01", "to": "0001-12"}
    said = caller("alice").get("/api/v1/earnings/api-a", asked).json()
    assert [(month["month"], month["gross"]) for month in said["months"]] == [("0001-01", 1000)]
    told = admin().get("/api/v1/platform/revenue", {"month": "0999-06"}).json()
    assert (told["month"], told["total_gross_revenue"]) == ("0999-06", 1000)


@pytest.mark.parametrize("month", ["0000-01", "2024-13", "999-06", "9999-00"])
def test_an_invalid_month_is_refused(zora: Creator, month: str) -> None:
    assert admin().get("/api/v1/platform/revenue", {"month": month}).status_code == 400
    assert caller("alice").get("/api/v1/earnings/api-a", {"from": month}).status_code == 400


def test_the_last_possible_month_can_be_requested(zora: Creator) -> None:
    assert admin().get("/api/v1/platform/revenue", {"month": "9999-12"}).json()["month"] == "9999-12"
    assert caller("alice").get("/api/v1/earnings/api-a", {"to": "9999-12"}).status_code == 200


def test_the_console_writes_early_years_with_four_digits(zora: Creator, client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))
    page = client.get(list_of(CreatorEarning)).content.decode()
    assert "January 0001" in page
    assert "June 0999" in page
    (earning,) = CreatorEarning.objects.filter(period_start="0001-01-01")
    assert str(earning) == "0001-01"
    assert "1 Jan 0001" in show(earning.period_start)


def register(owned_from: str) -> Answer:
    said = {"name": "Weather", "creator_id": "alice", "owned_from": owned_from}
    return service("billing").put("/api/v1/catalog/apis/api-w", said, format="json")


@pytest.mark.parametrize("owned_from", [YEAR_1, "1970-01-01T00:00:01Z", "1999-12-31T23:59:59Z"])
def test_an_owner_since_before_2000_is_refused(source: BillingSource, owned_from: str) -> None:
    answer = register(owned_from)
    assert answer.status_code == 400
    assert "before the year 2000" in str(answer.json()["errors"])
    assert not ApiOwnership.objects.exists()


def test_the_start_of_a_first_owner_can_be_sent_back(source: BillingSource) -> None:
    first = register("1970-01-01T00:00:00Z")
    assert first.status_code == 201
    assert register(first.json()["owned_from"]).status_code == 200


def test_a_catalogue_with_an_owner_since_the_year_1_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    file.write_text(
        "api_id,api_name,creator_id,creator_email,creator_country,owned_from\n"
        f"api-w,Weather,alice,alice@example.com,US,{YEAR_1}\n"
    )
    with pytest.raises(CommandError, match="line 2: owned_from is before the year 2000"):
        call_command("import_catalog", str(file), stdout=StringIO())


def test_a_commission_from_the_year_1_on_is_refused(alice: Creator) -> None:
    given = ["--from", YEAR_1, "--actor", "dana", "--reason", "agreed"]
    with pytest.raises(CommandError, match="before the year 2000"):
        call_command("commission", "set", "1500", "--creator", "alice", *given, stdout=StringIO())
    assert not sql.run("SELECT FROM commission_rates WHERE effective_from < '1970-01-01'")
