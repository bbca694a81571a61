"""The console without a mouse."""

from accounts.models import Creator
from database.admin import list_of, page_of
from payouts.models import Payout, PayoutAttempt
from tests.console.browser.staff import StaffBrowser
from tests.console.marketplace import Marketplace


def test_the_keyboard_skips_the_sidebar_and_reaches_filters_and_ids(
    marketplace: Marketplace, root: StaffBrowser
) -> None:
    page = root.open(list_of(Payout))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"

    page.get_by_role("button", name="Filters").focus()
    page.keyboard.press("Enter")
    chosen = page.locator("#changelist-filter a:focus")
    chosen.wait_for()
    page.keyboard.press("Escape")
    page.locator("#changelist-filter").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.textContent.trim()").startswith("Filters")

    attempt = PayoutAttempt.objects.earliest("pk")
    page = root.open(page_of(attempt))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=f"Copy {attempt.pk}").focus()
    page.keyboard.press("Enter")
    page.get_by_text(f"Copied {attempt.pk}").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == str(attempt.pk)


def test_the_keyboard_opens_what_unfold_opens_by_a_click_only(root: StaffBrowser) -> None:
    creator = Creator.objects.create(external_id="alice", email="alice@example.com")
    page = root.open(page_of(creator))
    sidebar = page.locator("#nav-sidebar")
    sidebar.get_by_role("button", name="Technical").press("Enter")
    sidebar.get_by_role("link", name="Attempts").wait_for()

    page.get_by_role("button", name="root").press("Enter")
    page.get_by_role("button", name="Dark").press(" ")
    assert page.evaluate("document.documentElement.className") == "dark"
    page.get_by_role("button", name="Sidebar").press("Enter")
    sidebar.wait_for(state="hidden")
