"""A creator's details are set when the creator is first seen, and later only by staff, with a reason."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Creator, CreatorChange, User
from accounts.principals import CREATOR, Principal
from accounts.services.creators import creator_of
from database.staff import Right
from tests.factories import CreatorFactory, UserFactory
from tests.threads import at_once

pytestmark = pytest.mark.django_db
OLD, NEW = "alice@example.com", "new@example.com"


@pytest.fixture(autouse=True)
def dana(db: None) -> User:
    return UserFactory.create(username="dana", rights=list(Right))


def change(*options: str, actor: str = "dana", reason: str = "She wrote to us") -> list[dict[str, str]]:
    out = io.StringIO()
    call_command(
        "creator", "set", "alice", *options, "--reason", reason, "--actor", actor, "--json", stdout=out
    )
    result: dict[str, Any] = json.loads(out.getvalue())
    return list(result["changed"])


def known() -> tuple[str, str]:
    creator = Creator.objects.get(external_id="alice")
    return creator.email, creator.country


def changes() -> list[tuple[str, ...]]:
    rows = CreatorChange.objects.order_by("pk")
    return list(rows.values_list("field", "before", "after", "way", "source", "actor", "reason"))


def by_token(email: str) -> Creator:
    return creator_of(Principal(subject="alice", role=CREATOR, email=email))


def test_staff_correct_an_address_and_a_country_and_it_is_recorded() -> None:
    CreatorFactory.create(external_id="alice")
    assert change("--email", NEW, "--country", "DE") == [
        {"field": "email", "before": OLD, "after": NEW},
        {"field": "country", "before": "US", "after": "DE"},
    ]
    assert known() == (NEW, "DE")
    by = ("staff", "", "dana via cli", "She wrote to us")
    assert changes() == [("email", OLD, NEW, *by), ("country", "US", "DE", *by)]


def test_a_country_is_stored_in_upper_case() -> None:
    CreatorFactory.create(external_id="alice")
    assert change("--country", "de") == [{"field": "country", "before": "US", "after": "DE"}]


def test_details_that_are_not_set_stay() -> None:
    CreatorFactory.create(external_id="alice")
    assert change("--email", OLD, "--country", "DE") == [{"field": "country", "before": "US", "after": "DE"}]
    assert known() == (OLD, "DE")


@pytest.mark.parametrize("options", [["--email", OLD], ["--country", "us"]])
def test_setting_the_same_details_again_is_refused(options: list[str]) -> None:
    CreatorFactory.create(external_id="alice")
    with pytest.raises(CommandError, match="alice already has these details"):
        change(*options)


def test_an_address_is_removed_by_an_empty_one() -> None:
    CreatorFactory.create(external_id="alice")
    change("--email", "")
    assert known() == ("", "US")


@pytest.mark.parametrize(
    ("options", "how", "problem"),
    [
        (["--email", "no address"], {}, "'no address' is not an e-mail address"),
        (["--email", "a" * 250 + "@example.com"], {}, "is not an e-mail address"),
        (["--country", "ZZ"], {}, "'ZZ' is not an ISO 3166-1 alpha-2 country"),
        ([], {}, "Nothing to set"),
        (["--email", NEW], {"reason": " "}, "A reason is needed"),
        (["--email", NEW], {"actor": "eve"}, "No active member of staff has the username 'eve'"),
        (["--email", NEW], {"actor": "sam"}, "sam lacks the right .* .edit_catalog."),
    ],
)
def test_invalid_details_are_refused_and_nothing_changes(
    options: list[str], how: dict[str, str], problem: str
) -> None:
    User.objects.create_user("sam", is_staff=True)
    CreatorFactory.create(external_id="alice")
    with pytest.raises(CommandError, match=problem):
        change(*options, **how)
    assert known() == (OLD, "US")
    assert changes() == []


def test_an_unknown_creator_is_not_created() -> None:
    with pytest.raises(CommandError, match="There is no creator 'alice'"):
        change("--email", NEW)
    assert not Creator.objects.exists()


def test_a_token_creates_its_creator_with_its_address() -> None:
    assert by_token(OLD).email == OLD
    assert changes() == [("email", "", OLD, "token", "", "alice", "")]


def test_a_token_gives_an_address_to_a_creator_who_has_none() -> None:
    CreatorFactory.create(external_id="alice", email="")
    assert by_token(OLD).email == OLD
    assert known()[0] == OLD
    assert changes() == [("email", "", OLD, "token", "", "alice", "")]


def test_a_token_changes_no_address() -> None:
    CreatorFactory.create(external_id="alice")
    assert by_token(NEW).email == OLD
    assert known()[0] == OLD
    change("--email", NEW)
    assert by_token(OLD).email == NEW
    assert len(changes()) == 1


@pytest.mark.parametrize("email", ["", "no address", "a" * 250 + "@example.com"])
def test_a_token_with_an_invalid_address_still_creates_its_creator(email: str) -> None:
    assert by_token(email).email == ""
    assert changes() == []


@pytest.mark.django_db(transaction=True)
def test_simultaneous_tokens_create_their_creator_once() -> None:
    found = at_once(*[lambda: by_token(OLD)] * 8)
    assert len({creator.pk for creator in found}) == 1
    assert len(changes()) == 1
