"""Doing something with many at once, so that one of them that can't be done stops only itself."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import DatabaseError, DataError, transaction

T = TypeVar("T")
R = TypeVar("R")
# What PostgreSQL refuses because of what it is given. All else (a connection that is lost, a deadlock, a full disk, a
# column that isn't there yet) is nobody's fault in particular, and passes or must be mended.
# Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
_BY_THE_DATA = (
    "21",  # cardinality violation
    "22",  # data exception: a sum that passes bigint
    "23",  # integrity constraint violation: checks, keys, and what our triggers refuse
    "44",  # WITH CHECK OPTION violation
    "54",  # program limit exceeded: an array or a row that grew too large
    "P0",  # PL/pgSQL error
    "XX000",  # internal error: a statement that PostgreSQL can't do with these values
)


def do_in_halves(
    items: Sequence[T], *, act: Callable[[Sequence[T]], R], give_up: Callable[[T, DatabaseError], R]
) -> list[R]:
    """Act on all items in one transaction; if the data is at fault, on each half, until only the culprit is left.

    What failed leaves no trace. The culprit is given up, and all others are acted on, in order. Return what came of
    each part. Errors that are not the data's doing are raised: what was done until then is committed.
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
    """Say whether an error is due to what was stored or written, rather than to the server or the connection."""
    state = getattr(error.__cause__, "sqlstate", None)
    if state is None:
        # Found by psycopg itself, in a value that Python can't hold.
        return isinstance(error, DataError)
    return str(state).startswith(_BY_THE_DATA)
