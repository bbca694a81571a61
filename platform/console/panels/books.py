"""Panels of the ledger: the entries of a payout, a transaction or a ledger account, and their owners."""

from accounts.models import Creator
from database.admin import Panel, link_to, list_of, panel
from ledger.admin import what_it_books
from ledger.models import PLATFORM, LedgerAccount, LedgerEntry, LedgerTransaction
from money import Money

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
            Money(entry.amount, entry.currency),
            entry.transaction.created_at,
        )
        for entry in entries
    ]


ENTRY_COLUMNS = ["Transaction", "Ledger account", "Amount", "Booked"]


@panel(LedgerTransaction)
def entries(transaction: LedgerTransaction) -> Panel:
    rows = list(transaction.entries.select_related("account").order_by("pk"))
    sums: dict[str, Money] = {}
    for entry in rows:
        sums[entry.currency] = sums.get(entry.currency, Money(0, entry.currency)) + Money(
            entry.amount, entry.currency
        )
    return Panel(
        "Entries",
        ["Ledger account", "Amount", "Balance after"],
        [
            (
                entry.account,
                Money(entry.amount, entry.currency),
                None if entry.balance_after is None else Money(entry.balance_after, entry.currency),
            )
            for entry in rows
        ],
        total=("Sum", *sums.values(), "") if len(sums) == 1 else (),
    )


@panel(LedgerTransaction)
def owners(transaction: LedgerTransaction) -> Panel:
    accounts = transaction.entries.exclude(account__owner_id=PLATFORM)
    creators = Creator.objects.filter(pk__in=accounts.values("account__owner_id"))
    return Panel("Creators", ["Creator", "Email"], [(creator, creator.email) for creator in creators])


@panel(LedgerAccount)
def last_entries(account: LedgerAccount) -> Panel:
    rows = account.entries.select_related("transaction").order_by("-pk")[:ROWS]
    return Panel(
        "Latest entries",
        ["Transaction", "Amount", "Balance after", "Booked"],
        [
            (
                entry.transaction,
                Money(entry.amount, entry.currency),
                None if entry.balance_after is None else Money(entry.balance_after, entry.currency),
                entry.transaction.created_at,
            )
            for entry in rows
        ],
        more=list_of(LedgerEntry, account=account.pk),
    )


@panel(LedgerAccount)
def owner(account: LedgerAccount) -> Panel | None:
    if account.owner_id == PLATFORM:
        return None
    creators = Creator.objects.filter(pk=account.owner_id)
    return Panel("Owner", ["Creator", "Email"], [(creator, creator.email) for creator in creators])
