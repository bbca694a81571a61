"""Searching and narrowing the lists."""

from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from accounts.groups import StaffGroup
from accounts.models import Creator
from database.admin import list_of
from database.admin.paginators import CappedPaginator
from earnings.models import BillingRecord, CommissionRate, CreatorEarning
from ledger.models import LedgerAccount, LedgerTransaction
from payouts.models import Payout, PayoutAttempt, PayoutEvent
from payouts.states import AttemptKind
from stripe_io.models import InboxEvent
from tests.console.marketplace import Marketplace
from tests.factories import user_in


def rows(client: Client, address: str) -> Any:
    return client.get(address).context["cl"].queryset


def test_a_payout_is_found_by_its_ids_and_its_creators(marketplace: Marketplace, superuser: Client) -> None:
    payout = Payout.objects.get()
    names = (payout.pk, payout.stripe_transfer_id, payout.stripe_payout_id, payout.destination_payment)
    for term in (*names, payout.reference, "alice", "ali", f" {payout.pk} "):
        assert list(rows(superuser, list_of(Payout, q=term))) == [payout]
    for term in (uuid4(), "tr_other", "bob"):
        assert not rows(superuser, list_of(Payout, q=term)).exists()


def test_a_creator_is_found_by_the_beginning_of_id_or_mail(marketplace: Marketplace, client: Client) -> None:
    client.force_login(user_in(StaffGroup.SUPPORT))
    assert rows(client, list_of(Creator, q="ali")).get().external_id == "alice"
    assert rows(client, list_of(Creator, q="Bob@Example")).get().external_id == "bob"


def test_a_record_is_found_by_its_id(marketplace: Marketplace, superuser: Client) -> None:
    assert rows(superuser, list_of(BillingRecord, q="r-3")).get().record_id == "r-3"
    assert not rows(superuser, list_of(BillingRecord, q="r-")).exists()


def test_what_support_is_given_finds_rows_of_each_list(marketplace: Marketplace, superuser: Client) -> None:
    alice, payout = Creator.objects.get(external_id="alice"), Payout.objects.get()
    transfer = payout.attempts.get(kind=AttemptKind.TRANSFER)
    terms: list[tuple[type[Any], str, int]] = [
        (Creator, alice.payment_accounts.get().stripe_account_id or "", 1),
        (PayoutAttempt, transfer.stripe_id, 1),
        (PayoutAttempt, transfer.request_id, 1),
        (PayoutAttempt, payout.reference, payout.attempts.count()),
        (PayoutEvent, "alice", payout.events.count()),
        (
            InboxEvent,
            payout.stripe_payout_id,
            InboxEvent.objects.filter(object_id=payout.stripe_payout_id).count(),
        ),
        (LedgerAccount, "alice", LedgerAccount.objects.filter(owner_id=alice.pk).count()),
        (BillingRecord, "alice", BillingRecord.objects.filter(creator=alice).count()),
        (BillingRecord, "api-weather", BillingRecord.objects.filter(api__external_id="api-weather").count()),
    ]
    for model, term, count in terms:
        assert term
        assert rows(superuser, list_of(model, q=term)).count() == count >= 1, (model, term)


def test_the_transactions_of_a_payout_are_found_by_the_beginning_of_their_key(
    marketplace: Marketplace, superuser: Client
) -> None:
    found = rows(superuser, list_of(LedgerTransaction, q=f"payout:{Payout.objects.get().pk}:"))
    assert {transaction.kind for transaction in found} == {"payout_reserved", "payout_sent"}


@pytest.mark.parametrize(
    ("model", "term"), [(BillingRecord, "r-3"), (Payout, "tr_1"), (LedgerTransaction, "payout:1")]
)
def test_a_search_of_a_large_table_reads_an_index(superuser: Client, model: type[Any], term: str) -> None:
    found = rows(superuser, list_of(model, q=term)).order_by()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = found.explain()
    assert f"Seq Scan on {model._meta.db_table}" not in plan, plan


def test_a_list_narrowed_by_a_link_says_so_and_offers_the_way_back(
    marketplace: Marketplace, superuser: Client
) -> None:
    alice = Creator.objects.get(external_id="alice")
    address = list_of(CreatorEarning, creator=alice.pk)
    assert {earning.creator for earning in rows(superuser, address)} == {alice}
    shown = superuser.get(address).content.decode()
    assert "Filtered by creator" in shown
    assert 'href="?">Clear' in shown


def test_a_link_to_something_that_is_not_there_shows_the_whole_list(superuser: Client) -> None:
    for key in (uuid4(), "nonsense"):
        answer = superuser.get(list_of(CreatorEarning, creator=key))
        assert answer.status_code == HTTPStatus.FOUND


def test_earnings_are_told_apart_by_whether_a_payout_claims_them(
    marketplace: Marketplace, superuser: Client
) -> None:
    claimed = {
        earning.creator.external_id for earning in rows(superuser, list_of(CreatorEarning, claimed="yes"))
    }
    unclaimed = {
        earning.creator.external_id for earning in rows(superuser, list_of(CreatorEarning, claimed="no"))
    }
    assert claimed == {"alice"}
    assert unclaimed == {"bob", "charlie"}


def test_a_large_table_is_not_counted_to_its_end(
    marketplace: Marketplace, superuser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CappedPaginator, "cap", 2)
    shown = superuser.get(list_of(BillingRecord)).content.decode()
    assert "the first 2 billing records" in " ".join(shown.split())


def test_a_list_that_cant_be_searched_has_no_field_for_it(superuser: Client) -> None:
    for model, has_field in ((CommissionRate, False), (Creator, True)):
        assert ('class="pc-list-search"' in superuser.get(list_of(model)).content.decode()) == has_field
