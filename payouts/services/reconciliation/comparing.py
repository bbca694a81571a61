"""Comparing what was staged with what is written here, kind by kind, in SQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from database import sql
from database.staff import SYSTEM
from money import Money
from payouts.models import DifferenceKind

_SQL = Path(__file__).parent / "pass_sql"
_BOOK, _GONE, _TOTALS = (sql.read(_SQL / f"{name}.sql") for name in ("book", "gone", "totals"))
# Each file is one kind of difference, and selects those that there are.
KINDS = {DifferenceKind(path.stem): sql.read(path) for path in sorted((_SQL / "kinds").glob("*.sql"))}
# What the kinds' own queries hold of percent signs is not for parameters.
_SETTLED = {
    kind: sql.read(_SQL / "settled.sql", found=query.replace("%", "%%")) for kind, query in KINDS.items()
}


@dataclass(frozen=True, slots=True)
class Found:
    """A difference: `subject` is Stripe's id, or ours; `amount` is how much more Stripe moved than is written here."""

    kind: DifferenceKind
    subject: str
    payout_id: UUID | None
    creator_id: UUID | None
    account: str
    amount: Money
    detail: str


@dataclass(frozen=True, slots=True)
class Gone:
    """An open difference that is none any more."""

    id: UUID
    kind: DifferenceKind
    subject: str


def compare() -> list[Found]:
    """Find what differs, is not moving any more and has not been explained by a person."""
    sql.run(_BOOK)
    return [found for kind in KINDS for found in _of_kind(kind)]


def gone() -> list[Gone]:
    """Find the open differences that are none any more; one whose object was not looked at stays."""
    sql.run(_BOOK)
    still = [
        (kind, row["subject"])
        for kind, query in KINDS.items()
        for row in sql.rows(f"SELECT subject FROM ({query}) AS found")  # noqa: S608
    ]
    parameters = {
        "kinds": [kind.value for kind in KINDS],
        "found_kinds": [kind.value for kind, _ in still],
        "found_subjects": [subject for _, subject in still],
    }
    return [
        Gone(row["id"], DifferenceKind(row["kind"]), row["subject"]) for row in sql.rows(_GONE, parameters)
    ]


def totals() -> dict[str, dict[str, int]]:
    """Sum up what the window's transfers moved, by currency: at Stripe and in the books."""
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
