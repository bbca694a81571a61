"""Moments: how they are written, and where days begin; UTC."""

import re
from datetime import UTC, date, datetime, time, timedelta

# Times that Python refuses, and what each is so much later than: before and after the number in the middle.
_ROLLED_OVER = (
    (
        re.compile(r"(.+[T ][0-9]{2}(?::[0-9]{2}:|[0-9]{2}))60((?:[.,][0-9]+)?(?:Z|[+-].+))"),
        "59",
        timedelta(seconds=1),
    ),
    (re.compile(r"(.+[T ])24((?::?00){1,2}(?:[.,]0+)?(?:Z|[+-].+))"), "00", timedelta(days=1)),
)


def midnight(day: date) -> datetime:
    """Return the moment at which a day begins."""
    return datetime.combine(day, time.min, UTC)


def last_moment(day: date) -> datetime:
    """Return the moment at which a day ends: the last that is still its own."""
    return datetime.combine(day, time.max, UTC)


def parse_time(text: str) -> datetime | None:
    """Read an ISO 8601 time with its offset, as UTC; None if it is not one.

    As PostgreSQL reads them, second 60 (a leap second) is the next second, and 24:00:00 the next day's beginning.
    """
    if "\0" in text:  # Python stops reading there
        return None
    try:
        return _as_utc(text)
    except OverflowError:
        return None
    except ValueError:
        return _parse_rolled_over(text)


def _parse_rolled_over(text: str) -> datetime | None:
    for written, before, step in _ROLLED_OVER:
        if match := written.fullmatch(text):
            try:
                moment = _as_utc(f"{match[1]}{before}{match[2]}")
                return moment and moment + step
            except (ValueError, OverflowError):
                return None
    return None


def _as_utc(text: str) -> datetime | None:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo is not None else None
