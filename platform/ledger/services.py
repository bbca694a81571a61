"""Posting to the ledger: one transaction or a set of them, by the same set-based SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from database import sql
from ledger.models import AccountKind
from money import Money

_STEPS = [
    Path(__file__).with_name(f"{name}.sql") for name in ("ensure_accounts", "lock_accounts", "post_lines")
]
_ONE_TRANSACTION = """
SELECT
    %(source_key)s::text AS source_key, %(kind)s::text AS kind,
    line.creator_id, line.account, line.currency, line.amount
FROM unnest(%(creators)s::uuid[], %(accounts)s::text[], %(currencies)s::text[], %(amounts)s::bigint[])
    AS line(creator_id, account, currency, amount)
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A credit (positive) or debit (negative) of one account; `creator_id` None means the platform's account."""

    account: AccountKind
    amount: Money
    creator_id: UUID | None = None


def post(*, source_key: str, kind: str, lines: Sequence[Line]) -> bool:
    """Book one transaction in the caller's database transaction; return False if its source key is already booked.

    Raises: django.db.IntegrityError if the lines don't sum to zero in each currency.
    """
    params = {
        "source_key": source_key,
        "kind": kind,
        "creators": [line.creator_id for line in lines],
        "accounts": [line.account.value for line in lines],
        "currencies": [line.amount.currency for line in lines],
        "amounts": [line.amount.amount for line in lines],
    }
    return post_set(_ONE_TRANSACTION, params) == 1


def post_set(lines: str, params: Mapping[str, Any] | None = None) -> int:
    """Book the transactions that a query selects, in the caller's database transaction; return how many were new.

    `lines` selects (source_key text, kind text, creator_id uuid, account text, currency text, amount bigint),
    and must return the same rows each of the three times it runs. Lines of zero are left out. A source key that is
    already booked is skipped. Only creators' accounts are locked, in key order.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("ledger entries must be posted in the transaction that records what they book")
    *_, posted = [sql.run(sql.read(step, lines=lines), params) for step in _STEPS]
    return posted
