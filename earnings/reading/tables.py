"""The marketplace's own PostgreSQL tables, read from one read-only snapshot in chunks."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import psycopg
from psycopg.rows import class_row

from database import sql
from earnings.errors import BillingDatabaseRefused
from earnings.reading.invoices import IN_QUESTION, PAID, TAKEN_BACK, Invoice

CHUNK = 10_000
REQUIRED_COLUMNS = {
    "invoices": [
        "id",
        "subscription_id",
        "amount",
        "currency",
        "status",
        "period_start",
        "period_end",
        "paid_at",
        "updated_at",
    ],
    "subscriptions": ["id", "pricing_plan_id", "consumer_id"],
    "pricing_plans": ["id", "api_id"],
    "apis": ["id", "creator_id", "name"],
    "users": ["id", "email"],
}
# `invoices.pricing_plan_id` is optional, too.
OPTIONAL_COLUMNS = {"api_usage": ["api_id", "subscription_id", "hour", "calls"]}
# An unreachable database must not block the hourly task.
_CONNECTION = {
    "application_name": "payouts",
    "client_encoding": "utf8",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
_SQL = Path(__file__).parent / "tables_sql"
_SETTLED, _SESSION, _COLUMNS, _CALLS, _APIS, _MONTHS, _PAID = (
    sql.read(_SQL / f"{name}.sql")
    for name in ("settled", "session", "columns", "calls", "apis", "months", "paid")
)
_NO_CALLS = "NULL::bigint"
_STATUSES = {"paid": list(PAID), "taken_back": list(TAKEN_BACK), "in_question": list(IN_QUESTION)}
# An invoice of zero is not a charge.
_PAID_OR_TAKEN_BACK = (
    "(invoice.status::text = ANY(%(taken_back)s)"
    " OR invoice.status::text = ANY(%(paid)s) AND invoice.amount IS DISTINCT FROM 0)"
)
_CHANGED_SINCE = f"{_PAID_OR_TAKEN_BACK} AND invoice.updated_at >= %(since)s"
_UNDATED = f"{_PAID_OR_TAKEN_BACK} AND invoice.updated_at IS NULL"
_BY_ID = "invoice.id::text = ANY(%(ids)s)"
_OWN_PLAN = "coalesce(invoice.pricing_plan_id, subscription.pricing_plan_id)"
_SUBSCRIPTIONS_PLAN = "subscription.pricing_plan_id"
Row = TypeVar("Row")


class MarketplaceApi(NamedTuple):
    """An API and its current owner, from the marketplace's tables."""

    id: str
    name: str | None
    creator_id: str | None
    creator_email: str | None


class PaidMonth(NamedTuple):
    """Totals of the invoices paid in one month and currency; `ids` is a checksum of which invoices they are."""

    month: str
    currency: str | None
    invoices: int
    amount: Decimal
    ids: Decimal


class PaidInvoice(NamedTuple):
    id: str
    status: str
    amount: Decimal | None
    currency: str | None
    month: str | None


class BillingTables:
    """A snapshot of the tables.

    `settled_until`: transactions that the snapshot can't see yet began after this time, by the database's clock.
    If `sees_all` is False, other roles' open transactions are hidden from us, and may have begun earlier.
    `has_plans`: invoices name their own plan, so it doesn't matter if their subscription has moved since.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """Raises: BillingDatabaseRefused if a table or a column is missing."""
        self._connection = connection
        with _refusals():
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            # Before the snapshot: otherwise we would miss a transaction that ends between the two.
            with connection.transaction():
                connection.execute(_SESSION)
                self.settled_until, self.sees_all = _one(connection.execute(_SETTLED))
            connection.execute(_SESSION)
            found = self._verify_columns()
        self.has_plans = "pricing_plan_id" in found["invoices"]
        self._invoices = partial(
            sql.read,
            _SQL / "invoices.sql",
            plan=_OWN_PLAN if self.has_plans else _SUBSCRIPTIONS_PLAN,
            calls=_CALLS if "api_usage" in found else _NO_CALLS,
        )

    def apis(self) -> Iterator[list[MarketplaceApi]]:
        """Yield all APIs, in chunks. Raises: BillingDatabaseRefused."""
        return self._chunks(_APIS, MarketplaceApi)

    def undated_invoices(self) -> Iterator[list[Invoice]]:
        """Yield the invoices without `updated_at`, in chunks. Raises: BillingDatabaseRefused."""
        return self._chunks(self._invoices(which=_UNDATED), Invoice, _STATUSES)

    def invoices(self, *, since: datetime) -> Iterator[list[Invoice]]:
        """Yield the invoices changed since then, in chunks, oldest change first. Raises: BillingDatabaseRefused."""
        return self._chunks(self._invoices(which=_CHANGED_SINCE), Invoice, _STATUSES | {"since": since})

    def invoices_by_id(self, ids: Sequence[str]) -> Iterator[list[Invoice]]:
        """Yield the invoices with these ids, in any status, in chunks. Raises: BillingDatabaseRefused."""
        return self._chunks(self._invoices(which=_BY_ID), Invoice, {"ids": list(ids)})

    def paid_months(self) -> Iterator[list[PaidMonth]]:
        """Yield the monthly totals of all paid invoices, in chunks. Raises: BillingDatabaseRefused."""
        return self._chunks(_MONTHS, PaidMonth, _STATUSES)

    def paid_invoices(self, *, months: Sequence[str]) -> Iterator[list[PaidInvoice]]:
        """Yield invoices paid in these months, and those in question from any month. Raises: BillingDatabaseRefused."""
        return self._chunks(_PAID, PaidInvoice, _STATUSES | {"months": list(months)})

    def _chunks(
        self, statement: str, row: type[Row], params: Mapping[str, Any] | None = None
    ) -> Iterator[list[Row]]:
        with self._connection.cursor("payouts", row_factory=class_row(row)) as cursor:
            with _refusals():
                cursor.execute(statement, params)
                rows = cursor.fetchmany(CHUNK)
            while rows:
                yield rows
                with _refusals():
                    rows = cursor.fetchmany(CHUNK)

    def _verify_columns(self) -> Mapping[str, set[str]]:
        """Make sure that each table has the columns that are read; return all that it has."""
        found: dict[str, set[str]] = defaultdict(set)
        tables = [*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS]
        for table, column in self._connection.execute(_COLUMNS, {"tables": tables}):
            found[table].add(column)
        wanted = REQUIRED_COLUMNS | {
            table: columns for table, columns in OPTIONAL_COLUMNS.items() if table in found
        }
        missing = [
            f"{table}.{column}" if table in found else table
            for table, columns in wanted.items()
            for column in columns
            if column not in found.get(table, ())
        ]
        if missing:
            names = ", ".join(dict.fromkeys(missing))
            raise BillingDatabaseRefused(
                f"it has no {names}, or we have no permission to read them. See docs/billing.md."
            )
        return found


@contextmanager
def open_billing_tables(parameters: Mapping[str, Any]) -> Iterator[BillingTables]:
    """Connect, and take a snapshot of the tables.

    Raises: BillingDatabaseRefused if the database can't be reached, or a table or column is missing.
    """
    with _refusals():
        connection = psycopg.connect(**{**_CONNECTION, **parameters})
    with closing(connection):
        yield BillingTables(connection)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise BillingDatabaseRefused(str(error).strip() or type(error).__name__) from error


def _one(cursor: psycopg.Cursor[Any]) -> Any:
    """Return a query's only row."""
    (row,) = cursor.fetchall()
    return row
