"""Acting in the console with a browser, by keyboard alone."""

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Creator, Hold
from database.display import page_of
from tests.console.browser.staff import StaffBrowser
from tests.console.dialogs import WHY
from tests.factories import CreatorFactory, PayoutFactory


@pytest.fixture
def alice(transactional_db: None) -> Creator:
    creator = CreatorFactory.create(external_id="alice")
    PayoutFactory.create(creator=creator, gross_amount=20_000, platform_fee=4_000)
    return creator


def named(page: Page, name: str) -> Locator:
    """Find a link or a button."""
    link, button = (page.get_by_role(role, name=name, exact=True) for role in ("link", "button"))
    return link.or_(button)


def press(page: Page, name: str) -> None:
    """Press a link or a button with the keyboard."""
    named(page, name).focus()
    page.keyboard.press("Enter")


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
    dialog.get_by_label("Reason").fill(WHY)
    press(page, "Hold 1 payout, $160.00")
    expect(page.get_by_text("alice is on hold.")).to_be_visible()
    press(page, "Release")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("The complaint was withdrawn")
    press(page, "Release 1 payout, $160.00")
    expect(page.get_by_text("alice is released.")).to_be_visible()
    assert Hold.objects.get().lift_reason == "The complaint was withdrawn"
