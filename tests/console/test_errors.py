"""What staff see when something fails."""

from http import HTTPStatus
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client

from accounts.models import Creator, User
from console import approvals
from database.admin import list_of, page_of
from payouts.models import Payout

FRAME = 'id="nav-sidebar"'


def test_an_unknown_payout_is_a_page_in_the_consoles_frame_with_the_way_home(staff: Client) -> None:
    answer = staff.get(page_of(Payout(pk=uuid4())), headers={"X-Request-ID": "asked-for-1"})
    shown = answer.content.decode()
    assert answer.status_code == HTTPStatus.NOT_FOUND
    for part in (FRAME, "There is no payout", 'href="/admin/"', "asked-for-1"):
        assert part in shown


def test_an_address_without_a_page_is_told_without_the_names_of_our_modules(staff: Client) -> None:
    answer = staff.get("/admin/nothing/")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert FRAME in answer.content.decode()
    assert "tried" not in answer.content.decode()


def test_what_a_right_is_missing_for_is_told_and_that_nothing_was_changed(staff: Client) -> None:
    answer = staff.get(list_of(User))
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "Nothing was changed" in answer.content.decode()


def test_a_form_without_its_token_changes_nothing_and_says_what_to_do(db: None) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.create_user("sam", is_staff=True))
    answer = browser.post("/admin/logout/")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "Reload it" in answer.content.decode()
    assert browser.get("/admin/").status_code == HTTPStatus.OK


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (RuntimeError("secret"), HTTPStatus.INTERNAL_SERVER_ERROR, "look whether it was done"),
        (OperationalError("secret"), HTTPStatus.SERVICE_UNAVAILABLE, "Try again in a moment"),
    ],
)
def test_a_failure_has_a_page_that_needs_nothing_else(
    staff: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: HTTPStatus, sentence: str
) -> None:
    def fail(request: HttpRequest, **read: object) -> None:
        raise error

    monkeypatch.setattr(approvals, "_adjustments", fail)
    staff.raise_request_exception = False
    answer = staff.get("/admin/approvals/")
    shown = answer.content.decode()
    assert answer.status_code == status
    assert sentence in shown
    assert "secret" not in shown
    assert FRAME not in shown


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/admin/payouts/payout?status__exact=paid", "/admin/payouts/payout/?status__exact=paid"),
        ("/admin/payouts/", "/admin/"),
        ("/admin/payouts", "/admin/payouts/"),
    ],
)
def test_an_address_that_is_nearly_right_leads_to_a_page(staff: Client, address: str, found: str) -> None:
    assert staff.get(address).headers["Location"] == found


@pytest.mark.parametrize("address", ["payouts/payout/?currency=%00", "stripe_io/inboxevent/evt_%00/change/"])
def test_an_address_with_a_nul_is_no_address(staff: Client, address: str) -> None:
    assert staff.get(f"/admin/{address}").status_code == HTTPStatus.BAD_REQUEST


def test_an_objects_history_is_on_its_page(staff: Client) -> None:
    creator = Creator.objects.create(external_id="alice", email="alice@example.com")
    history = page_of(creator).replace("/change/", "/history/")
    assert staff.get(history).headers["Location"] == page_of(creator)
