"""Stripe's data, streamed into temporary tables so that SQL can compare it with our records."""

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path

from django.conf import settings
from django.db import connection

from database import sql
from payouts.gateway import BankPayout, Transfer, listing
from payouts.gateway.listing import Unreadable
from payouts.gateway.objects import REVERSED, BalanceTransaction
from stripe_io import pacing
from stripe_io import selectors as inbox
from stripe_io.errors import StripeCallFailed

logger = logging.getLogger(__name__)
_SQL = Path(__file__).parent / "pass_sql"
_STAGE, _ACCOUNTS, _UNLISTED = (sql.read(_SQL / f"{name}.sql") for name in ("stage", "accounts", "unlisted"))
_LISTINGS, _TRACES = (sql.read(_SQL / f"{name}.sql") for name in ("listings", "traces"))
_UNREADABLE = "SELECT DISTINCT id, detail FROM stripe_unreadable ORDER BY id LIMIT 20"
ROWS_AT_ONCE = 2_000
# Banks return payouts days later, and what Stripe didn't show last time is read again.
OVERLAP = timedelta(days=7)
# An account that was listed within this time has had its turn in today's passes.
TODAY = timedelta(hours=20)
# Each account takes its own request. This many at once use the rate that Stripe allows, despite its latency.
ACCOUNTS_AT_ONCE = 8

Listed = Transfer | BalanceTransaction | BankPayout | Unreadable
# The table for each type, and its columns.
_TABLES: dict[type[Listed], tuple[str, tuple[str, ...]]] = {
    Transfer: (
        "stripe_transfers",
        (
            "id",
            "amount",
            "amount_reversed",
            "currency",
            "destination",
            "transfer_group",
            "reference",
            "attempt_key",
            "attempt_id",
            "created",
        ),
    ),
    BalanceTransaction: (
        "stripe_transactions",
        ("id", "kind", "transfer_id", "amount", "currency", "created"),
    ),
    BankPayout: (
        "stripe_bank_payouts",
        (
            "id",
            "account",
            "amount",
            "currency",
            "status",
            "original_payout",
            "came_back",
            "attempt_key",
            "attempt_id",
            "created",
            "trace_id",
            "trace_status",
        ),
    ),
    Unreadable: ("stripe_unreadable", ("id", "account", "detail")),
}


@dataclass(slots=True)
class Staged:
    """How many of each were listed, and how many accounts and objects Stripe didn't show.

    `accounts` is how many connected accounts were read, and `accounts_left` how many wait for the next pass.
    """

    transfers: int = 0
    accounts: int = 0
    accounts_left: int = 0
    transactions: int = 0
    bank_payouts: int = 0
    unread: int = 0


def stage(*, since: datetime, settled: datetime, now: datetime) -> Staged:
    """Read all that moved since then, newest first.

    Raises: StripeCallFailed if the platform's own lists can't be read: half a list is never compared. An account
    whose list can't be read doesn't stop the others.
    """
    params = {
        "since": since,
        "settled": settled,
        "currency": settings.DEFAULT_CURRENCY,
        "ignores_foreign": settings.IGNORE_FOREIGN_TRANSFERS,
    }
    sql.run(_STAGE, params)
    staged = Staged()
    staged.transfers = _copy(listing.list_transfers(since=since))
    for kind in (listing.TRANSFER, REVERSED):
        staged.transactions += _copy(listing.list_transactions(kind, since=since))
    if not settings.BANK_PAYOUTS_BY_STRIPE:  # otherwise Stripe makes them, not us
        _stage_bank_payouts(staged, now=now)
    # Autovacuum doesn't analyze temporary tables, and the planner needs statistics for the joins.
    sql.run("ANALYZE stripe_transfers, stripe_transactions, stripe_bank_payouts")
    staged.unread += look_again((row["id"], row["account"]) for row in sql.rows(_UNLISTED))
    _copy_ids("events_under_way", inbox.objects_under_way(since=settled))
    return staged


