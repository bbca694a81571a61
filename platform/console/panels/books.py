"""Panels of the ledger: the entries of a payout, a transaction or a ledger account, and their owners."""

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import Creator
from database.admin import Panel, link_to, panel
from ledger.admin import what_it_books
from ledger.models import PLATFORM, LedgerAccount, LedgerEntry, LedgerTransaction
from money import Money
from payouts import selectors as payouts
from payouts.models import BooksCheck, BooksResult
from payouts.selectors import BookedLine

ROWS = 50


def entries_of(source_key_prefix: str) -> list[tuple[object, ...]]:
    """Return panel rows of the entries whose transaction's source key has this prefix, oldest first."""
    entries = (
        LedgerEntry.objects.filter(transaction__source_key__startswith=source_key_prefix)
        .select_related("transaction", "account")
        .order_by("pk")[:ROWS]
    )
    return [
        (
            link_to(entry.transaction, what_it_books(entry.transaction)),
            entry.account,
            *debit_and_credit(entry.amount, entry.currency),
            entry.transaction.created_at,
        )
        for entry in entries
    ]


ENTRY_COLUMNS = ["Transaction", "Ledger account", "Debit", "Credit", "Booked"]


def debit_and_credit(amount: int, currency: str) -> tuple[object, object]:
    """Return the cells of an entry's amount, in signed minor units: one of them is empty."""
    shown = Money(abs(amount), currency)
    return (shown, "") if amount < 0 else ("", shown)


@panel(LedgerTransaction)
def entries(transaction: LedgerTransaction) -> Panel:
    rows = list(transaction.entries.select_related("account").order_by("pk"))
    currencies = {entry.currency for entry in rows}
    return Panel(
        "Entries",
        ["Ledger account", "Debit", "Credit", "Balance after"],
        [
            (
                entry.account,
                *debit_and_credit(entry.amount, entry.currency),
                None if entry.balance_after is None else side(Money(entry.balance_after, entry.currency)),
            )
            for entry in rows
        ],
        total=("Sum", *_sums(rows, *currencies), "") if len(currencies) == 1 else (),
    )


def _sums(rows: list[LedgerEntry], currency: str) -> tuple[Money, Money]:
    """Sum debits and credits, both as positive amounts."""
    debit = -sum(entry.amount for entry in rows if entry.amount < 0)
    credit = sum(entry.amount for entry in rows if entry.amount > 0)
    return Money(debit, currency), Money(credit, currency)


@panel(LedgerTransaction)
def owners(transaction: LedgerTransaction) -> Panel:
    accounts = transaction.entries.exclude(account__owner_id=PLATFORM)
    creators = Creator.objects.filter(pk__in=accounts.values("account__owner_id"))
    return Panel("Creators", ["Creator", "Country"], [(creator, creator.country) for creator in creators])


@panel(LedgerAccount)
def running_balance(account: LedgerAccount) -> Panel:
    lines = payouts.running_balance(account, limit=ROWS)
    return lines_panel(account, lines, more=running_balance_of(account.pk))


def running_balance_of(account_id: int) -> str:
    return reverse("admin:running_balance", args=[account_id])


def lines_panel(account: LedgerAccount, lines: list[BookedLine], *, more: str = "") -> Panel:
    """Show an account's entries with the balance after each."""
    return Panel(
        "Running balance, newest first",
        ["Booked", "What", "Debit", "Credit", "Balance"],
        [
            (
                line.created_at,
                link_to(LedgerTransaction(pk=line.transaction_id), line.kind.replace("_", " ").capitalize()),
                *debit_and_credit(line.amount, account.currency),
                side(Money(line.balance, account.currency)),
            )
            for line in lines
        ],
        empty="No entries.",
        more=more,
    )


def side(balance: Money) -> SafeString:
    """Write a balance with the side that it is on, as books do: debit or credit."""
    written = {-1: f"{-balance} Dr", 0: f"{balance}", 1: f"{balance} Cr"}
    sign = (balance.amount > 0) - (balance.amount < 0)
    return format_html('<span class="pc-figure">{}</span>', written[sign])


@panel(LedgerAccount)
def owner(account: LedgerAccount) -> Panel | None:
    if account.owner_id == PLATFORM:
        return None
    creators = Creator.objects.filter(pk=account.owner_id)
    return Panel("Owner", ["Creator", "Country"], [(creator, creator.country) for creator in creators])


@panel(BooksCheck)
def validations(check: BooksCheck) -> Panel:
    return Panel("Checks", ["Check", "Result", "Found", "Took"], validation_rows(check))


def validation_rows(check: BooksCheck) -> list[tuple[object, ...]]:
    """Return panel rows of what each validation found, those that failed first."""
    results = sorted(check.results.all(), key=lambda result: (not result.findings, result.validation))
    return [
        (
            str(result),
            result.verdict,
            _findings(result),
            f"{result.took.total_seconds():.2f} s",
        )
        for result in results
    ]


def _findings(result: BooksResult) -> object:
    if not result.findings:
        return None
    return format_html('<pre class="pc-block">{}</pre>', "\n".join(result.findings))
