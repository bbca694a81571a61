"""Which part of the books a check reads: all of it, or what is new since a checkpoint.

A validation names what it reads by holes (`{last_posting}`, `{payouts}`), which a scope fills with SQL. New is what was
written since the checkpoint, and what belongs to a payout that moved or an earning that grew since.

Ids are not in the order of commits. So a checkpoint vouches only for rows that were written some time before it: the
transactions that were open then have ended.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from database import sql
from money import month_of
from payouts.models import BooksCheckpoint

Scope = Mapping[str, str]
SETTLED = timedelta(hours=1)
# What a ledger transaction books may bear an earlier time than it: that at which a long posting or run began.
FACTS_SETTLED = timedelta(hours=6)
WHOLE: Scope = {
    "checkpoint": "0",
    "last_batch": "0",
    "last_posting": "0",
    "last_event": "0",
    "last_transaction": "0",
    "last_entry": "0",
    "since": "'-infinity'::timestamptz",
    "made_since": "'00000000-0000-0000-0000-000000000000'::uuid",
    "payouts": "SELECT id FROM payouts",
    "runs": "SELECT id FROM payout_runs",
    "earnings": "SELECT id FROM creator_earnings",
    "charges": "SELECT charge_id FROM charge_takebacks",
    "creators_paid": "SELECT id FROM creators",
    "in_months": "TRUE",
}
_SQL = Path(__file__).parent / "scope_sql"
_MARKS = sql.read(_SQL / "marks.sql")


def since(checkpoint: BooksCheckpoint) -> Scope:
    """Return what is new since the checkpoint."""
    began = checkpoint.checked_at - FACTS_SETTLED
    marks = {
        "checkpoint": str(checkpoint.pk),
        "last_batch": str(checkpoint.last_batch),
        "last_posting": str(checkpoint.last_posting),
        "last_event": str(checkpoint.last_event),
        "last_transaction": str(checkpoint.last_transaction),
        "last_entry": str(checkpoint.last_entry),
        "since": f"'{began.isoformat()}'::timestamptz",
        "made_since": f"'{_first_uuid(began)}'::uuid",
    }
    sets = {
        name: filled(_SQL / f"{name}.sql", marks)
        for name in ("payouts", "runs", "earnings", "charges", "creators_paid")
    }
    months = (row["month"] for row in sql.rows(filled(_SQL / "months.sql", marks)))
    return marks | sets | {"in_months": _in_months(months)}


def filled(path: Path, scope: Scope) -> str:
    """Read SQL from a file, and fill its holes from the scope."""
    return sql.read(path, **{hole: scope[hole] for hole in sql.holes(path)})


def next_checkpoint(
    scope: Scope, *, now: datetime, is_whole: bool
) -> tuple[BooksCheckpoint, Mapping[int, Decimal]]:
    """Return the checkpoint that this scope leads to, unsaved, and its balances by ledger account."""
    (marks,) = sql.rows(_MARKS, {"settled": now - SETTLED, "facts_settled": now - FACTS_SETTLED})
    balances = sql.rows(filled(_SQL / "balances.sql", scope), {"last_entry": marks["last_entry"]})
    return (
        BooksCheckpoint(checked_at=now, is_whole=is_whole, **marks),
        {row["account_id"]: row["amount"] for row in balances},
    )


def _first_uuid(moment: datetime) -> UUID:
    """Return the lowest time-ordered UUID of this moment."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _in_months(months: Iterable[date]) -> str:
    ranges = (
        f"(at >= '{month_of(month).starts_at.isoformat()}' AND at < '{month_of(month).ends_at.isoformat()}')"
        for month in months
    )
    return f"({' OR '.join(ranges) or 'FALSE'})"
