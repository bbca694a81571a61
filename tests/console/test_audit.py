"""What did Dana do today? The list of acts answers by person, kind, creator, payout and request."""

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Creator, User
from database import acts
from database.acts import Kind
from database.display import list_of, page_of
from database.models import RecordedAct
from database.staff import Act, Via
from tests.factories import CreatorFactory, UserFactory
from tests.payouts.tampering import guards_off

pytestmark = pytest.mark.django_db
LIST = list_of(RecordedAct)


@pytest.fixture
def alice() -> Creator:
    return CreatorFactory.create(external_id="alice")


def act(user: User, kind: Kind, reason: str, *, of: Creator, request_id: str = "") -> RecordedAct:
    signed = Act(f"{user.username} via console", reason, Via.CONSOLE, user.pk, "203.0.113.7", request_id)
    row = acts.record(
        signed,
        kind,
        subject=of,
        creator=of.pk,
        before={"held": False},
        after={"held": True, "amount": 125_00, "currency": "USD"},
    )
    assert row
    return row


def shown(client: Client, **search: str | int) -> list[str]:
    """Return the reasons in the list."""
    page = client.get(LIST, search).content.decode()
    return re.findall(r"because \w+", page)


def test_what_somebody_did_today_is_one_click_from_the_list(staff: Client, alice: Creator) -> None:
    dana, erin = UserFactory.create(username="dana"), UserFactory.create(username="erin")
    old = act(dana, Kind.HOLD, "because yesterday", of=alice)
    with guards_off():
        RecordedAct.objects.filter(pk=old.pk).update(at=old.at - timedelta(days=1))
    act(dana, Kind.RELEASE, "because today", of=alice)
    act(erin, Kind.HOLD, "because hers", of=alice)
    home = staff.get("/admin/").content.decode()
    assert f'href="{LIST}"' in home
    page = staff.get(LIST).content.decode()
    (address,) = re.findall(r'href="([^"]+)">dana \(1\)</a>', page)
    assert re.findall(r"because \w+", staff.get(unescape(address)).content.decode()) == ["because today"]


def test_acts_are_found_by_whom_and_what_they_were_about(staff: Client, alice: Creator) -> None:
    dana, bob = UserFactory.create(username="dana"), CreatorFactory.create(external_id="bob")
    act(dana, Kind.HOLD, "because alice", of=alice, request_id="req-1")
    act(UserFactory.create(username="erin"), Kind.RELEASE, "because bob", of=bob)
    assert shown(staff) == ["because bob", "because alice"]
    for term in ("dana", "alice", str(alice.pk), "req-1"):
        assert shown(staff, q=term) == ["because alice"]
    assert shown(staff, kind="release") == ["because bob"]
    assert shown(staff, user=dana.pk) == ["because alice"]
    assert shown(staff, q=str(uuid4())) == []


def test_an_acts_page_tells_everything_about_it(staff: Client, alice: Creator) -> None:
    row = act(UserFactory.create(username="dana"), Kind.HOLD, "because", of=alice, request_id="req-1")
    page = staff.get(page_of(row)).content.decode()
    for text in (
        "dana via console",
        "Held creator",
        "203.0.113.7",
        "req-1",
        "held: False → True; amount: $125.00",
        "Held creator by dana via console",
        page_of(alice),
    ):
        assert text in page


def test_who_logged_in_is_for_administrators(client: Client, alice: Creator) -> None:
    root = User.objects.create_superuser("root")
    client.force_login(root)
    assert "Logged in" in client.get(LIST).content.decode()
    client.force_login(UserFactory.create())
    page = client.get(LIST).content.decode()
    assert "root via console" not in page


def test_the_list_takes_few_queries(
    staff: Client, alice: Creator, django_assert_max_num_queries: object
) -> None:
    dana = UserFactory.create(username="dana")
    for number in range(10):
        act(dana, Kind.HOLD, f"because {number}", of=alice)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        staff.get(LIST)
