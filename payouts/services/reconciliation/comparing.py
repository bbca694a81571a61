"""Comparing what was staged with our records, kind by kind, in SQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from database import sql
from database.staff import SYSTEM
from money import Money
from payouts.models import DifferenceKind

_SQL = Path(__file__).parent / "pass_sql"
_NAMES, _BOOK, _GONE, _TOTALS = (
    sql.read(_SQL / f"{name}.sql") for name in ("names", "book", "gone", "totals")
)
# Each file selects the differences of one kind.
KINDS = {DifferenceKind(path.stem): sql.read(path) for path in sorted((_SQL / "kinds").glob("*.sql"))}
# Escape the percent signs of the kinds' own queries: they aren't parameters.
_SETTLED = {
    kind: sql.read(_SQL / "settled.sql", found=query.replace("%", "%%")) for kind, query in KINDS.items()
}


@dataclass(frozen=True, slots=True)
class Found:
    """A difference. `subject` is Stripe's id, or ours; `amount` is how much more Stripe moved than we recorded."""

    kind: DifferenceKind
    subject: str
    payout_id: UUID | None
    creator_id: UUID | None
    account: str
    amount: Money
    detail: str


@dataclass(frozen=True, slots=True)
class Gone:
    """An open difference that no longer exists."""

    id: UUID
    kind: DifferenceKind
    subject: str


def compare() -> list[Found]:
    """Find the differences that have settled and that no person has explained."""
    sql.run(_NAMES)
    sql.run(_BOOK)
    return [found for kind in KINDS for found in _of_kind(kind)]


def gone() -> list[Gone]:
    """Find the open differences that no longer exist; one whose object wasn't read this time stays open."""
    sql.run(_NAMES)
    sql.run(_BOOK)
    still = [
        (kind, row["subject"])
        for kind, query in KINDS.items()
        for row in sql.rows(f"SELECT subject FROM ({query}) AS found")  # noqa: S608
    ]
    params = {
        "kinds": [kind.value for kind in KINDS],
        "found_kinds": [kind.value for kind, _ in still],
        "found_subjects": [subject for _, subject in still],
    }
    return [Gone(row["id"], DifferenceKind(row["kind"]), row["subject"]) for row in sql.rows(_GONE, params)]


def totals() -> dict[str, dict[str, int]]:
    """Sum what the pass's transfers moved, by currency: at Stripe and in the books."""
    return {
        row["currency"]: {"at_stripe": int(row["at_stripe"]), "in_books": int(row["in_books"])}
        for row in sql.rows(_TOTALS)
    }


def _of_kind(kind: DifferenceKind) -> Iterable[Found]:
    for row in sql.rows(_SETTLED[kind], {"kind": kind.value, "system": SYSTEM}):
        yield Found(
            kind=kind,
            subject=row["subject"],
            payout_id=row["payout_id"],
            creator_id=row["creator_id"],
            account=row["account"],
            amount=Money(row["amount"], row["currency"]),
            detail=row["detail"],
        )
