"""Acting in the console with a browser, by keyboard alone."""

from http import HTTPStatus

import pytest
from playwright.sync_api import Route, expect

from accounts.models import Creator, Hold
from database import sql
from database.acts import Kind
from database.display import name_of, page_of
from database.models import RecordedAct
from payouts.models import Payout
from stripe_io import installation
from tests.console.browser.keyboard import named, press, search, write
from tests.console.browser.staff import StaffBrowser
from tests.console.dialogs import WHY
from tests.factories import CreatorFactory, PayoutFactory
from tests.local_stripe import Stripe
from tests.payouts.market import Market
from tests.payouts.sending import REFUSAL, send_transfer


@pytest.fixture
def alice(transactional_db: None) -> Creator:
    creator = CreatorFactory.create(external_id="alice")
    PayoutFactory.create(creator=creator, gross_amount=20_000, platform_fee=4_000)
    return creator


def test_a_creator_is_held_and_released_with_the_keyboard_alone(
    console: StaffBrowser, alice: Creator
) -> None:
    page = console.open(page_of(alice))
    press(page, "Hold payouts")
    dialog = page.get_by_role("dialog", name="Hold payouts: alice")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(named(page, "Hold payouts")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("Too short")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Say why, in at least 10 characters.")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.type(WHY)
    press(page, "Hold 1 payout, $160.00")
    expect(page.get_by_text("alice is on hold.")).to_be_visible()
    press(page, "Release")
    write(page, "Reason", "The complaint was withdrawn")
    press(page, "Release 1 payout, $160.00")
    expect(page.get_by_text("alice is released.")).to_be_visible()
    assert Hold.objects.get().lift_reason == "The complaint was withdrawn"


@pytest.fixture
def failed(transactional_db: None, sandbox: Stripe) -> Payout:
    """$80.00 to bob, which Stripe refused to transfer."""
    market = Market()
    bob = market.creator("bob", account=None)
    market.onboard(bob)
    payout = market.payout(bob)
    installation.record_check(until=sql.now(), at=sql.now())
    sandbox.inject(REFUSAL)
    send_transfer(payout.pk, now=sql.now())
    return payout


def test_a_failed_payout_is_found_by_stripes_request_and_retried_with_the_keyboard_alone(
    console: StaffBrowser, failed: Payout
) -> None:
    page = console.open("/admin/")
    search(page, failed.attempts.get().request_id)
    press(page, name_of(failed))
    press(page, "Retry")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("They have added a bank account")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(named(page, "Retry 1 payout, $80.00")).to_be_focused()
    page.keyboard.press("Enter")
    press(page, "A new payout of $80.00 to bob is being sent.")
    page.wait_for_url(f"**{page_of(Payout.objects.get(retry_of=failed))}")


@pytest.mark.full
def test_after_an_answer_that_says_nothing_the_same_form_is_sent_again(
    console: StaffBrowser, alice: Creator
) -> None:
    page = console.open(page_of(alice))
    press(page, "Add note")
    dialog = page.get_by_role("dialog", name="Add note: alice")
    dialog.get_by_role("textbox").fill(WHY)

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.fulfill(status=HTTPStatus.BAD_GATEWAY, body="Bad gateway")

    page.route("**/admin/act/**", lose_the_answer, times=1)
    press(page, "Add note on alice")
    expect(dialog.get_by_text("Try again: it is done only once.")).to_be_visible()
    press(page, "Add note on alice")
    expect(page.get_by_text("The note on alice is kept.").first).to_be_visible()
    assert RecordedAct.objects.get(kind=Kind.ADD_NOTE).reason == WHY
