"""Processing many items at once, so that an item that fails doesn't stop the others."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import DatabaseError, DataError, transaction

T = TypeVar("T")
R = TypeVar("R")
# Errors that PostgreSQL raises because of the data. All others (a lost connection, a deadlock, a full disk, a missing
# column) aren't any item's fault: they pass by themselves, or somebody has to fix them.
# Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
_BY_THE_DATA = (
    "21",  # cardinality violation
    "22",  # data exception: a sum that exceeds bigint
    "23",  # integrity constraint violation: checks, keys, and our triggers
    "44",  # WITH CHECK OPTION violation
    "54",  # program limit exceeded: an array or a row that grew too large
    "P0",  # PL/pgSQL error
    "XX000",  # internal error: a statement that PostgreSQL can't do with these values
)


def do_in_halves(
    items: Sequence[T], *, act: Callable[[Sequence[T]], R], give_up: Callable[[T, DatabaseError], R]
) -> list[R]:
    """Act on all items in one transaction. If the data causes an error, act on each half, until one item is left.

    Failures are rolled back. The item that causes the error is given up, and all others are acted on, in order. Return
    the result of each part. Other errors are raised; what was done before them stays committed.
    """
    try:
        with transaction.atomic():
            return [act(items)]
    except DatabaseError as error:
        if not is_by_the_data(error):
            raise
        fault = error
    if len(items) == 1:
        return [give_up(items[0], fault)]
    middle = len(items) // 2
    return [
        done
        for half in (items[:middle], items[middle:])
        for done in do_in_halves(half, act=act, give_up=give_up)
    ]


def is_by_the_data(error: DatabaseError) -> bool:
    """Check whether an error is caused by the data, rather than by the server or the connection."""
    state = getattr(error.__cause__, "sqlstate", None)
    if state is None:
        # Raised by psycopg itself, for a value that Python can't represent.
        return isinstance(error, DataError)
    return str(state).startswith(_BY_THE_DATA)
