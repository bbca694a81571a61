"""Staff without a mouse: Tab moves, Enter presses, and what is typed goes where the focus is."""

from playwright.sync_api import Locator, Page, expect

MOST_TABS = 60


def named(page: Page, name: str) -> Locator:
    """Find a link or a button."""
    link, button = (page.get_by_role(role, name=name, exact=True) for role in ("link", "button"))
    return link.or_(button)


def reach(page: Page, target: Locator) -> None:
    """Move the focus with Tab; on a page that was just opened, first past the sidebar."""
    expect(target).to_be_visible()
    if page.evaluate("document.activeElement === document.body"):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    for _ in range(MOST_TABS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{MOST_TABS} Tabs don't reach {target}")


def press(page: Page, name: str) -> None:
    """Press a link or a button."""
    reach(page, named(page, name))
    page.keyboard.press("Enter")


def write(page: Page, field: str, text: str) -> None:
    """Type into the field with this label."""
    reach(page, page.get_by_label(field))
    page.keyboard.type(text)


def search(page: Page, term: str) -> None:
    """Open the palette, and press Enter at once, before it shows results."""
    page.keyboard.press("Control+k")
    page.keyboard.insert_text(term)
    page.keyboard.press("Enter")
