"""The figures of the home page, per currency. Each leads to rows that add up to it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.urls import reverse

from console.currencies import by_currency
from database.admin import list_of, page_of
from database.display import count_of
from ledger import selectors as ledger
from ledger.models import AccountKind, LedgerAccount
from money import Money
from payouts import selectors as payouts
from payouts.models import Payout
from payouts.selectors import Blocked
from revenue.models import PlatformRevenue


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A sum, the address of the rows behind it, and how it compares with the month before."""

    title: str
    amount: Money
    address: str
    note: str = ""


def figures(blocked: Sequence[Blocked], months: Sequence[PlatformRevenue]) -> dict[str, list[KeyFigure]]:
    """Return the figures by currency, in the order in which money moves; the months come newest first."""
    found: dict[str, list[KeyFigure]] = defaultdict(list)
    for figure in (*_balances(blocked), *_this_month(months)):
        found[figure.amount.currency].append(figure)
    return by_currency(found)


def _balances(blocked: Sequence[Blocked]) -> Iterator[KeyFigure]:
    owed = ledger.owed()
    for each in owed:
        yield KeyFigure(
            "Owed to creators",
            each.to_creators,
            list_of(
                LedgerAccount,
                kind__exact=AccountKind.CREATOR_PAYABLE,
                currency=each.to_creators.currency,
                balance__gt=0,
            ),
            "in no payout",
        )
    for under_way in payouts.payouts_under_way():
        address = list_of(Payout, standing="under_way", currency=under_way.amount.currency)
        yield KeyFigure("In payouts", under_way.amount, address, f"{under_way.count:,} under way")
    for total in blocked:
        if total.cause == "on_hold" and total.amount:
            yield KeyFigure(
                "Held", total.amount, reverse("admin:held"), f"of {count_of(total.creators, 'creator')}"
            )
    for each in owed:
        if each.by_creators.amount:
            yield KeyFigure(
                "Owed by creators", each.by_creators, reverse("admin:negative_balances"), "carried forward"
            )


def _this_month(months: Sequence[PlatformRevenue]) -> Iterator[KeyFigure]:
    newest, before = sorted({row.month for row in months}, reverse=True)[:2]
    earlier = {row.currency: row for row in months if row.month == before}
    for row in months:
        if row.month != newest:
            continue
        last = earlier[row.currency]
        address = page_of(row) if row.pk else list_of(PlatformRevenue)
        for title, amount, compared in (
            ("Paid this month", row.total_creator_payouts, last.total_creator_payouts),
            ("Fees this month", row.total_platform_fees, last.total_platform_fees),
        ):
            yield KeyFigure(title, Money(amount, row.currency), address, _compared(amount, compared, last))


def _compared(amount: int, earlier: int, before: PlatformRevenue) -> str:
    if earlier <= 0:
        return f"{Money(earlier, before.currency)} in {before.month:%B}"
    change = round((amount - earlier) * 100 / earlier)
    arrow = "▲" if change > 0 else "▼" if change < 0 else "="
    return f"{arrow} {abs(change):,} % on {before.month:%B}"
