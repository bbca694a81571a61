"""The books check: named validations over one snapshot, each with its findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from time import perf_counter

from django.apps import apps
from django.db import connection, transaction

from database import locks, sql
from payouts.errors import BooksCheckUnderWay
from payouts.models import BooksCheck, BooksCheckpoint, BooksResult, CheckpointBalance
from payouts.services.reconciliation import scope
from payouts.services.reconciliation.scope import WHOLE, Scope

FINDINGS_SHOWN = 20
# The nightly check is whole once a week: at the first night that is this long after the last whole one began.
WHOLE_AFTER = timedelta(days=6, hours=12)
_ONE_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
# The validations join whole tables. With stale statistics, a nested loop would run for minutes.
_WHOLE_TABLES = "SET LOCAL enable_nestloop = off"


@dataclass(frozen=True, slots=True)
class Validation:
    """The result of one validation; it holds if there are no findings. At most FINDINGS_SHOWN are listed."""

    name: str
    findings: Sequence[str]
    took: timedelta


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


def check_all(*, now: datetime) -> list[Validation]:
    """Check all of the books on one snapshot. Must be called outside a transaction.

    One check runs at a time: Celery redelivers the task while a long one runs.

    Raises: BooksCheckUnderWay.
    """
    return _check(None, now=now)


def check_new(*, now: datetime) -> list[Validation]:
    """Check what is new since the last checkpoint like `check_all`; without a checkpoint, all of the books.

    Raises: BooksCheckUnderWay.
    """
    return _check(BooksCheckpoint.objects.order_by("-pk").first(), now=now)


def require_sound() -> None:
    """Check all of the books. Raises: BooksDisagree, BooksCheckUnderWay."""
    _require(check_all(now=sql.now()))


def check_nightly(*, now: datetime) -> None:
    """Check what is new; once a week, all of the books. Raises: BooksDisagree, BooksCheckUnderWay."""
    wholes = BooksCheckpoint.objects.filter(is_whole=True, checked_at__gt=now - WHOLE_AFTER)
    _require(check_new(now=now) if wholes.exists() else check_all(now=now))


def findings(validation: Path, part: Scope = WHOLE) -> Sequence[str]:
    """Run one validation in the caller's transaction."""
    # Materialized: given the limit, the planner would expect findings soon, and mostly there are none.
    statement = scope.filled(validation, part)
    some = f"WITH found AS MATERIALIZED (\n{statement}) SELECT finding FROM found LIMIT {FINDINGS_SHOWN}"  # noqa: S608
    return [row["finding"] for row in sql.rows(some)]


def _check(checkpoint: BooksCheckpoint | None, *, now: datetime) -> list[Validation]:
    with locks.taken("payouts.check_books") as alone:
        if not alone:
            raise BooksCheckUnderWay
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(_ONE_SNAPSHOT)
            if checkpoint is None:
                cursor.execute(_WHOLE_TABLES)
            part = scope.since(checkpoint) if checkpoint else WHOLE
            checked = [_validate(path, part) for path in validations()]
            reached, balances = scope.next_checkpoint(part, now=now, is_whole=checkpoint is None)
        _keep(checked, now=now, is_whole=checkpoint is None)
        if not any(validation.findings for validation in checked):
            _save(reached, balances)
    return checked


def _validate(path: Path, part: Scope) -> Validation:
    began = perf_counter()
    found = findings(path, part)
    return Validation(path.stem, found, took=timedelta(seconds=perf_counter() - began))


@transaction.atomic
def _keep(checked: Sequence[Validation], *, now: datetime, is_whole: bool) -> None:
    """Keep what a check found, for people: the next check goes by checkpoints alone."""
    made = BooksCheck.objects.create(
        started_at=now,
        is_whole=is_whole,
        validations=len(checked),
        failed=sum(bool(validation.findings) for validation in checked),
    )
    BooksResult.objects.bulk_create(
        BooksResult(books_check=made, validation=each.name, findings=list(each.findings), took=each.took)
        for each in checked
    )


@transaction.atomic
def _save(reached: BooksCheckpoint, balances: Mapping[int, Decimal]) -> None:
    reached.save()
    CheckpointBalance.objects.bulk_create(
        CheckpointBalance(checkpoint=reached, account_id=account, amount=amount)
        for account, amount in balances.items()
    )


def _require(checked: Sequence[Validation]) -> None:
    if failed := [validation for validation in checked if validation.findings]:
        raise BooksDisagree(failed)
