"""Counts of what waits for staff, beside the sidebar's items."""

from pathlib import Path
from typing import NamedTuple

from django.db import connection

from database import sql

_MOST = 1_000
_COUNT = sql.read(Path(__file__).with_name("badges.sql"))


class Waiting(NamedTuple):
    """How many of each wait, up to 1,000: proposals for a second person, and what is not resolved."""

    proposals: int
    differences: int
    quarantined: int


NOTHING = Waiting(0, 0, 0)


def count() -> Waiting:
    """Count in one statement over partial indexes, on every page, so that a badge is right at once."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"most": _MOST})
        return Waiting(*cursor.fetchone())


def shown(count: int) -> str:
    """Return a badge's text; empty, so that there is no badge, for zero."""
    return f"{_MOST - 1}+" if count >= _MOST else str(count or "")
