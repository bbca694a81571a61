"""The pages of the books: debits equal credits, balances run through every page, and failed checks are named."""

from html import unescape
from http import HTTPStatus

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from database import sql
from database.admin import page_of
from database.staff import Act
from earnings.models import BillingBatch
from earnings.services import batches
from ledger.models import LedgerAccount, LedgerEntry
from payouts import selectors as payouts
from payouts.models import BooksCheck
from payouts.services.reconciliation import books
from payouts.services.reconciliation.scope import FACTS_SETTLED
from tests.console.marketplace import Marketplace
from tests.payouts.tampering import guards_off

BOOKS = "/admin/books/"


@pytest.fixture
def checked(marketplace: Marketplace) -> Marketplace:
    """March, a checkpoint of the books, and April after it."""
    aside = BillingBatch.objects.get(set_aside_at__isnull=False)
    batches.retry_batches([aside.pk], act=Act("sam", "Try it again"), now=sql.now())
    assert not any(each.findings for each in books.check_all(now=sql.now() + FACTS_SETTLED))
    marketplace.live_through_april()
    return marketplace


def summed() -> dict[str, int]:
    """Sum all entries by the kind of their account: credits positive."""
    rows = LedgerEntry.objects.values_list("account__kind").annotate(Sum("amount")).order_by()
    return {kind: int(amount) for kind, amount in rows}


def test_the_trial_balance_is_the_sum_of_all_entries(checked: Marketplace, superuser: Client) -> None:
    rows = payouts.trial_balance()["USD"]
    assert {row.kind: row.credit.amount - row.debit.amount for row in rows} == summed()
    assert sum(row.debit.amount for row in rows) == sum(row.credit.amount for row in rows) > 0
    payable = LedgerAccount.objects.filter(kind="creator_payable")
    (shown,) = (row for row in rows if row.kind == "creator_payable")
    assert shown.credit.amount == payable.filter(balance__gt=0).aggregate(Sum("balance"))["balance__sum"]
    assert shown.debit.amount == -payable.filter(balance__lt=0).aggregate(Sum("balance"))["balance__sum"]

    page = superuser.get(BOOKS)
    (panel,) = (panel for panel in page.context["panels"] if panel.title == "Trial balance, USD")
    assert panel.total[2] == panel.total[3]
    assert "Balances" in page.content.decode()


@pytest.mark.parametrize("lines", [1, 2, 100])
def test_a_balance_runs_through_all_pages(checked: Marketplace, lines: int) -> None:
    for account in LedgerAccount.objects.all():
        balance, expected = 0, {}
        for entry in account.entries.order_by("pk"):
            balance += entry.amount
            expected[entry.pk] = balance
        told: dict[int, int] = {}
        before: int | None = None
        while page := payouts.running_balance(account, before=before, limit=lines):
            told |= {line.id: line.balance for line in page}
            before = page[-1].id
        assert told == expected, account


def test_an_accounts_page_leads_to_its_running_balance(checked: Marketplace, superuser: Client) -> None:
    receipts = LedgerAccount.objects.get(kind="receipts")
    address = reverse("admin:running_balance", args=[receipts.pk])
    assert address in superuser.get(page_of(receipts)).content.decode()
    assert address in superuser.get(BOOKS).content.decode()
    last = receipts.entries.latest("pk")
    page = superuser.get(address, {"before": last.pk})
    assert page.status_code == HTTPStatus.OK
    assert 'href="' + address + '"' in page.content.decode()  # back to the newest
    assert superuser.get(address, {"before": "yesterday"}).status_code == HTTPStatus.NOT_FOUND


def test_a_check_that_fails_is_kept_and_shown_with_what_it_found(
    marketplace: Marketplace, superuser: Client
) -> None:
    with guards_off():
        sql.run("UPDATE paid_totals SET net = net + 1")
    failed = {each.name: each.findings for each in books.check_all(now=sql.now()) if each.findings}
    check = BooksCheck.objects.latest("pk")
    assert {row.validation: row.findings for row in check.results.exclude(findings=[])} == failed
    assert "paid_totals_are_the_sum_of_paid_rows" in failed
    assert check.failed == len(failed)
    assert check.results.count() == check.validations == len(books.validations())
    for address in (BOOKS, page_of(check)):
        page = superuser.get(address).content.decode()
        assert f"{check.failed} of {check.validations} failed" in page
        assert all(finding in unescape(page) for findings in failed.values() for finding in findings)


def test_before_the_first_check_the_page_says_when_it_comes(superuser: Client) -> None:
    assert "Not checked yet" in superuser.get(BOOKS).content.decode()
