"""Each question that staff ask is answered from the home page, within the clicks that it may take."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import pytest
from django.utils.html import strip_tags
from playwright.sync_api import Locator, Page, expect

from accounts.models import Creator, Hold, User
from database import sql
from database.admin import show
from database.models import RecordedAct
from database.staff import Act, Right, Via
from earnings.models import Adjustment, AdjustmentStatus
from earnings.selectors import RecordsBehind
from money import Money
from payouts.models import (
    Forecast,
    Payout,
    PayoutAttempt,
    PlacementStatus,
    RunDecision,
    SuspensePlacement,
)
from payouts.selectors import last_run, troubles_of_run, upcoming_of
from payouts.services.deciding import forecasts
from payouts.services.staff import interventions
from payouts.states import AttemptKind, AttemptStatus, DecisionReason, PayoutStatus
from payouts.whereabouts import situation_of, tell
from tests.console.browser.keyboard import search
from tests.console.browser.staff import StaffBrowser
from tests.console.dialogs import WHY
from tests.console.marketplace import Marketplace
from tests.factories import UserFactory
from tests.local_stripe import Stripe
from tests.payouts.sending import REFUSAL

# Ctrl+K, and Enter after the term.
SEARCH = 2
LOOKED_INTO = "Does Stripe know of it?"


@pytest.fixture
def staff(marketplace: Marketplace, window: StaffBrowser) -> StaffBrowser:
    window.log_in(UserFactory.create(username="erin", rights=list(Right)))
    return window


@pytest.fixture
def bad_april(marketplace: Marketplace, sandbox: Stripe) -> None:
    """Stripe refuses what April's run pays to Alice, and Dana looks into it."""
    sandbox.inject(REFUSAL)
    marketplace.live_through_april()
    forecasts.make_forecast(now=sql.now())
    dana = User.objects.get(username="dana")
    act = Act("dana via console", LOOKED_INTO, via=Via.CONSOLE, user_id=dana.pk)
    interventions.sync_payout(Payout.objects.get(status=PayoutStatus.FAILED).pk, act=act, now=sql.now())


def saying(locator: Locator, *parts: object) -> Locator:
    """Narrow down to what says all of these, as the console writes them."""
    for part in parts:
        locator = locator.filter(has_text=part if isinstance(part, str) else strip_tags(show(part)))
    return locator


def why_a_creator_got_no_payout(page: Page) -> Iterator[Locator]:
    decision = RunDecision.objects.get(creator__external_id="charlie", run=last_run())
    search(page, "charlie")
    reason = DecisionReason(decision.reason).label
    yield saying(page.locator("p"), f"{decision.run}: ", reason, Money(decision.amount, "USD"))


def why_a_payout_failed(page: Page) -> Iterator[Locator]:
    decision = RunDecision.objects.get(creator__external_id="alice", run=last_run())
    assert decision.payout
    search(page, "alice")
    why = decision.payout.failure_code.replace("_", " ")
    yield saying(page.locator("p"), f"{decision.run}: ", "Failed", decision.payout.net, f"({why})")


def whether_the_next_run_pays_a_creator(page: Page) -> Iterator[Locator]:
    alice = Creator.objects.get(external_id="alice")
    upcoming = upcoming_of(alice.pk, requested="USD", now=sql.now())
    assert not upcoming.blockers
    search(page, "alice")
    yield saying(page.locator("p"), "Next payout: ", Money(upcoming.payable_net, "USD"), upcoming.day)


def where_the_money_is(page: Page) -> Iterator[Locator]:
    payout = Payout.objects.get(status=PayoutStatus.PAID)
    search(page, str(payout.pk))
    yield saying(page.locator("p"), " ".join(tell(situation_of(payout), now=sql.now())))
    yield page.locator(".pc-steps > li").nth(4)


def what_failed_in_the_last_run(page: Page) -> Iterator[Locator]:
    run = last_run()
    assert run
    page.get_by_role("region", name="Last run").get_by_role("link", name=f"{run.last_day:%B %Y}").click()
    (trouble,) = troubles_of_run(run)
    why = trouble.failure_code.replace("_", " ")
    rows = page.get_by_role("region", name="Needs attention").get_by_role("row")
    yield saying(rows, trouble.status.label, why, f"{trouble.count}", trouble.amount)


def what_the_next_run_costs(page: Page) -> Iterator[Locator]:
    forecast = Forecast.objects.latest("made_at")
    card = page.get_by_role("region", name="Next run")
    yield saying(card.get_by_role("heading"), upcoming_day())
    yield saying(card.locator("dl > div"), "Needs", Money(forecast.needed, "USD"))
    yield saying(card.locator("dl > div"), "Available", Money(forecast.available, "USD"))
    yield saying(card.locator("form"), f"As of {strip_tags(show(forecast.made_at))}")
    yield card.get_by_role("button", name="Refresh")


def upcoming_day() -> date:
    return upcoming_of(Creator.objects.get(external_id="alice").pk, requested="USD", now=sql.now()).day


