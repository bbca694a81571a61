"""Changes that the database refuses, and the tests' own transaction undoes."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from database import sql


@contextmanager
def guards_off() -> Iterator[None]:
    """Let the test do what the triggers refuse, as a restored backup or a superuser's mistake could."""
    sql.run("SET CONSTRAINTS ALL IMMEDIATE")
    sql.run("SET session_replication_role = replica")
    try:
        yield
    finally:
        sql.run("SET session_replication_role = DEFAULT")


@contextmanager
def undone() -> Iterator[None]:
    """Undo everything that the block does."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
