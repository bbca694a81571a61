"""What a creator's and a payout's page tell of records, of what happened, and of what the creator sees."""

import json
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Creator
from accounts.services import notes
from console.timelines import merging
from database import acts, sql
from database.acts import Kind
from database.admin import page_of
from database.models import RecordedAct
from database.staff import Act, Right, Via
from money import Money
from payouts.models import Payout
from payouts.services.staff import interventions
from payouts.services.staff import notes as payout_notes
from tests.console.dialogs import WHY, confirm, dialog_of
from tests.console.marketplace import Marketplace
from tests.factories import UserFactory


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def records_of(payout: Payout) -> str:
    return reverse("admin:payout_records", args=[payout.pk])


def told(client: Client, address: str, **parameters: str) -> list[tuple[str, str]]:
    """Return the time line of a page: each entry's source and text."""
    (timeline,) = (
        each
        for each in client.get(address, parameters).context["sections"]
        if isinstance(each, merging.Timeline)
    )
    return [(row.source.title, f"{row.entry.what} {row.entry.why}") for row in timeline.rows]


def test_the_records_behind_a_payout_add_up_to_it(marketplace: Marketplace, superuser: Client) -> None:
    payout = Payout.objects.get()
    page = superuser.get(records_of(payout))
    figures = {figure.title: figure.value for figure in page.context["headlines"]}
    assert (figures["Records"], figures["Gross"], figures["Platform fee"], figures["Net"]) == (
        3,
        usd(120_000),
        usd(-24_000),
        payout.net,
    )
    (panel,) = page.context["panels"]
    assert sum((row[5] for row in panel.rows), usd(0)) == usd(120_000)
    assert all(name in page.content.decode() for name in ("r-1", "r-2", "r-3"))


