"""The books check: named validations over one snapshot, each with its findings."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.apps import apps
from django.db import connection, transaction

from database import locks, sql
from payouts.errors import BooksCheckUnderWay

FINDINGS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Validation:
    """The result of one validation; it holds if there are no findings. At most FINDINGS_SHOWN are listed."""

    name: str
    findings: Sequence[str]


class BooksDisagree(Exception):
    """A validation of the books doesn't hold."""

    def __init__(self, failed: Sequence[Validation]) -> None:
        super().__init__("; ".join(f"{validation.name}: {validation.findings[0]}" for validation in failed))
        self.failed = failed


@cache
def validations() -> Sequence[Path]:
    """List the validations of all apps, by name.

    Each file in an app's `books_sql` is one: it selects a `finding` for everything that breaks the law in its name.
    """
    found = (path for app in apps.get_app_configs() for path in Path(app.path).rglob("books_sql/*.sql"))
    return sorted(found, key=lambda path: path.stem)


def check() -> list[Validation]:
    """Run all validations on one snapshot. Must be called outside a transaction.

    One check runs at a time: Celery redelivers the task while a long one runs.

    Raises: BooksCheckUnderWay.
    """
    with locks.taken("payouts.check_books") as alone, transaction.atomic(durable=True):
        if not alone:
            raise BooksCheckUnderWay
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            # The validations join whole tables. With stale statistics, a nested loop would run for minutes.
            cursor.execute("SET LOCAL enable_nestloop = off")
        return [Validation(name=path.stem, findings=_findings(sql.read(path))) for path in validations()]


def _findings(validation: str) -> Sequence[str]:
    # Materialized: given the limit, the planner would expect findings soon, and mostly there are none.
    some = f"WITH found AS MATERIALIZED (\n{validation}) SELECT finding FROM found LIMIT {FINDINGS_SHOWN}"  # noqa: S608
    return [row["finding"] for row in sql.rows(some)]


def require_sound() -> None:
    """Raises: BooksDisagree."""
    failed = [validation for validation in check() if validation.findings]
    if failed:
        raise BooksDisagree(failed)
