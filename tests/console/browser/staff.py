"""A member of staff at a browser: opens the console's pages, and sees what is wrong with them."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page

from accounts.models import User

DESKTOP, PHONE = 1280, 390
HEIGHTS = {DESKTOP: 900, PHONE: 844}
Scheme = Literal["light", "dark"]
# https://github.com/dequelabs/axe-core/blob/develop/doc/API.md: the rules of WCAG 2.2 AA, and axe's own good practice.
ALL_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
CONTRAST = ("color-contrast",)
AXE = Axe().axe_script
# Typing, moving the focus and scrolling cost nothing.
COUNT_PRESSES = """
    const pressed = (event) => event.type === "pointerdown" || event.key === "Enter"
        || (event.key === " " && !event.target.matches("input, textarea"))
        || (event.key === "k" && (event.ctrlKey || event.metaKey));
    for (const type of ["pointerdown", "keydown"])
        window.addEventListener(type, (event) => {
            if (event.isTrusted && pressed(event)) sessionStorage.presses = Number(sessionStorage.presses ?? 0) + 1;
        }, true);
"""


class StaffBrowser:
    """One window, in which one user is logged in. `page` is Playwright's."""

    def __init__(self, browser: Browser, server: str) -> None:
        self._server = server
        self._context = browser.new_context(
            base_url=server,
            viewport={"width": DESKTOP, "height": HEIGHTS[DESKTOP]},
            reduced_motion="reduce",
        )
        self._context.set_default_timeout(10_000)
        self._context.add_init_script(COUNT_PRESSES)
        self.page: Page = self._context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def log_in(self, user: User) -> None:
        """Log in without the login page."""
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        self._context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self._server}])

    def open(self, address: str) -> Page:
        """Go to an address, and wait until unfold's scripts have drawn the page."""
        response = self.page.goto(address)
        assert response
        assert response.status < HTTPStatus.INTERNAL_SERVER_ERROR, address
        self.page.wait_for_function("!document.querySelector('[x-cloak]')")
        return self.page

    @property
    def presses(self) -> int:
        """How often a mouse button, Enter, Space or Ctrl+K was pressed in this window."""
        return int(self.page.evaluate("sessionStorage.presses ?? 0"))

    def look(self, *, width: int, scheme: Scheme) -> None:
        """Change the window's width and the colour scheme, which the console takes from the system."""
        self.page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        self.page.emulate_media(color_scheme=scheme)

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        width: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return width

    def violations(self, *, rules: Sequence[str] = ALL_RULES, within: str = "html") -> list[str]:
        """Return what axe finds in a part of the page: each rule, with the elements that break it.

        The window is as high as the page, so that the bar at the bottom of lists covers nothing.
        """
        size = self.page.viewport_size
        assert size
        height = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({"width": size["width"], "height": height})
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        found: Sequence[dict[str, Any]] = self.page.evaluate(
            "([part, options]) => axe.run(part, options).then((answer) => answer.violations)",
            [within, {"runOnly": list(rules), "resultTypes": ["violations"]}],
        )
        self.page.set_viewport_size(size)
        return [
            f"{rule['id']}: {node['target'][0]}: {node['failureSummary'].splitlines()[-1].strip()}"
            for rule in found
            for node in rule["nodes"]
        ]

    def close(self) -> None:
        self._context.close()
