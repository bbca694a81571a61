"""Logging in with a browser."""

from accounts.models import User
from tests.console.browser.staff import StaffBrowser


def test_staff_log_in_with_the_keyboard_alone(window: StaffBrowser) -> None:
    User.objects.create_user("sam", password="a long password", is_staff=True)
    page = window.open("/admin/")
    for key in ("sam", "Tab", "a long password", "Enter"):
        (page.keyboard.press if key in ("Tab", "Enter") else page.keyboard.type)(key)
    page.wait_for_url("**/admin/")
    assert "Payouts" in page.title()
