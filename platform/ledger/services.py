"""Posting to the books, one transaction or a set of them, by the same set-based SQL."""

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
    """What one account gains (positive) or gives (negative); `creator_id` None names a shared account."""

    account: AccountKind
    amount: Money
    creator_id: UUID | None = None


def post(*, source_key: str, kind: str, lines: Sequence[Line]) -> bool:
    """Book one transaction inside the caller's; return False if this source key was booked before.

    Raises: django.db.IntegrityError if the lines don't sum to zero in each currency.
    """
    parameters = {
        "source_key": source_key,
        "kind": kind,
        "creators": [line.creator_id for line in lines],
        "accounts": [line.account.value for line in lines],
        "currencies": [line.amount.currency for line in lines],
        "amounts": [line.amount.amount for line in lines],
    }
    return post_set(_ONE_TRANSACTION, parameters) == 1


def post_set(lines: str, parameters: Mapping[str, Any] | None = None) -> int:
    """Book the transactions that a query yields, inside the caller's; return how many were new.

    `lines` selects (source_key text, kind text, creator_id uuid, account text, currency text, amount bigint),
    and must yield the same rows each of the three times it runs. Lines of no amount are left out. A source
    key booked before is left as it is. Creators' accounts are locked in key order, and only theirs.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("the books are posted to inside the transaction whose facts they book")
    *_, posted = [sql.run(sql.read(step, lines=lines), parameters) for step in _STEPS]
    return posted
