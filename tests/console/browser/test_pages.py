"""Every page can be used by everyone: axe finds nothing, and nothing is wider than its window."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import uuid4

import pytest
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from accounts.models import Creator, User
from console.acting.buttons import address_of
from console.acting.declaring import ConsoleAct, all_acts
from database.admin import list_of, page_of
from database.models import RecordedAct
from database.staff import Right
from ledger.models import LedgerAccount
from payouts.models import Payout
from tests.console.browser.staff import ALL_RULES, CONTRAST, DESKTOP, PHONE, Scheme, StaffBrowser
from tests.console.marketplace import Marketplace, pages_of
from tests.factories import UserFactory

FEWEST_DIALOGS = 20


class Look(NamedTuple):
    """A window's width, the colour scheme, and the rules that are checked in it."""

    width: int
    scheme: Scheme
    rules: Sequence[str] = ALL_RULES


# All that darkness changes is colours.
LOOKS = [
    Look(DESKTOP, "light"),
    Look(PHONE, "light"),
    Look(PHONE, "dark", CONTRAST),
    Look(DESKTOP, "dark", CONTRAST),
]
# For what differs between pages of one template.
LOOKS_AT_CONTENT = LOOKS[:3]
EVERYTHING = [Look(width, scheme) for width, scheme, _ in LOOKS]


def problems(
    window: StaffBrowser, addresses: Iterable[str], looks: Sequence[Look], *, within: str = "html"
) -> list[str]:
    """Look at each page, or a part of it, in each way, and tell all that is wrong."""
    found = []
    for address in addresses:
        window.open(address)
        for width, scheme, rules in looks:
            window.look(width=width, scheme=scheme)
            wrong = window.violations(rules=rules, within=within)
            if overflow := window.overflow():
                wrong.append(f"{overflow} pixels wider than its window")
            found += [f"{address} at {width} pixels, {scheme}: {problem}" for problem in wrong]
    return found


def test_everyone_can_use_a_page_of_each_kind(marketplace: Marketplace, root: StaffBrowser) -> None:
    addresses = ["/admin/", list_of(Payout), page_of(Payout.objects.get())]
    assert not problems(root, addresses, [Look(DESKTOP, "light"), Look(PHONE, "dark")])


def test_everyone_can_log_in(window: StaffBrowser) -> None:
    assert not problems(window, ["/admin/login/"], EVERYTHING)


@pytest.mark.full
def test_everyone_can_use_the_pages_that_staff_work_with(
    marketplace: Marketplace, root: StaffBrowser
) -> None:
    """One of each template, with all that surrounds it."""
    alice, payout = Creator.objects.get(external_id="alice"), Payout.objects.get()
    receipts = LedgerAccount.objects.get(kind="receipts")
    named = ("index", "approvals", "books", "held", "negative_balances", "password_change")
    addresses = [
        *(reverse(f"admin:{name}") for name in named),
        reverse("admin:running_balance", args=[receipts.pk]),
        reverse("admin:payout_records", args=[payout.pk]),
        reverse("admin:as_creator", args=[alice.pk]),
        *(f"{reverse('admin:search')}?q={term}" for term in ("", "nobody", "api-")),
        list_of(RecordedAct),
        list_of(Payout, status__exact="failed"),
        list_of(Payout),
        page_of(payout),
        page_of(alice),
        reverse("admin:accounts_user_add"),
        page_of(User.objects.get(username="dana")),
        page_of(Payout(pk=uuid4())),  # the error page
    ]
    assert not problems(root, addresses, LOOKS)


@pytest.mark.full
def test_everyone_can_use_every_list(marketplace: Marketplace, root: StaffBrowser) -> None:
    lists = [list_of(model) for model in admin.site._registry]
    assert not problems(root, lists, LOOKS_AT_CONTENT, within="main")


@pytest.mark.full
def test_everyone_can_use_every_tab_of_every_tables_page(
    marketplace: Marketplace, root: StaffBrowser
) -> None:
    rows = filter(None, (model._default_manager.first() for model in admin.site._registry))
    assert not problems(
        root, (page for row in rows for page in pages_of(row)), LOOKS_AT_CONTENT, within="main"
    )


@pytest.mark.full
def test_everyone_can_use_every_dialog(marketplace: Marketplace, window: StaffBrowser) -> None:
    window.log_in(UserFactory.create(rights=list(Right)))
    addresses = [address_of(act, obj) for act, obj in possible()]
    assert len(addresses) >= FEWEST_DIALOGS
    assert not problems(window, addresses, LOOKS_AT_CONTENT, within="main")

    page = window.open(page_of(Creator.objects.get(external_id="alice")))
    page.get_by_role("link", name="Hold payouts").click()
    page.get_by_label("Reason").wait_for()
    for width, scheme, rules in LOOKS:
        window.look(width=width, scheme=scheme)
        assert not window.violations(rules=rules, within="dialog")


def possible() -> Iterator[tuple[ConsoleAct[Model | None], Model | None]]:
    """Yield the acts that are possible now, each with an object of it."""
    for act in all_acts():
        objects: Iterable[Model | None] = act.model._default_manager.all() if act.model else [None]
        able = [obj for obj in objects if not act.obstacle(obj)]
        if able:
            yield act, able[0]
