"""Settings and checks of each new database connection."""

from pathlib import Path
from typing import Any
from weakref import WeakSet

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.signals import connection_created

from database import sql

OLDEST_SERVER = 150000  # the oldest version that the tests run on
ENCODING = "UTF8"
_SESSION = sql.read(Path(__file__).with_name("session.sql"))
# A pool hands out the same connections again and again.
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
        connection.close()  # otherwise its next user would get it unprepared
        raise
    _prepared.add(connection.connection)


def _refuse_unfit(connection: Any) -> None:
    if connection.pg_version < OLDEST_SERVER:
        found = connection.pg_version // 10000
        raise ImproperlyConfigured(
            f"PostgreSQL 15 or newer is required. The server at DATABASE_URL is version {found}."
        )
    encoding = connection.connection.info.parameter_status("server_encoding")
    if encoding != ENCODING:
        raise ImproperlyConfigured(
            f"The database at DATABASE_URL is encoded in {encoding}, which can't store every name. Create one "
            "WITH ENCODING 'UTF8' TEMPLATE template0."
        )
