"""Reads of the books: the trial balance, the running balance of an account, and the last check."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from database import sql
from ledger.models import AccountKind, LedgerAccount
from money import Money
from payouts.models import BooksCheck

_SQL = Path(__file__).parent / "ledger_sql"
_TRIAL_BALANCE, _RUNNING = (sql.read(_SQL / f"{name}.sql") for name in ("trial_balance", "running_balance"))
_NEWEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class TrialBalanceRow:
    """The accounts of one kind in one currency; both sums are positive, and `accounts` counts those not at zero.

    `account_id` is the platform's account of this kind; None for creators' accounts.
    """

    kind: AccountKind
    debit: Money
    credit: Money
    accounts: int
    account_id: int | None


class BookedLine(NamedTuple):
    """One entry of an account, in signed minor units (credits positive), and the account's balance after it."""

    id: int
    transaction_id: int
    source_key: str
    kind: str
    created_at: datetime
    amount: int
    balance: int


def trial_balance() -> dict[str, list[TrialBalanceRow]]:
    """Sum all ledger accounts on one snapshot, by currency; debits and credits are equal if the books balance."""
    rows: dict[str, list[TrialBalanceRow]] = {}
    for row in sql.rows(_TRIAL_BALANCE):
        debit, credit = (Money(row[side], row["currency"]) for side in ("debit", "credit"))
        rows.setdefault(row["currency"], []).append(
            TrialBalanceRow(AccountKind(row["kind"]), debit, credit, row["accounts"], row["account_id"])
        )
    return rows


def running_balance(account: LedgerAccount, *, before: int | None = None, limit: int) -> list[BookedLine]:
    """List an account's entries, newest first, each with the balance after it.

    `before` is the id of the entry that the page before ended with; None for the newest page.
    """
    params = {"account": account.pk, "before": before or _NEWEST, "limit": limit}
    return [BookedLine(**row) for row in sql.rows(_RUNNING, params)]


def last_books_check() -> BooksCheck | None:
    return BooksCheck.objects.order_by("-pk").first()
