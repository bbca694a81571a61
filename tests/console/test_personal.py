"""Who only reads, or only administers, sees no email address of a creator and nothing of their bank."""

import pytest
from django.contrib import admin
from django.test import Client

from accounts.groups import StaffGroup
from accounts.models import Creator, CreatorPaymentAccount
from database.admin import list_of
from stripe_io.models import InboxEvent
from tests.console.marketplace import Marketplace, pages_of
from tests.factories import CreatorFactory, user_in


def everything(client: Client) -> str:
    """Return every list, and the pages of the first rows of every table."""
    addresses = []
    for model in admin.site._registry:
        first = model._default_manager.order_by("pk")[:2]
        addresses += [list_of(model), *(page for row in first for page in pages_of(row))]
    return read(client, addresses)


def read(client: Client, addresses: list[str]) -> str:
    return "".join(client.get(address).content.decode() for address in addresses)


@pytest.fixture
def account(marketplace: Marketplace) -> CreatorPaymentAccount:
    return CreatorPaymentAccount.objects.select_related("creator").get(creator__external_id="alice")


@pytest.fixture
def personal(account: CreatorPaymentAccount) -> list[str]:
    assert account.external_account_id
    return [
        "alice@example.com",
        "STRIPE TEST BANK",
        account.external_account_id,
        account.external_account_fingerprint,
    ]


def test_a_viewer_sees_no_address_and_no_bank(personal: list[str], staff: Client) -> None:
    assert InboxEvent.objects.update(object_id=personal[2])
    pages = everything(staff)
    assert [each for each in personal if each in pages] == []


def test_an_administrator_sees_neither(
    account: CreatorPaymentAccount, personal: list[str], superuser: Client
) -> None:
    pages = read(superuser, [list_of(Creator), *pages_of(account.creator), *pages_of(account)])
    assert [each for each in personal if each in pages] == []


@pytest.mark.parametrize("group", [StaffGroup.SUPPORT, StaffGroup.FINANCE, StaffGroup.APPROVER])
def test_who_may_act_sees_both(
    account: CreatorPaymentAccount, personal: list[str], client: Client, group: StaffGroup
) -> None:
    client.force_login(user_in(group))
    pages = read(client, [*pages_of(account.creator), *pages_of(account)])
    assert [each for each in personal if each not in pages] == []


def test_a_viewer_finds_nobody_by_an_address(client: Client, db: None) -> None:
    """Neither in the list nor in the search: whose an address is, is personal too."""
    CreatorFactory.create(external_id="alice", email="alice@example.com")
    for user, found in ((user_in(StaffGroup.VIEWER), 0), (user_in(StaffGroup.SUPPORT), 1)):
        client.force_login(user)
        listed = client.get(list_of(Creator, q="alice@example")).context["cl"].queryset
        assert listed.count() == found
        hits = client.get("/admin/search/", {"q": "alice@example.com", "part": "hits"}).context["hits"]
        assert len(hits) == found


def test_a_viewer_finds_nobody_by_address_or_bank_account(personal: list[str], staff: Client) -> None:
    address, _, bank_account, _ = personal
    for term in (address, bank_account):
        assert staff.get("/admin/search/", {"q": term, "part": "hits"}).context["hits"] == []
        assert not staff.get(list_of(Creator, q=term)).context["cl"].queryset.exists()
