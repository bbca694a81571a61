"""Headless Chromium on the console, served over real HTTP."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from pytest_django.live_server_helper import LiveServer

from database.staff import Right
from tests.console.browser.finding import CHROMIUM, chromium_path
from tests.console.browser.staff import StaffBrowser
from tests.factories import UserFactory


@pytest.fixture(scope="package")
def chromium(django_db_setup: None) -> Iterator[Browser]:
    """The system's Chromium; without one, the test is skipped."""
    found = chromium_path()
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(CHROMIUM)} is installed")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread; the tests themselves aren't asynchronous.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Browser, live_server: LiveServer) -> Iterator[StaffBrowser]:
    """A window in which nobody is logged in. A test fails if a script on a page does."""
    window = StaffBrowser(chromium, live_server.url)
    yield window
    window.close()
    assert not window.problems


@pytest.fixture
def console(window: StaffBrowser) -> StaffBrowser:
    """A window in which a member of staff with every right is logged in."""
    window.log_in(UserFactory.create(username="dana", rights=list(Right)))
    return window


@pytest.fixture
def root(window: StaffBrowser) -> StaffBrowser:
    """A window in which a superuser is logged in, who sees every page."""
    window.log_in(UserFactory.create(username="root", is_superuser=True))
    return window
