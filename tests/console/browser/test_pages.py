"""Every page can be used by everyone: axe finds nothing, and nothing is wider than its window."""

from itertools import product
from uuid import uuid4

import pytest
from django.contrib import admin

from database.admin import list_of, page_of
from payouts.models import Payout
from tests.console.browser.staff import DESKTOP, PHONE, Scheme, StaffBrowser
from tests.console.marketplace import Marketplace

LOOKS: list[tuple[int, Scheme]] = [(DESKTOP, "light"), (PHONE, "dark")]
ALL_LOOKS: list[tuple[int, Scheme]] = list(product((DESKTOP, PHONE), ("light", "dark")))


def problems(window: StaffBrowser, addresses: list[str], looks: list[tuple[int, Scheme]]) -> list[str]:
    """Look at each page in each way, and tell all that is wrong."""
    found = []
    for address in addresses:
        window.open(address)
        for width, scheme in looks:
            window.look(width=width, scheme=scheme)
            wrong = window.violations()
            if overflow := window.overflow():
                wrong.append(f"{overflow} pixels wider than its window")
            found += [f"{address} at {width} pixels, {scheme}: {problem}" for problem in wrong]
    return found


def test_everyone_can_use_a_page_of_each_kind(marketplace: Marketplace, root: StaffBrowser) -> None:
    addresses = ["/admin/", list_of(Payout), page_of(Payout.objects.get())]
    assert not problems(root, addresses, LOOKS)


def test_everyone_can_log_in(window: StaffBrowser) -> None:
    assert not problems(window, ["/admin/login/"], ALL_LOOKS)


@pytest.mark.full
def test_everyone_can_use_every_list_and_page(marketplace: Marketplace, root: StaffBrowser) -> None:
    addresses = ["/admin/", "/admin/approvals/", "/admin/books/"]
    addresses.append(page_of(Payout(pk=uuid4())))  # the error page
    for model in admin.site._registry:
        addresses.append(list_of(model))
        if row := model._default_manager.first():
            addresses.append(page_of(row))
    assert not problems(root, addresses, ALL_LOOKS)
