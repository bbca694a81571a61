"""On every page, a figure beside a link to a list is the sum of that list."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import resolve
from django.utils.safestring import SafeString

from accounts.models import Creator
from console.panels.creator_summary import CreatorSummary, WrittenBalance
from database import sql
from database.admin import Figure, Panel, anchor, page_of, show
from earnings.models import CreatorEarning
from ledger.models import LedgerAccount
from money import Money
from payouts.models import Difference, Payout, PayoutRun, RunDecision
from payouts.states import PayoutStatus
from tests.console.marketplace import Marketplace, pages_of
from tests.local_stripe import Stripe
from tests.payouts.tampering import guards_off

AMOUNTS: dict[type[Model], str] = {
    CreatorEarning: "net",
    Payout: "net_amount",
    RunDecision: "amount",
    LedgerAccount: "balance",
    Difference: "amount",
}
LINK = re.compile(r'href="(/admin/[^"?#]+\?[^"#]+)"')


class Lists:
    """The lists that pages link to; each is read once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._totals: dict[str, Money | None] = {}

    def beside(self, cells: Sequence[object]) -> Iterator[tuple[str, Money]]:
        """Yield the lists of amounts that these cells link to, each with its sum."""
        for address in {unescape(found) for cell in cells for found in LINK.findall(str(show(cell)))}:
            if address not in self._totals:
                self._totals[address] = self._total(address)
            if (total := self._totals[address]) is not None:
                yield address, total

    def _total(self, address: str) -> Money | None:
        """Add up a list; None if it isn't one of amounts."""
        if not str(resolve(address.partition("?")[0]).url_name).endswith("_changelist"):
            return None
        changes: Any = self._client.get(address).context["cl"]
        if changes.model not in AMOUNTS:
            return None
        return Money(sum(getattr(row, AMOUNTS[changes.model]) for row in changes.queryset), "USD")


def told(columns: Sequence[str], cells: Sequence[object]) -> Money | None:
    """Return the one amount that these cells tell; None if there are several."""
    amounts = [cell for cell in cells if isinstance(cell, Money)]
    if "Debit" in columns:
        debit, credit = cells[list(columns).index("Debit")], cells[list(columns).index("Credit")]
        return (credit or Money(0, "USD")) - (debit or Money(0, "USD"))  # type: ignore[operator,no-any-return]
    return amounts[0] if len(amounts) == 1 else None


def figures(page: Any) -> Iterator[tuple[Sequence[str], Sequence[object]]]:
    """Yield the columns and cells of each row of a page's panels, and of its headlines."""
    shown = [*(page.get("sections") or ()), *(page.get("panels") or ()), *(page.get("headlines") or ())]
    for part in shown:
        if isinstance(part, Panel):
            yield from ((part.columns, row) for row in part.rows)
        elif isinstance(part, Figure):
            yield (), (part.value, part.note)
    for summary in page.get("summaries") or ():
        if isinstance(summary, CreatorSummary):
            yield from (((), cells) for balance in summary.balances for cells in parts_of(balance))


def parts_of(balance: WrittenBalance) -> Iterator[tuple[Money, SafeString]]:
    """Yield each list that a balance links to, with its part in the sum: what is available less what is owed is one."""
    signed: dict[str, Money] = defaultdict(lambda: Money(0, "USD"))
    for part in (balance.earned, *balance.parts):
        amount = part.amount
        signed[part.address] += Money(-amount.amount, amount.currency) if part.sign == "-" else amount
    for address, amount in signed.items():
        yield amount, anchor(address, "the rows")


@pytest.fixture
def addresses(marketplace: Marketplace, sandbox: Stripe) -> list[str]:
    """The pages that have figures with links, after the bank sent the last run's payout back."""
    marketplace.live_through_april()
    payout = Payout.objects.latest("pk")
    sandbox.control(f"payouts/{payout.stripe_payout_id}/fail", failure_code="account_closed")
    marketplace.settle()
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.RETURNED
    return [
        "/admin/books/",
        *(address for run in PayoutRun.objects.all() for address in pages_of(run)),
        *(address for creator in Creator.objects.all() for address in pages_of(creator)),
    ]


def test_a_figure_is_the_sum_of_the_list_beside_it(addresses: list[str], superuser: Client) -> None:
    compared, lists = [], Lists(superuser)
    for address in addresses:
        for columns, cells in figures(superuser.get(address).context):
            amount = told(columns, cells)
            for listed, total in lists.beside(cells) if amount else ():
                assert total == amount, f"{address}: {cells} leads to {listed}"
                compared.append(listed)
    assert len({*compared}) >= 20, compared


def test_a_list_that_lacks_a_row_is_noticed(addresses: list[str], superuser: Client) -> None:
    """The walk compares the page with the tables, and not with itself."""
    run = PayoutRun.objects.latest("cutoff")
    with guards_off():
        sql.run(
            "UPDATE payouts SET gross_amount = gross_amount + 1, net_amount = net_amount + 1"
            " WHERE run_id = %(run)s",
            {"run": run.pk},
        )
    lists = Lists(superuser)
    wrong = [
        listed
        for columns, cells in figures(superuser.get(page_of(run)).context)
        for listed, total in lists.beside(cells)
        if told(columns, cells) not in (None, total)
    ]
    assert wrong
