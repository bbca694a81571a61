"""SQL in files, and the database's clock."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

ROWS_AT_ONCE = 2_000
_HOLE = re.compile(r"\{([a-z_]+)\}")


def read(path: Path, /, **fillings: str) -> str:
    """Read SQL from a file, and fill its holes (`{name}`) with other SQL.

    Raises: ValueError if the fillings don't match the holes.
    """
    if holes(path) != fillings.keys():
        expected, actual = (", ".join(sorted(names)) or "none" for names in (holes(path), fillings))
        raise ValueError(f"{path.name} has these holes: {expected}. The fillings are: {actual}.")
    return _HOLE.sub(lambda hole: fillings[hole[1]], _text(path))


def holes(path: Path) -> set[str]:
    """List the holes of SQL in a file."""
    return set(_HOLE.findall(_text(path)))


@cache
def _text(path: Path) -> str:
    return path.read_text()


def run(statement: str, parameters: Mapping[str, Any] | None = None) -> int:
    """Execute one statement with named parameters (`%(name)s`); return how many rows it affected."""
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
    """Execute one query like `rows`, but fetch in batches, for results that are too large for memory."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        while batch := cursor.fetchmany(ROWS_AT_ONCE):
            for row in batch:
                yield dict(zip(names, row, strict=True))


def new_id() -> UUID:
    """Return a new time-ordered id, for a row that another must name before it is written."""
    (row,) = rows("SELECT uuid7() AS id")
    made: UUID = row["id"]
    return made


def now() -> datetime:
    """Read the database's clock, which decides what is due and what is in the future."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment
