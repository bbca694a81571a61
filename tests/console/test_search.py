"""One search for everything: each thing is found by each of its names, by index, by those who may see it."""

from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Creator, CreatorPaymentAccount, Hold
from database import acts
from database.acts import Kind
from database.admin import list_of, page_of
from database.staff import Act
from earnings.models import Api, BillingRecord, CreatorEarning, QuarantinedRecord
from ledger.models import LedgerAccount, LedgerTransaction
from payouts.models import Difference, Payout, PayoutAttempt, PayoutRun
from payouts.states import AttemptKind
from stripe_io.models import InboxEvent
from tests.console.marketplace import Marketplace

SEARCH = "/admin/search/"


def found(client: Client, term: object) -> list[str]:
    """Return the addresses that a search finds, in order."""
    answer = client.get(SEARCH, {"q": str(term), "part": "hits"})
    assert answer.status_code == HTTPStatus.OK
    return [hit.address for hit in answer.context["hits"]]


def test_everything_is_found_by_each_of_its_names(marketplace: Marketplace, support: Client) -> None:
    payout = Payout.objects.select_related("creator").get()
    alice = payout.creator
    account = CreatorPaymentAccount.objects.get(creator=alice)
    transfer = PayoutAttempt.objects.get(kind=AttemptKind.TRANSFER)
    PayoutAttempt.objects.filter(pk=transfer.pk).update(request_id="req_Abc123")
    Payout.objects.filter(pk=payout.pk).update(trace_id="TRACE-1")
    account.external_account_id = account.external_account_id or "ba_1Abc"
    account.save(update_fields=["external_account_id"])
    bob, event = (
        Creator.objects.get(external_id="bob"),
        InboxEvent.objects.exclude(object_id="").earliest("pk"),
    )
    unheard_of, line = QuarantinedRecord.objects.get(record_id="r-6"), payout.line_items.earliest("pk")
    act = acts.record(
        Act("dana via console", "It was asked for", request_id="5f1c0d"),
        Kind.HOLD,
        subject=Hold.objects.get(),
    )
    names: list[tuple[Any, object]] = [
        (act, "5f1c0d"),
        (payout, payout.pk),
        (payout, str(payout.pk).upper()),
        (payout, f"  {payout.pk}  "),
        (payout, payout.reference),
        (payout, payout.stripe_transfer_id),
        (payout, payout.stripe_payout_id),
        (payout, payout.destination_payment),
        (payout, "TRACE-1"),
        (transfer, "req_Abc123"),
        (transfer, transfer.idempotency_key),
        (transfer, transfer.pk),
        (alice, "ali"),
        (alice, "Alice@Example.com"),
        (alice, alice.pk),
        (alice, account.stripe_account_id),
        (alice, account.external_account_id),
        (account, account.pk),
        (PayoutRun.objects.get(), "March 2024"),
        (PayoutRun.objects.get(), "mar 2024"),
        (PayoutRun.objects.get(), "2024-03"),
        (Api.objects.get(external_id="api-tides"), "api-ti"),
        (BillingRecord.objects.get(record_id="r-1"), "r-1"),
        (unheard_of, "r-6"),
        (Difference.objects.get(subject="po_1"), "po_1"),
        (event, event.pk),
        (line, line.pk),
        (Hold.objects.get(), Hold.objects.get().pk),
        (
            CreatorEarning.objects.filter(creator=bob).earliest("pk"),
            CreatorEarning.objects.filter(creator=bob).earliest("pk").pk,
        ),
        (LedgerTransaction.objects.earliest("pk"), LedgerTransaction.objects.earliest("pk").source_key),
        (LedgerAccount.objects.get(kind="stripe_balance"), "stripe balance"),
    ]
    assert [(str(term), found(support, term)) for _, term in names] == [
        (str(term), [page_of(row)]) for row, term in names
    ]


@pytest.mark.parametrize(
    "term",
    [
        "",
        " ",
        "nobody",
        "tr_other",
        "r-",
        "R-1",
        "$960.00",
        "96000",
        "%",
        "' OR 1=1",
        "a\nb",
        "x" * 256,
        uuid4(),
    ],
)
def test_what_names_nothing_finds_nothing(marketplace: Marketplace, superuser: Client, term: object) -> None:
    assert found(superuser, term) == []


def test_ids_are_case_sensitive(marketplace: Marketplace, superuser: Client) -> None:
    transfer = Payout.objects.get().stripe_transfer_id
    assert transfer != transfer.lower()
    assert found(superuser, transfer.lower()) == []


def test_one_hit_opens_and_several_are_listed(marketplace: Marketplace, superuser: Client) -> None:
    answer = superuser.get(SEARCH, {"q": "alice"})
    assert answer.headers["Location"] == page_of(Creator.objects.get(external_id="alice"))
    Creator.objects.create(external_id="alice-2")
    opened = superuser.get(SEARCH, {"q": "alice"})
    assert opened.headers["Location"] == page_of(Creator.objects.get(external_id="alice"))
    listed = superuser.get(SEARCH, {"q": "ali"}).content.decode()
    assert "alice" in listed
    assert "alice-2" in listed


def test_a_hit_says_what_it_is(marketplace: Marketplace, superuser: Client) -> None:
    payout = Payout.objects.get()
    (hit,) = superuser.get(SEARCH, {"q": str(payout.pk), "part": "hits"}).context["hits"]
    assert (hit.kind, hit.note) == ("Payout", "Paid")
    assert "$960.00" in hit.name


def test_a_result_is_never_an_old_one(marketplace: Marketplace, superuser: Client) -> None:
    assert found(superuser, "zoe") == []
    zoe = Creator.objects.create(external_id="zoe")
    assert found(superuser, "zoe") == [page_of(zoe)]
    assert "no-store" in superuser.get(SEARCH, {"q": "zoe"}).headers["Cache-Control"]


def test_pages_of_the_sidebar_are_found_by_their_names(superuser: Client) -> None:
    assert found(superuser, "quar") == [list_of(QuarantinedRecord, resolved_at__isempty=1)]


def test_every_page_offers_the_search(superuser: Client) -> None:
    for address in ("/admin/", list_of(Payout), SEARCH):
        page = superuser.get(address).content.decode()
        assert page.count('name="q"') >= 2  # in the sidebar and in the palette
        assert "Creator, payout, tr_, po_, acct_, req_, record…" in page


def test_nobody_searches_before_logging_in(client: Client, db: None) -> None:
    assert client.get(SEARCH, {"q": "alice"}).headers["Location"].startswith("/admin/login/")