def test_records_are_read_a_page_at_a_time(
    marketplace: Marketplace, superuser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.records.RECORDS_PER_PAGE", 2)
    first = superuser.get(records_of(Payout.objects.get()))
    second = superuser.get(f"{first.wsgi_request.path}{first.context['next_page']}")
    shown = [str(row[0]) for page in (first, second) for row in page.context["panels"][0].rows]
    assert len(shown) == len(set(shown)) == 3
    assert second.context["next_page"] == ""
    for unreadable in ("nonsense", "1", f"1-{'9' * 5_000}"):
        answer = superuser.get(records_of(Payout.objects.get()), {"before": unreadable})
        assert answer.status_code == HTTPStatus.NOT_FOUND


def test_staff_see_what_the_creator_is_answered_and_that_is_recorded(
    marketplace: Marketplace, superuser: Client
) -> None:
    alice, payout = Creator.objects.get(external_id="alice"), Payout.objects.get()
    page = superuser.get(reverse("admin:as_creator", args=[alice.pk]), {"payout": str(payout.pk)})
    answers = {answer.path: answer for answer in page.context["answers"]}
    assert {answer.status for answer in answers.values()} == {HTTPStatus.OK}
    earned = json.loads(answers["/api/v1/earnings"].body)["summary"]
    assert (earned["lifetime_net"], earned["lifetime_payouts"]) == (96_000, 96_000)
    assert json.loads(answers[f"/api/v1/payouts/{payout.pk}"].body)["creator"] == "alice"
    assert json.loads(answers["/api/v1/accounts/status"].body)["has_account"] is True
    recorded = RecordedAct.objects.get(kind=Kind.VIEW_AS_CREATOR)
    assert (recorded.creator_id, recorded.via) == (alice.pk, Via.CONSOLE)


def test_another_creators_payout_is_not_shown_as_theirs(marketplace: Marketplace, superuser: Client) -> None:
    address = reverse("admin:as_creator", args=[Creator.objects.get(external_id="bob").pk])
    for named in (str(Payout.objects.get().pk), "nonsense"):
        assert superuser.get(address, {"payout": named}).status_code == HTTPStatus.NOT_FOUND


def test_a_creators_time_line_has_their_payouts_holds_and_account(
    marketplace: Marketplace, superuser: Client
) -> None:
    alice, charlie = (Creator.objects.get(external_id=name) for name in ("alice", "charlie"))
    sources = {source for source, _ in told(superuser, page_of(alice))}
    assert {"Payouts", "Account", "Details"} <= sources
    assert [source for source, _ in told(superuser, page_of(charlie), only="holds")] == ["Holds"]
    for no_time in ("nonsense", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"):
        assert told(superuser, page_of(alice), before=no_time) == told(superuser, page_of(alice))


def test_a_payouts_time_line_has_its_moves_and_attempts(marketplace: Marketplace, superuser: Client) -> None:
    payout = Payout.objects.get()
    rows = told(superuser, page_of(payout))
    assert [source for source, _ in rows].count("States") == payout.events.count()
    assert [source for source, _ in rows].count("Stripe") == 2 * payout.attempts.count()
    assert "Made" in rows[-1][1]


def test_notes_are_in_both_time_lines(marketplace: Marketplace, superuser: Client) -> None:
    payout = Payout.objects.get()
    by_dana = Act("dana via console", "Called about her bank", via=Via.CONSOLE)
    payout_notes.add_note(payout, act=by_dana)
    for page in (page_of(payout), page_of(payout.creator)):
        assert told(superuser, page, only="notes") == [("Notes", "Called about her bank ")]
    notes.add_note(payout.creator, act=by_dana)
    assert len(told(superuser, page_of(payout.creator), only="notes")) == 2
    assert len(told(superuser, page_of(payout), only="notes")) == 1


def test_what_staff_did_is_told_once(marketplace: Marketplace, superuser: Client) -> None:
    bob = Creator.objects.get(external_id="bob")
    act = Act("dana via console", "Asked us to wait", via=Via.CONSOLE)
    interventions.hold_creator(bob, act=act, now=sql.now())
    same = [source for source, text in told(superuser, page_of(bob)) if "Asked us to wait" in text]
    assert same == ["Holds"]


def test_a_time_line_writes_amounts_as_money(marketplace: Marketplace, superuser: Client) -> None:
    bob = Creator.objects.get(external_id="bob")
    act = Act("dana via console", "A wrong meter", via=Via.CONSOLE)
    recorded = acts.record(
        act, Kind.PROPOSE_ADJUSTMENT, creator=bob.pk, after={"amount": 125_00, "currency": "USD"}
    )
    assert recorded
    assert ("Staff", "Proposed adjustment (amount: $125.00; currency: USD) A wrong meter") in told(
        superuser, page_of(bob)
    )


def test_a_time_line_goes_on_where_its_page_ended(
    marketplace: Marketplace, superuser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = page_of(Payout.objects.get())
    whole = told(superuser, address)
    monkeypatch.setattr(merging, "ROWS", 2)
    read, more = [], address
    while more:
        (timeline,) = (
            each for each in superuser.get(more).context["sections"] if isinstance(each, merging.Timeline)
        )
        read += [(row.source.title, f"{row.entry.what} {row.entry.why}") for row in timeline.rows]
        more = f"{address}{timeline.older}" if timeline.older else ""
    assert read == whole


def test_a_bank_payout_says_to_which_bank_it_went(marketplace: Marketplace, support: Client) -> None:
    (summary,) = support.get(page_of(Payout.objects.get())).context["summaries"]
    assert [shown.step.note for shown in summary.steps][3] == "STRIPE TEST BANK •••• 6789"


def test_a_note_is_added_in_a_dialog(marketplace: Marketplace, client: Client) -> None:
    client.force_login(UserFactory.create(username="erin", rights=[Right.ADD_NOTE]))
    payout = Payout.objects.get()
    for name, subject in (("note-on-payout", payout), ("note-on-creator", payout.creator)):
        assert confirm(client, dialog_of(name, subject)).status_code == HTTPStatus.SEE_OTHER
    assert told(client, page_of(payout.creator), only="notes") == 2 * [("Notes", f"{WHY} ")]
    written = RecordedAct.objects.filter(kind=Kind.ADD_NOTE)
    assert {(each.actor, each.reason) for each in written} == {("erin via console", WHY)}
