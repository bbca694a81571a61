"""The dialog of an act: what it says, and that confirming it does that once, or not at all."""

from datetime import date
from http import HTTPStatus
from threading import Event, Timer
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.test import Client
from django.utils.html import escape
from pytest_django import Settings

from accounts.groups import StaffGroup
from accounts.models import Creator, Hold, User
from console.acting.declaring import act_named, acts_on, all_acts
from console.models import Outcome, Submission
from database import sql
from database.display import list_of, page_of
from database.staff import Act, Right
from earnings.models import AdjustmentStatus, BillingBatch
from earnings.services import adjustments
from money import Money
from payouts.models import Payout
from payouts.services.staff import interventions
from payouts.states import PayoutStatus
from tests.console.dialogs import WHY, confirm, dialog_of, hidden, messages_in, open_dialog
from tests.factories import ApiFactory, CreatorFactory, PayoutFactory, UserFactory, user_in
from tests.threads import at_once


@pytest.fixture
def alice(db: None) -> Creator:
    return CreatorFactory.create(external_id="alice")


def wait_for(creator: Creator, net: int) -> Payout:
    """Make a payout that waits to be sent."""
    return PayoutFactory.create(creator=creator, gross_amount=net + 100, platform_fee=100, net_amount=net)


@pytest.fixture
def waiting(alice: Creator) -> Payout:
    return wait_for(alice, 216_159)


@pytest.fixture
def dana(client: Client, db: None) -> Client:
    """A browser in which someone is logged in who may hold and release."""
    client.force_login(UserFactory.create(username="dana", rights=[Right.HOLD, Right.RELEASE]))
    return client


def holds() -> int:
    return Hold.objects.count()


def test_a_dialog_says_what_will_happen_to_whom_and_how_much(
    dana: Client, alice: Creator, waiting: Payout
) -> None:
    page = dana.get(dialog_of("hold", alice)).content.decode()
    for sentence in (
        "Hold payouts: alice",
        "make no payout to alice until the hold is lifted",
        "hold 1 payout not sent yet, $2,161.59",
        "The creator will be told: “Your payouts are on hold.”",
        "Hold 1 payout, $2,161.59",
    ):
        assert sentence in page
    assert holds() == 0


def test_a_hold_tells_what_it_keeps_from_the_bank_and_what_it_cant_stop(dana: Client, alice: Creator) -> None:
    for month, status in enumerate((PayoutStatus.RETURNED, PayoutStatus.IN_TRANSIT), start=3):
        cutoff = date(2024, month, 1)
        PayoutFactory.create(creator=alice, status=status, run__cutoff=cutoff)
    page = dana.get(dialog_of("hold", alice)).content.decode()
    assert "not send to their bank again what it returned: 1 payout, $80.00" in page
    assert "not stop what is on its way: 1 payout, $80.00" in page
    confirm(dana, dialog_of("hold", alice))
    page = dana.get(dialog_of("release", alice)).content.decode()
    assert "let what their bank returned go there again: 1 payout, $80.00" in page


def test_confirming_a_dialog_does_it_signed_and_tells_so_on_the_page(
    dana: Client, alice: Creator, waiting: Payout
) -> None:
    answer = confirm(dana, dialog_of("hold", alice))
    assert (answer.status_code, answer.headers["Location"]) == (HTTPStatus.SEE_OTHER, page_of(alice))
    hold = Hold.objects.get()
    assert (hold.creator, hold.placed_by, hold.reason) == (alice, "dana via console", WHY)
    waiting.refresh_from_db()
    assert waiting.status == PayoutStatus.ON_HOLD
    assert f'href="{page_of(alice)}">alice is on hold.' in messages_in(dana, answer)


