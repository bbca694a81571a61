"""Work that only one process does at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

from database import sql


@contextmanager
def taken(name: str) -> Iterator[bool]:
    """Try to take the lock of this name, for as long as the block lasts; yield whether it was free.

    It belongs to the database session, so PostgreSQL releases it even if this process dies.
    """
    name_of_lock = {"name": name}
    (row,) = sql.rows("SELECT pg_try_advisory_lock(hashtextextended(%(name)s, 0)) AS taken", name_of_lock)
    try:
        yield row["taken"]
    finally:
        if row["taken"]:
            sql.rows("SELECT pg_advisory_unlock(hashtextextended(%(name)s, 0))", name_of_lock)


@contextmanager
def held(name: str) -> Iterator[None]:
    """Hold the lock of this name for as long as the block lasts, once whoever has it releases it."""
    name_of_lock = {"name": name}
    sql.rows("SELECT pg_advisory_lock(hashtextextended(%(name)s, 0))", name_of_lock)
    try:
        yield
    finally:
        sql.rows("SELECT pg_advisory_unlock(hashtextextended(%(name)s, 0))", name_of_lock)