def which_records_make_up_a_payout(page: Page) -> Iterator[Locator]:
    payout = Payout.objects.get(status=PayoutStatus.PAID)
    count, gross = RecordsBehind(list(payout.line_items.values_list("earning", flat=True))).total()
    search(page, str(payout.pk))
    page.get_by_role("link", name="Billing records").click()
    yield saying(page.locator(".pc-headline"), "Records", f"{count}")
    yield saying(page.locator(".pc-headline"), "Gross", Money(gross, "USD"))
    yield saying(page.locator(".pc-headline"), "Net", payout.net)
    for record in ("r-1", "r-2", "r-3"):
        yield page.get_by_role("link", name=record, exact=True)


def who_did_what_to_a_payout(page: Page) -> Iterator[Locator]:
    search(page, str(Payout.objects.get(status=PayoutStatus.FAILED).pk))
    yield saying(page.locator(".pc-timeline > li"), "Synced", "by dana via console", LOOKED_INTO)


def what_dana_did_today(page: Page) -> Iterator[Locator]:
    acts = RecordedAct.objects.filter(user__username="dana")
    page.get_by_role("link", name="Audit").click()
    page.get_by_role("link", name=f"dana ({acts.count()})", exact=True).click()
    rows = page.locator("#result_list tbody tr")
    expect(rows).to_have_count(acts.count())
    for act in acts:
        yield saying(rows, "dana via", act.reason)


def hold_a_creator(page: Page) -> Iterator[Locator]:
    search(page, "alice")
    page.get_by_role("link", name="Hold payouts").click()
    page.get_by_label("Reason").fill(WHY)
    page.locator("[data-act-form] [type=submit]").click()
    yield page.get_by_text("alice is on hold.")
    hold = Hold.objects.get(creator__external_id="alice")
    yield saying(page.locator("p"), f"Held by {hold.placed_by}", WHY)


def what_waits_for_approval(page: Page) -> Iterator[Locator]:
    adjustment = Adjustment.objects.get(status=AdjustmentStatus.PROPOSED)
    placements = SuspensePlacement.objects.filter(status=PlacementStatus.PROPOSED).count()
    amount = Money(adjustment.amount, "USD")
    yield saying(
        page.locator("li p"), f"Correction of {amount} for bob waits for a second person. Proposed by sam."
    )
    yield saying(page.get_by_role("link", name="Approvals"), f"{1 + placements}")


def what_stripe_calls_a_request(page: Page) -> Iterator[Locator]:
    attempt = PayoutAttempt.objects.get(kind=AttemptKind.TRANSFER, status=AttemptStatus.SUCCEEDED)
    assert attempt.request_id.startswith("req_")
    search(page, attempt.request_id)
    yield saying(page.locator("main"), attempt.request_id, attempt.stripe_id, "$960.00 to alice")


@dataclass(frozen=True, slots=True)
class Question:
    """What staff ask, the way to the answer, which returns where it stands, and the most clicks that may take."""

    asked: str
    way: Callable[[Page], Iterator[Locator]]
    clicks: int


OFTEN_ASKED = Question("Why wasn't X paid in the last run?", why_a_creator_got_no_payout, SEARCH)
QUESTIONS = [
    OFTEN_ASKED,
    Question("Why wasn't X paid, whose payout failed?", why_a_payout_failed, SEARCH),
    Question("Will X be paid on the 1st, how much?", whether_the_next_run_pays_a_creator, SEARCH),
    Question("Where is payout Y's money now?", where_the_money_is, SEARCH),
    Question("What failed in the last run, why?", what_failed_in_the_last_run, 1),
    Question("Next run: cost, enough balance?", what_the_next_run_costs, 0),
    Question("Which records make up this cent?", which_records_make_up_a_payout, SEARCH + 1),
    Question("Who did what to this payout?", who_did_what_to_a_payout, SEARCH),
    Question("What did Dana do today?", what_dana_did_today, 2),
    Question("What waits for my approval?", what_waits_for_approval, 0),
    Question("What does Stripe's support call req_…?", what_stripe_calls_a_request, SEARCH),
    Question("Hold X now", hold_a_creator, SEARCH + 2),
]


def check(staff: StaffBrowser, questions: Sequence[Question], subtests: pytest.Subtests) -> None:
    for question in questions:
        with subtests.test(question.asked):
            page = staff.open("/admin/")
            before = staff.presses
            for answer in question.way(page):
                expect(answer).to_be_in_viewport()
            assert staff.presses - before <= question.clicks


def test_the_question_asked_most_often_is_answered_at_once(
    staff: StaffBrowser, subtests: pytest.Subtests
) -> None:
    check(staff, [OFTEN_ASKED], subtests)


@pytest.mark.full
@pytest.mark.usefixtures("bad_april")
def test_every_question_is_answered_within_its_clicks(staff: StaffBrowser, subtests: pytest.Subtests) -> None:
    check(staff, QUESTIONS, subtests)
