"""Checking the books: named validations over one snapshot, each with what it found."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.apps import apps
from django.db import connection, transaction

from database import sql

FINDINGS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Validation:
    """One validation's result; no findings means that it holds. At most FINDINGS_SHOWN are listed."""

    name: str
    findings: Sequence[str]


class BooksDisagree(Exception):
    """Some validation of the books does not hold."""

    def __init__(self, failed: Sequence[Validation]) -> None:
        super().__init__("; ".join(f"{validation.name}: {validation.findings[0]}" for validation in failed))
        self.failed = failed


@cache
def validations() -> Sequence[Path]:
    """List the validations of all apps, by name.

    Each file in an app's `books_sql` is one: it selects a `finding` for everything that is not as its name says.
    """
    found = (path for app in apps.get_app_configs() for path in Path(app.path).rglob("books_sql/*.sql"))
    return sorted(found, key=lambda path: path.stem)


def check() -> list[Validation]:
    """Run every validation on one snapshot. Must be called outside a transaction."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            # All rows are compared with all: where statistics are young, a loop over both sides runs for minutes.
            cursor.execute("SET LOCAL enable_nestloop = off")
        return [Validation(name=path.stem, findings=_findings(sql.read(path))) for path in validations()]


def _findings(validation: str) -> Sequence[str]:
    # Materialized, as the planner would take a limit for a promise that findings come soon; mostly there are none.
    some = f"WITH found AS MATERIALIZED (\n{validation}) SELECT finding FROM found LIMIT {FINDINGS_SHOWN}"  # noqa: S608
    return [row["finding"] for row in sql.rows(some)]


def require_sound() -> None:
    """Raises: BooksDisagree."""
    failed = [validation for validation in check() if validation.findings]
    if failed:
        raise BooksDisagree(failed)
