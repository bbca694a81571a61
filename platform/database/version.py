"""The oldest PostgreSQL that the tables here work on."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.signals import connection_created

OLDEST_SERVER = 150000  # the oldest that the tests run on


def refuse_older_servers() -> None:
    connection_created.connect(_check, dispatch_uid="database.version")


def _check(*, connection: Any, **kwargs: object) -> None:
    if connection.vendor == "postgresql" and connection.pg_version < OLDEST_SERVER:
        found = connection.pg_version // 10000
        raise ImproperlyConfigured(
            f"PostgreSQL 15 or newer is needed; DATABASE_URL leads to version {found}."
        )