def test_a_page_has_buttons_for_what_is_possible_and_permitted(dana: Client, alice: Creator) -> None:
    def offered() -> list[str]:
        page = dana.get(page_of(alice)).content.decode()
        return [name for name in ("hold", "release") if f'href="/admin/act/{name}/' in page]

    assert offered() == ["hold"]
    confirm(dana, dialog_of("hold", alice))
    assert offered() == ["release"]
    dana.force_login(UserFactory.create())
    assert offered() == []


@pytest.mark.parametrize(
    ("table", "first"), [(Creator, ["hold", "release"]), (Payout, ["retry", "cancel"])], ids=str
)
def test_the_buttons_that_matter_most_come_first_and_notes_last(table: Any, first: list[str]) -> None:
    names = [act.name for act in acts_on(table)]
    assert names[:2] == first
    assert names[-1].startswith("note-on-")


def test_without_the_right_neither_the_dialog_nor_a_forged_request_is_answered(
    client: Client, alice: Creator
) -> None:
    client.force_login(UserFactory.create(rights=[Right.RELEASE]))
    address = dialog_of("hold", alice)
    forged = {"token": str(uuid4()), "seen": "", "reason": WHY}
    for answer in (client.get(address), client.post(address, forged)):
        assert answer.status_code == HTTPStatus.FORBIDDEN
    assert holds() == 0


def test_nobody_acts_without_logging_in_or_as_no_member_of_staff(client: Client, alice: Creator) -> None:
    address = dialog_of("hold", alice)
    assert client.post(address).headers["Location"].startswith("/admin/login/")
    client.force_login(User.objects.create_user("eve"))
    assert client.post(address).headers["Location"].startswith("/admin/login/")


def test_a_request_from_another_site_is_refused(dana: Client, alice: Creator) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = dana.cookies
    form = open_dialog(dana, dialog_of("hold", alice))
    assert strict.post(dialog_of("hold", alice), form).status_code == HTTPStatus.FORBIDDEN
    assert holds() == 0


def test_looking_does_nothing_and_no_other_method_is_taken(dana: Client, alice: Creator) -> None:
    address = dialog_of("hold", alice)
    assert dana.get(address).status_code == HTTPStatus.OK
    assert dana.put(address).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert (holds(), Submission.objects.count()) == (0, 0)


def test_a_form_that_is_sent_twice_is_carried_out_once_and_tells_the_first_result(
    dana: Client, alice: Creator
) -> None:
    form = open_dialog(dana, dialog_of("hold", alice))
    told = [messages_in(dana, dana.post(dialog_of("hold", alice), form)) for _ in range(2)]
    assert all("alice is on hold." in page for page in told)
    assert holds() == 1


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_sent_twice_at_once_is_carried_out_once(dana: Client, alice: Creator) -> None:
    address = dialog_of("hold", alice)
    form = open_dialog(dana, address)

    def send() -> int:
        browser = Client()
        browser.cookies = dana.cookies
        return browser.post(address, form).status_code

    assert at_once(send, send) == [HTTPStatus.SEE_OTHER, HTTPStatus.SEE_OTHER]
    assert holds() == 1