def keep_traces() -> None:
    """Keep by what banks find the bank payouts that were staged."""
    sql.run(_TRACES)


def look_again(subjects: Iterable[tuple[str, str]]) -> int:
    """Retrieve objects by (id, account) and replace what was staged; return how many Stripe didn't show."""
    return sum(not _look(subject, account=account) for subject, account in subjects)


def unreadable() -> str:
    """Name the objects and accounts that were staged as unreadable; empty if all could be read."""
    unread = [f"{row['id']}: {row['detail']}" for row in sql.rows(_UNREADABLE)]
    return f"could not be read: {'; '.join(unread)}" if unread else ""


def _look(subject: str, *, account: str) -> bool:
    _forget(subject)
    try:
        if subject.startswith("tr_"):
            answer = listing.retrieve_transfer(subject)
            found: list[Listed] = [] if answer is None else [answer[0], *answer[1]]
        else:
            payout = listing.retrieve_bank_payout(subject, account=account)
            found = [] if payout is None else [payout]
    except StripeCallFailed as error:
        logger.warning("Stripe did not show %s: %s", subject, error)
        return False
    if found:
        _copy(found)
    else:
        _copy_ids("stripe_absent", [subject])
    return True


def remember_listings(*, now: datetime) -> None:
    """Remember the accounts that were listed, so that others come first in the next pass."""
    sql.run(_LISTINGS, {"now": now})


def _stage_bank_payouts(staged: Staged, *, now: datetime) -> None:
    """List the bank payouts of as many connected accounts as a pass may read."""
    at_most = settings.RECONCILE_ACCOUNTS_PER_PASS
    turns = list(sql.rows(_ACCOUNTS, {"overlap": OVERLAP, "today": now - TODAY, "at_most": at_most}))
    staged.accounts = len(turns)
    staged.accounts_left = max(0, turns[0]["due"] - at_most) if turns else 0
    remaining = iter(turns)
    with ThreadPoolExecutor(ACCOUNTS_AT_ONCE) as pool:
        while some := list(islice(remaining, ROWS_AT_ONCE)):
            lists = list(pool.map(lambda turn: _listed(turn["account"], since=turn["since"]), some))
            staged.bank_payouts += _copy(chain.from_iterable(payouts for payouts in lists if payouts))
            staged.unread += lists.count(None)
            read = [
                (turn["account"],) for turn, payouts in zip(some, lists, strict=True) if payouts is not None
            ]
            _write("stripe_accounts", ["account"], read)


def _listed(account: str, *, since: datetime) -> list[BankPayout | Unreadable] | None:
    pacing.wait_in_background()
    try:
        return listing.list_bank_payouts(account, since=since)
    except StripeCallFailed as error:
        logger.warning("Stripe did not show %s: %s", account, error)
        return None


def _copy(listed: Iterable[Listed]) -> int:
    """Copy objects into their tables, in chunks, so that no statement stays open while we wait for Stripe."""
    count = 0
    remaining = iter(listed)
    while some := list(islice(remaining, ROWS_AT_ONCE)):
        for kind, (table, columns) in _TABLES.items():
            if rows := [attrgetter(*columns)(row) for row in some if isinstance(row, kind)]:
                _write(table, columns, rows)
        count += len(some)
    return count


def _copy_ids(table: str, ids: Iterable[str]) -> None:
    _write(table, ["id"], [(object_id,) for object_id in ids])


def _write(table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _forget(subject: str) -> None:
    for table, column in (
        ("stripe_transfers", "id"),
        ("stripe_transactions", "transfer_id"),
        ("stripe_bank_payouts", "id"),
        ("stripe_unreadable", "id"),
        ("stripe_absent", "id"),
    ):
        sql.run(f"DELETE FROM {table} WHERE {column} = %(subject)s", {"subject": subject})  # noqa: S608
