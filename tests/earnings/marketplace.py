"""A marketplace's own database, on the tests' server, with sales, refunds and usage in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.db import connection

from database import sql
from earnings.services.shared_tables import ReadResult, read_shared_tables

MONTH = ("2024-01-01T00:00Z", "2024-02-01T00:00Z")
PAID_AT = "2024-01-15T12:00Z"
FIRST_CHANGE = datetime(2024, 1, 15, 12, tzinfo=UTC)
TABLES = """
CREATE TABLE users (id {id} PRIMARY KEY, email text);
CREATE TABLE apis (id {id} PRIMARY KEY, creator_id {id}, name text);
CREATE TABLE pricing_plans (id {id} PRIMARY KEY, api_id {id});
CREATE TABLE subscriptions (id {id} PRIMARY KEY, pricing_plan_id {id}, consumer_id {id}, status text);
CREATE TABLE invoices (
    id {id} PRIMARY KEY, subscription_id {id}, amount numeric, currency text, status text, period_start {time},
    period_end {time}, paid_at {time}, updated_at {time} DEFAULT now()
);
CREATE INDEX ON invoices (updated_at, id);
"""
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "billing.md"
GRANTS = DOCUMENTATION.read_text(encoding="utf-8").partition("```sql\n")[2].partition("```")[0]
USAGE = "CREATE TABLE api_usage (api_id {id}, subscription_id {id}, hour timestamptz, calls bigint)"


class Marketplace:
    """The marketplace's tables. Row n has the id `ident(n)`; subscription n is for API n of creator n."""

    def __init__(self, name: str, *, id_type: str = "bigint", time_type: str = "timestamptz") -> None:
        """Recreate the tables in the database with this name."""
        self.parameters = {**_server(), "dbname": name}
        self.id_type = id_type
        self._sql = self.connect(autocommit=True)
        self.run("DROP SCHEMA public CASCADE")
        self.run("CREATE SCHEMA public")
        self.run("GRANT USAGE ON SCHEMA public TO PUBLIC")
        self.run(TABLES.format(id=id_type, time=time_type))

    @property
    def url(self) -> str:
        return "postgresql://{user}:{password}@{host}:{port}/{dbname}".format(**self.parameters)

    def connect(self, **options: Any) -> psycopg.Connection[Any]:
        made: psycopg.Connection[Any] = psycopg.connect(**self.parameters, **options)
        return made

    @contextmanager
    def role(self, *, grants: str) -> Iterator[dict[str, Any]]:
        """Create the role that these statements call payouts_reader; yield its connection parameters."""
        name = f"reader_{uuid4().hex}"
        self.run(grants.replace("payouts_reader", name))
        try:
            yield {**self.parameters, "user": name, "password": "secret"}
        finally:
            self.run(f"DROP OWNED BY {name}; DROP ROLE {name}")

    def close(self) -> None:
        self._sql.close()

    def run(self, statement: str, *values: object) -> list[Any]:
        cursor = self._sql.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []

    def ident(self, number: int) -> str:
        made = {"uuid": str(UUID(int=number)), "text": f"id_{number}"}
        return made.get(self.id_type, str(number))

    def record(self, number: int) -> str:
        return f"invoice:{self.ident(number)}"

    def offer(self, *numbers: int) -> None:
        """Create creators with one API each, and a subscription to it."""
        for number in numbers:
            ident = self.ident(number)
            self.run("INSERT INTO users VALUES (%s, %s)", ident, f"creator{number}@example.com")
            self.run("INSERT INTO apis VALUES (%s, %s, %s)", ident, ident, f"API {number}")
            self.run("INSERT INTO pricing_plans VALUES (%s, %s)", ident, ident)
            self.run("INSERT INTO subscriptions VALUES (%s, %s, %s, 'active')", ident, ident, self.ident(900))

    def sell(self, number: int, **fields: Any) -> None:
        """Create an invoice; by default $10 for subscription 1, paid in January 2024."""
        self.sell_in(self._sql, number, **fields)

    def sell_in(self, session: psycopg.Connection[Any], number: int, **fields: Any) -> None:
        columns: dict[str, Any] = {
            "id": self.ident(number),
            "subscription_id": self.ident(1),
            "amount": "10.00",
            "currency": "USD",
            "status": "paid",
            "period_start": MONTH[0],
            "period_end": MONTH[1],
            "paid_at": PAID_AT,
        } | fields
        names, places = ", ".join(columns), ", ".join(["%s"] * len(columns))
        session.execute(f"INSERT INTO invoices ({names}) VALUES ({places})", [*columns.values()])

    def sell_many(self, count: int) -> None:
        """Create `count` such invoices, numbered from 1, each changed a second after the one before."""
        self.run(
            "INSERT INTO invoices SELECT n, 1, 10, 'USD', 'paid', %s, %s, %s, %s + n * interval '1 second'"
            " FROM generate_series(1, %s) AS n",
            *MONTH,
            PAID_AT,
            FIRST_CHANGE,
            count,
        )

    def changed_at(self, number: int) -> datetime:
        """Return when one of these was changed."""
        return FIRST_CHANGE + timedelta(seconds=number)

    def change(self, number: int, **fields: Any) -> None:
        """Change an invoice, and its `updated_at`."""
        columns = {"updated_at": datetime.now().astimezone()} | fields
        assignments = ", ".join(f"{name} = %s" for name in columns)
        self.run(f"UPDATE invoices SET {assignments} WHERE id = %s", *columns.values(), self.ident(number))

    def count_usage(self) -> None:
        self.run(USAGE.format(id=self.id_type))

    def use(self, calls: int, *, hour: str = PAID_AT, number: int = 1) -> None:
        ident = self.ident(number)
        self.run("INSERT INTO api_usage VALUES (%s, %s, %s, %s)", ident, ident, hour, calls)


def read(marketplace: Marketplace, **fields: Any) -> ReadResult:
    """Make one pass over the tables."""
    return read_shared_tables(marketplace.parameters, **{"now": sql.now()} | fields)


@contextmanager
def new_database() -> Iterator[str]:
    """Create a second database on the tests' server, and drop it at the end."""
    name = f"marketplace_{uuid4().hex}"
    with psycopg.connect(**_server(), dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _server() -> dict[str, Any]:
    settings = connection.settings_dict
    return {name.lower(): settings[name] for name in ("HOST", "PORT", "USER", "PASSWORD")}