@pytest.mark.django_db(transaction=True)
def test_who_sends_a_form_again_while_it_is_carried_out_gets_the_first_result(
    dana: Client, alice: Creator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second finds the creator held, by the first."""
    address = dialog_of("hold", alice)
    form = open_dialog(dana, address)
    held, waits = Event(), Event()
    hold = interventions.hold_creator

    def hold_slowly(*args: Any, **kwargs: Any) -> Hold:
        placed = hold(*args, **kwargs)
        held.set()
        waits.wait(10)
        return placed

    def send() -> int:
        browser = Client()
        browser.cookies = dana.cookies
        return browser.post(address, form).status_code

    def send_again() -> int:
        held.wait(10)
        Timer(0.3, waits.set).start()
        return send()

    monkeypatch.setattr(interventions, "hold_creator", hold_slowly)
    assert at_once(send, send_again) == [HTTPStatus.SEE_OTHER, HTTPStatus.SEE_OTHER]
    assert holds() == 1


def test_two_dialogs_that_are_both_confirmed_hold_once(dana: Client, alice: Creator) -> None:
    forms = [open_dialog(dana, dialog_of("hold", alice)) for _ in range(2)]
    first, second = (dana.post(dialog_of("hold", alice), form) for form in forms)
    assert (first.status_code, second.status_code) == (HTTPStatus.SEE_OTHER, HTTPStatus.CONFLICT)
    assert f"dana already holds alice: {WHY}" in second.content.decode()
    assert holds() == 1


def test_a_token_serves_only_whom_it_was_given_to(dana: Client, alice: Creator) -> None:
    form = open_dialog(dana, dialog_of("hold", alice))
    dana.post(dialog_of("hold", alice), form)
    dana.force_login(UserFactory.create(rights=[Right.HOLD]))
    assert dana.post(dialog_of("hold", alice), form).status_code == HTTPStatus.BAD_REQUEST


def test_what_has_changed_meanwhile_is_shown_and_asked_again(dana: Client, alice: Creator) -> None:
    address = dialog_of("hold", alice)
    form = open_dialog(dana, address)
    wait_for(alice, 5_000)
    answer = dana.post(address, form)
    page = answer.content.decode()
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "What this will do has changed." in page
    assert "Hold 1 payout, $50.00" in page
    assert WHY in page
    assert holds() == 0
    assert dana.post(address, form | hidden(page)).status_code == HTTPStatus.SEE_OTHER
    assert holds() == 1


@pytest.mark.parametrize(
    ("reason", "wrong"),
    [
        ("", "A reason is needed."),
        ("   short   ", "Say why, in at least 10 characters."),
        ("\u200b" * 12, "A reason is needed."),
    ],
)
def test_a_reason_is_needed_that_says_something(
    dana: Client, alice: Creator, reason: str, wrong: str
) -> None:
    answer = confirm(dana, dialog_of("hold", alice), reason=reason)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert wrong in answer.content.decode()
    assert holds() == 0


def test_what_is_not_possible_now_is_refused_with_the_reason(dana: Client, alice: Creator) -> None:
    address = dialog_of("release", alice)
    opened = dana.get(address)
    forged = dana.post(address, {"token": str(uuid4()), "seen": "", "reason": WHY})
    for answer in (opened, forged):
        assert answer.status_code == HTTPStatus.CONFLICT
        assert escape("Staff don't hold alice.") in answer.content.decode()
        assert 'type="submit">' not in answer.content.decode()


@pytest.mark.parametrize("key", ["", "none/", "00000000-0000-7000-8000-000000000000/"])
def test_there_is_no_dialog_about_nothing(dana: Client, key: str) -> None:
    assert dana.get(f"/admin/act/hold/{key}").status_code == HTTPStatus.NOT_FOUND
    assert dana.get(f"/admin/act/unheard-of/{key}").status_code == HTTPStatus.NOT_FOUND


def test_a_dialog_is_a_page_of_the_console_unless_our_script_asks_for_it(
    dana: Client, alice: Creator
) -> None:
    address = dialog_of("hold", alice)
    page, over = dana.get(address), dana.get(address, headers={"X-Console-Dialog": "1"})
    assert b"<html" in page.content
    assert over.content.decode().strip().startswith("<form")
    assert "X-Console-Dialog" in over.headers["Vary"]


def test_our_script_is_told_where_to_go(dana: Client, alice: Creator) -> None:
    form = open_dialog(dana, dialog_of("hold", alice))
    answer = dana.post(dialog_of("hold", alice), form, headers={"X-Console-Dialog": "1"})
    assert answer.status_code == HTTPStatus.NO_CONTENT
    assert answer.headers["X-Console-Go-To"] == page_of(alice)


@pytest.mark.parametrize(
    ("asked", "goes_to"),
    [
        ("/admin/", "/admin/"),
        ("https://evil.example/", None),
        ("//evil.example", None),
        ("/admin/%0d%0aX", None),
    ],
)
def test_one_goes_back_to_a_page_of_ours_only(
    dana: Client, alice: Creator, asked: str, goes_to: str | None
) -> None:
    answer = confirm(dana, f"{dialog_of('hold', alice)}?back={asked}")
    assert answer.headers["Location"] == (goes_to or page_of(alice))


def test_what_a_service_refuses_is_shown_in_the_dialog_and_can_be_tried_again(
    dana: Client, alice: Creator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hold is lifted between the preview and the service."""
    interventions_of = interventions.release_creator
    confirm(dana, dialog_of("hold", alice))
    form = open_dialog(dana, dialog_of("release", alice))

    def lift_before(*args: object, **kwargs: object) -> int:
        monkeypatch.setattr(interventions, "release_creator", interventions_of)
        Hold.objects.update(lifted_at="2026-01-01T00:00:00Z", lifted_by="erin", lift_reason="Solved")
        return interventions_of(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(interventions, "release_creator", lift_before)
    answer = dana.post(dialog_of("release", alice), form)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "alice has no hold by staff to lift" in answer.content.decode()
    assert Submission.objects.latest("begun_at").outcome == Outcome.REFUSED


def test_an_unexpected_error_says_under_which_request_it_is_logged_and_is_not_repeated(
    dana: Client, alice: Creator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(interventions, "hold_creator", fail)
    form = open_dialog(dana, dialog_of("hold", alice))
    answer = dana.post(dialog_of("hold", alice), form, headers={"X-Request-ID": "r-4711"})
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "as request r-4711" in answer.content.decode()
    monkeypatch.undo()
    assert "r-4711" in messages_in(dana, dana.post(dialog_of("hold", alice), form))
    assert holds() == 0


def test_what_a_process_began_before_it_died_is_not_begun_again(dana: Client, alice: Creator) -> None:
    form = open_dialog(dana, dialog_of("hold", alice))
    Submission.objects.create(token=form["token"], user=User.objects.get(username="dana"), act="hold")
    answer = dana.post(dialog_of("hold", alice), form)
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "it is unknown how far it got" in answer.content.decode()
    assert holds() == 0


def choose(client: Client, act: str, *creators: Creator) -> Any:
    """Choose creators in their list, and an act on all of them."""
    chosen = {"action": act, "_selected_action": [str(creator.pk) for creator in creators]}
    return client.post(list_of(Creator), chosen)


def test_one_dialog_is_about_all_chosen_rows_and_says_who_is_left_out_and_why(
    dana: Client, alice: Creator, waiting: Payout
) -> None:
    bob, charlie = (CreatorFactory.create(external_id=name) for name in ("bob", "charlie"))
    wait_for(bob, 10_000)
    confirm(dana, dialog_of("hold", charlie))
    address = choose(dana, "hold", alice, bob, charlie).headers["Location"]
    page = dana.get(address).content.decode()
    assert "Hold payouts: 3 creators" in page
    assert "Hold 2 payouts, $2,261.59" in page
    assert f"charlie: dana already holds charlie: {WHY}" in page
    answer = confirm(dana, address)
    assert answer.headers["Location"] == list_of(Creator)
    assert "Hold payouts: done for 2 creators." in messages_in(dana, answer)
    assert {hold.creator.external_id for hold in Hold.objects.all()} == {"alice", "bob", "charlie"}


def test_a_dialog_reads_the_same_in_whatever_order_the_database_has_its_rows(
    dana: Client, alice: Creator
) -> None:
    address = choose(dana, "hold", alice, CreatorFactory.create(external_id="bob")).headers["Location"]
    sql.run("ANALYZE creators")  # so few rows are read in the order of the table
    form = open_dialog(dana, address)
    Creator.objects.filter(pk=alice.pk).update(country="DE")  # PostgreSQL writes it anew, behind bob
    assert dana.post(address, form).status_code == HTTPStatus.SEE_OTHER


def test_several_objects_are_named_by_their_plural() -> None:
    act = act_named("retry-batch")
    assert act
    assert act.title([BillingBatch(), BillingBatch()]) == "Try again: 2 billing batches"


def test_a_list_offers_only_what_is_permitted_and_takes_nothing_else(client: Client, alice: Creator) -> None:
    client.force_login(UserFactory.create(rights=[Right.RELEASE]))
    page = client.get(list_of(Creator)).content.decode()
    assert '<option value="release">' in page
    assert '<option value="hold">' not in page
    assert choose(client, "hold", alice).headers.get("Location", list_of(Creator)) == list_of(Creator)


def test_too_many_rows_at_once_are_refused(dana: Client, alice: Creator) -> None:
    too_many = "&".join(f"on={uuid4()}" for _ in range(101))
    assert dana.get(f"/admin/act/hold/?{too_many}").status_code == HTTPStatus.NOT_FOUND


def test_nothing_in_the_console_acts_without_a_dialog() -> None:
    """unfold's own actions run on GET, and Django's without a question."""
    in_lists = {act.name for act in all_acts() if act.in_lists}
    offered: set[str] = set()
    for page in admin.site._registry.values():
        for kind in ("actions_list", "actions_row", "actions_detail", "actions_submit_line"):
            assert not getattr(page, kind), page
        offered |= {action.__name__ for action in page.actions or ()}  # type: ignore[union-attr]
    assert offered == in_lists


def change_details(client: Client, creator: Creator, email: str, country: str) -> Any:
    client.force_login(UserFactory.create(rights=[Right.EDIT_CATALOG]))
    return confirm(client, dialog_of("change-details", creator), email=email, country=country)


def test_a_dialog_that_asks_for_more_shows_what_that_does_before_it_is_confirmed(
    client: Client, alice: Creator
) -> None:
    client.force_login(UserFactory.create(rights=[Right.EDIT_CATALOG]))
    address = dialog_of("change-details", alice)
    opened = client.get(address).content.decode()
    assert 'value="alice@example.com"' in opened
    assert "Continue" in opened
    said = client.post(
        address, {**hidden(opened), "reason": WHY, "email": "alice@example.org", "country": "us"}
    )
    assert "change the email address from alice@example.com to alice@example.org" in said.content.decode()
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert change_details(client, alice, "alice@example.org", "").status_code == HTTPStatus.SEE_OTHER
    alice.refresh_from_db()
    assert (alice.email, alice.country) == ("alice@example.org", "")


@pytest.mark.parametrize(
    ("email", "country", "wrong"),
    [
        ("no address", "US", "Enter a valid email address."),
        ("alice@example.com", "XX", "There is no such country."),
        ("alice@example.com", "US", "alice already has these details."),
    ],
)
def test_what_was_given_wrongly_can_be_corrected_in_the_dialog(
    client: Client, alice: Creator, email: str, country: str, wrong: str
) -> None:
    page = change_details(client, alice, email, country).content.decode()
    assert wrong in page
    assert 'name="email"' in page
    assert "Continue" in page


def test_every_right_is_for_an_act_in_the_console() -> None:
    rights = {act.right for act in all_acts()}
    assert set(Right) - rights == {Right.EXPORT}


def test_a_right_that_is_too_new_is_refused_in_the_dialog(
    client: Client, alice: Creator, settings: Settings
) -> None:
    settings.APPROVAL_WAIT_HOURS = 24
    ApiFactory.create(owner=alice)
    billed_twice = Act("dana", "Billed twice")
    proposed = adjustments.propose_adjustment(alice, amount=Money(5_00, "USD"), act=billed_twice)
    client.force_login(user_in(StaffGroup.APPROVER))
    answer = confirm(client, dialog_of("approve-adjustment", proposed))
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "24 hours after it was given" in answer.content.decode()
    proposed.refresh_from_db()
    assert proposed.status == AdjustmentStatus.PROPOSED
