"""Searching with the keyboard alone."""

from database.admin import page_of
from payouts.models import PayoutRun
from tests.console.browser.staff import DESKTOP, PHONE, StaffBrowser
from tests.factories import CreatorFactory, PayoutFactory


def test_ctrl_k_finds_and_enter_opens(console: StaffBrowser) -> None:
    payout = PayoutFactory.create()
    alice, alina = CreatorFactory.create(external_id="alice"), CreatorFactory.create(external_id="alina")
    page = console.open("/admin/")
    field, option = page.get_by_role("combobox", name="Search"), page.get_by_role("option")
    page.keyboard.press("Control+k")
    page.keyboard.type("ali")
    option.nth(1).wait_for()
    page.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == option.nth(1).get_attribute("id")
    assert console.violations() == []
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{page_of(alina)}")

    page.keyboard.press("Control+k")
    page.keyboard.insert_text(str(payout.pk))
    page.keyboard.press("Enter")  # at once: the results aren't there yet
    page.wait_for_url(f"**{page_of(payout)}")

    page.get_by_role("searchbox", name="Search").first.fill("alice")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{page_of(alice)}")


def test_what_is_not_found_is_said_and_the_page_fits_a_phone(console: StaffBrowser) -> None:
    PayoutRun.objects.create(cutoff="2026-11-01")
    page = console.open("/admin/search/?q=nobody")
    assert "Nothing is called nobody" in page.inner_text(".pc-search-found")
    for width in (DESKTOP, PHONE):
        console.look(width=width, scheme="dark")
        assert console.overflow() == 0
    page.get_by_role("link", name="Search").click()
    page.keyboard.insert_text("October 2026")
    page.get_by_role("option", name="October 2026 run").click()
    page.wait_for_url("**/admin/payouts/payoutrun/**")
