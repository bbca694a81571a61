"""On every page, a figure beside a link to a list is the sum of that list."""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import resolve

from accounts.models import Creator
from database import sql
from database.admin import Figure, Panel, page_of, show
from ledger.models import LedgerAccount
from money import Money
from payouts.models import Difference, Payout, PayoutRun, RunDecision
from payouts.states import PayoutStatus
from tests.console.marketplace import Marketplace, pages_of
from tests.payouts.tampering import guards_off

AMOUNTS: dict[type[Model], str] = {
    Payout: "net_amount",
    RunDecision: "amount",
    LedgerAccount: "balance",
    Difference: "amount",
}
LINK = re.compile(r'href="(/admin/[^"?#]+\?[^"#]+)"')


def summed_lists(client: Client, cells: Sequence[object]) -> Iterator[tuple[str, Money]]:
    """Yield the lists of amounts that these cells link to, each with its sum."""
    for address in {unescape(found) for cell in cells for found in LINK.findall(str(show(cell)))}:
        if str(resolve(address.partition("?")[0]).url_name).endswith("_changelist"):
            changes: Any = client.get(address).context["cl"]
            if changes.model in AMOUNTS:
                amounts = [getattr(row, AMOUNTS[changes.model]) for row in changes.queryset]
                yield address, Money(sum(amounts), "USD")


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


@pytest.fixture
def addresses(marketplace: Marketplace) -> list[str]:
    """The pages that have figures with links, after a payout of the last run came back."""
    marketplace.live_through_april()
    Payout.objects.filter(pk=Payout.objects.latest("pk").pk).update(
        status=PayoutStatus.RETURNED, failure_code="account_closed", paid_at=None
    )
    return [
        "/admin/books/",
        *(page_of(run) for run in PayoutRun.objects.all()),
        *(address for creator in Creator.objects.all() for address in pages_of(creator)),
    ]


def test_a_figure_is_the_sum_of_the_list_beside_it(addresses: list[str], superuser: Client) -> None:
    compared = []
    for address in addresses:
        for columns, cells in figures(superuser.get(address).context):
            amount = told(columns, cells)
            for listed, total in summed_lists(superuser, cells) if amount else ():
                assert total == amount, f"{address}: {cells} leads to {listed}"
                compared.append(listed)
    assert len(compared) >= 8, compared


def test_a_list_that_lacks_a_row_is_noticed(addresses: list[str], superuser: Client) -> None:
    """The walk compares the page with the tables, and not with itself."""
    run = PayoutRun.objects.latest("cutoff")
    with guards_off():
        sql.run(
            "UPDATE payouts SET gross_amount = gross_amount + 1, net_amount = net_amount + 1"
            " WHERE run_id = %(run)s",
            {"run": run.pk},
        )
    wrong = [
        listed
        for columns, cells in figures(superuser.get(page_of(run)).context)
        for listed, total in summed_lists(superuser, cells)
        if told(columns, cells) not in (None, total)
    ]
    assert wrong
