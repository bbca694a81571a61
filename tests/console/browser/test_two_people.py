"""Correcting earnings by keyboard alone: an adjustment takes two people, and a lost refund is accepted by one."""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from accounts.groups import StaffGroup
from accounts.models import Creator
from database import sql
from database.display import page_of
from earnings.models import Adjustment, QuarantinedRecord
from ledger.selectors import payable_balance
from tests.console.browser.keyboard import named, press, reach, write
from tests.console.browser.staff import StaffBrowser
from tests.console.dialogs import WHY
from tests.factories import ApiFactory, CreatorFactory, SourceFactory, user_in
from tests.feeding import feed, refund

pytestmark = pytest.mark.full


@pytest.fixture
def alice(transactional_db: None) -> Creator:
    creator = CreatorFactory.create(external_id="alice")
    ApiFactory.create(external_id="api-a", owner=creator)
    return creator


@pytest.fixture
def finance(window: StaffBrowser, alice: Creator) -> StaffBrowser:
    window.log_in(user_in(StaffGroup.FINANCE, username="dana"))
    return window


@pytest.fixture
def approver(chromium: Browser, live_server: LiveServer, alice: Creator) -> Iterator[StaffBrowser]:
    window = StaffBrowser(chromium, live_server.url)
    window.log_in(user_in(StaffGroup.APPROVER, username="erin"))
    yield window
    window.close()


def test_one_person_proposes_an_adjustment_and_another_approves_it(
    finance: StaffBrowser, approver: StaffBrowser, alice: Creator
) -> None:
    page = finance.open(page_of(alice))
    press(page, "Adjust")
    write(page, "Amount", "125.00")
    write(page, "Reason", WHY)
    press(page, "Continue")
    press(page, "Propose 1 adjustment, $125.00")
    expect(page.get_by_text("An adjustment of $125.00 for alice waits for approval.")).to_be_visible()
    assert payable_balance(alice.pk, currency="USD") == 0
    adjustment = Adjustment.objects.get()
    for address in (page_of(adjustment), reverse("admin:approvals")):
        page = finance.open(address)
        expect(named(page, "Approve")).to_have_count(0)

    page = approver.open(reverse("admin:approvals"))
    press(page, "Approve")
    expect(page.get_by_text("change what alice is owed from $0.00 to $125.00")).to_be_visible()
    write(page, "Reason", "Checked with the contract")
    press(page, "Approve 1 adjustment, $125.00")
    expect(page.get_by_text("$125.00 is booked for alice.")).to_be_visible()
    adjustment.refresh_from_db()
    assert adjustment.decided_by == "erin via console"
    assert payable_balance(alice.pk, currency="USD") == 125_00


def test_a_refund_whose_charge_never_came_is_accepted(finance: StaffBrowser, alice: Creator) -> None:
    feed(SourceFactory.create(name="billing"), refund({"record_id": "c-1"}, amount="1000"), now=sql.now())
    page = finance.open(page_of(QuarantinedRecord.objects.get()))
    press(page, "Accept unlinked")
    write(page, "API", "api-a")
    write(page, "Reason", WHY)
    press(page, "Continue")
    expect(page.get_by_text("-$10.00 gross, -$8.00 net")).to_be_visible()
    reach(page, page.locator("[data-act-form] button[type=submit]"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("is in alice's earnings.")).to_be_visible()
    assert payable_balance(alice.pk, currency="USD") == -8_00
