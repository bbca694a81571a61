"""Pages of the books: the trial balance with the last check, and the running balance of a ledger account."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from console.currencies import by_currency
from console.frame import number, render_panels
from console.panels.books import lines_panel, running_balance_of, validation_rows
from database.admin import Figure, Panel, anchor, link_to, list_of, name_of, show
from ledger.models import LedgerAccount
from money import Money
from payouts import selectors as payouts
from payouts.models import BooksCheck
from payouts.selectors import TrialBalanceRow

LINES_PER_PAGE = 100


def show_books(request: HttpRequest) -> HttpResponse:
    """Show the trial balance by currency, and what the last check of the books found."""
    check = payouts.last_books_check()
    balances = by_currency(payouts.trial_balance())
    return render_panels(
        request,
        title="Books",
        headlines=list(_verdicts(balances, check)),
        panels=[
            *(_trial_balance(currency, rows) for currency, rows in balances.items()),
            _last_check(check),
        ],
    )


def show_running_balance(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an account's entries with the balance after each; `?before=` is where the page before ended."""
    account = get_object_or_404(LedgerAccount, pk=pk)
    before = number(request.GET["before"]) if "before" in request.GET else None
    lines = payouts.running_balance(account, before=before, limit=LINES_PER_PAGE)
    return render_panels(
        request,
        title=f"{name_of(account)}: running balance",
        headlines=[Figure("Ledger account", account)],
        panels=[lines_panel(account, lines)],
        next_page=f"?before={lines[-1].id}" if len(lines) == LINES_PER_PAGE else "",
    )


def _verdicts(balances: dict[str, list[TrialBalanceRow]], check: BooksCheck | None) -> Iterator[Figure]:
    for currency, rows in balances.items():
        debit, credit = _totals(rows)
        yield Figure(
            f"Trial balance {currency}",
            "Balances" if debit == credit else f"Off by {credit - debit}",
            f"{debit} debit, {credit} credit",
        )
    if check is None:
        yield Figure("Last check", "None yet", "made each night, and by manage.py check_books")
        return
    yield Figure(
        "Last check",
        link_to(check, f"{check.failed} of {check.validations} failed" if check.failed else "OK"),
        show(check.started_at),
    )


def _trial_balance(currency: str, rows: list[TrialBalanceRow]) -> Panel:
    return Panel(
        f"Trial balance, {currency}",
        ["Ledger accounts", "Accounts", "Debit", "Credit"],
        [
            (
                anchor(_accounts(row, currency), row.kind.label),
                row.accounts,
                _or_nothing(row.debit),
                _or_nothing(row.credit),
            )
            for row in rows
        ],
        total=("Total", "", *_totals(rows)),
    )


def _accounts(row: TrialBalanceRow, currency: str) -> str:
    """Return where the accounts of a row are listed; a platform's single one, where its entries are."""
    if row.account_id is not None:
        return running_balance_of(row.account_id)
    return list_of(LedgerAccount, kind__exact=row.kind, currency=currency)


def _last_check(check: BooksCheck | None) -> Panel:
    return Panel(
        "Last check of the books",
        ["Check", "Result", "Found", "Took"],
        validation_rows(check) if check else [],
        empty="Not checked yet. It is each night at 03:30 UTC, and by manage.py check_books.",
        more=list_of(BooksCheck),
    )


def _or_nothing(amount: Money) -> Money | str:
    return amount if amount.amount else ""


def _totals(rows: list[TrialBalanceRow]) -> tuple[Money, Money]:
    """Sum the debits and the credits of one currency."""
    nothing = Money(0, rows[0].debit.currency)
    return sum((row.debit for row in rows), nothing), sum((row.credit for row in rows), nothing)
