"""`make pictures`: photograph the console of the running demo for docs/images."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import django
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parents[2] / "docs" / "images"
Scheme = Literal["light", "dark"]
LIGHT: list[tuple[int, Scheme]] = [(1280, "light")]
ALL: list[tuple[int, Scheme]] = [*LIGHT, (1280, "dark"), (390, "light"), (390, "dark")]


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payouts_project.settings")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop in this thread
    django.setup()

    from accounts.models import User  # noqa: PLC0415 (Django is set up by now)
    from tests.console.browser.finding import chromium_path  # noqa: PLC0415
    from tests.console.browser.staff import StaffBrowser  # noqa: PLC0415

    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        window = StaffBrowser(browser, f"http://localhost:{os.environ['PORT']}")
        window.log_in(User.objects.get(username="dana"))
        for name, address, looks in pages():
            for width, scheme in looks:
                window.look(width=width, scheme=scheme)
                window.open(address).screenshot(path=FOLDER / f"{name}-{width}-{scheme}.png")
        browser.close()


def pages() -> Iterator[tuple[str, str, list[tuple[int, Scheme]]]]:
    """Yield a picture's name, the address of what it shows, and the looks it is taken in."""
    from accounts.models import Hold  # noqa: PLC0415 (Django is set up by now)
    from database.admin import list_of, page_of  # noqa: PLC0415
    from payouts.models import Difference, Payout, PayoutRun  # noqa: PLC0415
    from payouts.states import PayoutStatus  # noqa: PLC0415

    yield "home", "/admin/", ALL
    yield "payouts", list_of(Payout), LIGHT
    yield "payout", page_of(Payout.objects.filter(status=PayoutStatus.RETURNED).latest("net_amount")), ALL
    yield "creator", page_of(Hold.objects.filter(lifted_at=None).latest("placed_at").creator), ALL
    yield "run", page_of(PayoutRun.objects.latest("cutoff")), LIGHT
    yield "approvals", "/admin/approvals/", LIGHT
    yield "differences", list_of(Difference, resolved_at__isempty=1), LIGHT
    yield "books", "/admin/books/", LIGHT


if __name__ == "__main__":
    main()
