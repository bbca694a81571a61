"""Read-only pages for the ledger."""

from datetime import datetime

from django.contrib import admin

from database.admin import (
    LargeTableAdmin,
    column,
    copied,
    link,
    money,
    name_of,
    narrowed_by,
    narrowed_to,
    number,
    state,
)
from ledger.models import PLATFORM, AccountKind, LedgerAccount, LedgerEntry, LedgerTransaction
from money import Money


@name_of.register
def _(entry: LedgerEntry) -> str:
    return str(Money(entry.amount, entry.currency))


@column("Type")
def what_it_books(transaction: LedgerTransaction) -> str:
    return transaction.kind.replace("_", " ").capitalize()


@column("Owner", kind="id")
def owner(account: LedgerAccount) -> object:
    return "Platform" if account.owner_id == PLATFORM else account.owner_id


@admin.register(LedgerAccount)
class LedgerAccountAdmin(LargeTableAdmin):
    list_display = ["__str__", owner, "currency", money("balance")]
    list_filter = ["kind", narrowed_to("currency")]
    search_fields = ["owner_id"]
    search_help_text = "Creator id, or its UUID"
    details = [state("kind", AccountKind), owner, "currency", money("balance")]


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(LargeTableAdmin):
    list_display = ["source_key", what_it_books, "created_at"]
    search_fields = ["source_key__startswith"]
    search_help_text = "Start of a source key, such as payout:<id>: or posting:<n>:"
    details = [copied("source_key", "Source key"), what_it_books, "created_at"]


@column("Booked at")
def booked_at(entry: LedgerEntry) -> datetime:
    return entry.transaction.created_at


@admin.register(LedgerEntry)
class LedgerEntryAdmin(LargeTableAdmin):
    list_display = [
        number,
        link("account", "Ledger account"),
        money("amount"),
        money("balance_after"),
        link("transaction"),
        booked_at,
    ]
    list_select_related = ["account", "transaction"]
    list_filter = [narrowed_by("account", LedgerAccount), narrowed_by("transaction", LedgerTransaction)]
    details = [
        link("account", "Ledger account"),
        money("amount"),
        money("balance_after"),
        link("transaction"),
        booked_at,
    ]
