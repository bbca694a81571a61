"""SQL that lives in files, and the database's clock."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection

ROWS_AT_ONCE = 2_000


@cache
def read(path: Path) -> str:
    return path.read_text()


def run(statement: str, parameters: Mapping[str, Any] | None = None) -> int:
    """Execute one statement with named parameters (`%(name)s`); return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def rows(statement: str, parameters: Mapping[str, Any] | None = None) -> Iterable[dict[str, Any]]:
    """Execute one query with named parameters; return its rows as dicts."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def stream(statement: str, parameters: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Execute one query like `rows`, and fetch some at a time: for results that shall not lie in memory."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        while some := cursor.fetchmany(ROWS_AT_ONCE):
            for row in some:
                yield dict(zip(names, row, strict=True))


def now() -> datetime:
    """Read the database's clock, the one that decides what is due and what is in the future."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment
