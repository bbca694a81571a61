"""What every connection of ours is set to, and what it refuses, before it is used."""

from pathlib import Path
from typing import Any
from weakref import WeakSet

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.signals import connection_created

from database import sql

OLDEST_SERVER = 150000  # the oldest that the tests run on
ENCODING = "UTF8"
_SESSION = sql.read(Path(__file__).with_name("session.sql"))
# A pool's connections are given out again and again.
_prepared: WeakSet[psycopg.Connection[Any]] = WeakSet()


def prepare_connections() -> None:
    connection_created.connect(_prepare, dispatch_uid="database.sessions")


def _prepare(*, connection: Any, **kwargs: object) -> None:
    if connection.vendor != "postgresql" or connection.connection in _prepared:
        return
    try:
        _refuse_unfit(connection)
        with connection.cursor() as cursor:
            cursor.execute(_SESSION)
    except BaseException:
        connection.close()  # else its next user would find it open, and as it came
        raise
    _prepared.add(connection.connection)


def _refuse_unfit(connection: Any) -> None:
    if connection.pg_version < OLDEST_SERVER:
        found = connection.pg_version // 10000
        raise ImproperlyConfigured(
            f"PostgreSQL 15 or newer is needed; DATABASE_URL leads to version {found}."
        )
    encoding = connection.connection.info.parameter_status("server_encoding")
    if encoding != ENCODING:
        raise ImproperlyConfigured(
            f"DATABASE_URL leads to a database that is encoded in {encoding}. It can't hold every name: create one "
            "WITH ENCODING 'UTF8' TEMPLATE template0."
        )
