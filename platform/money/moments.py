"""Points in time: parsing them, and the bounds of days; UTC."""

import re
from datetime import UTC, date, datetime, time, timedelta

# Times that Python rejects: a pattern, what to parse instead of the number between its groups, and what to add.
_ROLLED_OVER = (
    (
        re.compile(r"(.+[T ][0-9]{2}(?::[0-9]{2}:|[0-9]{2}))60((?:[.,][0-9]+)?(?:Z|[+-].+))"),
        "59",
        timedelta(seconds=1),
    ),
    (re.compile(r"(.+[T ])24((?::?00){1,2}(?:[.,]0+)?(?:Z|[+-].+))"), "00", timedelta(days=1)),
)


def midnight(day: date) -> datetime:
    """Return the first moment of a day."""
    return datetime.combine(day, time.min, UTC)


def last_moment(day: date) -> datetime:
    """Return the last moment of a day."""
    return datetime.combine(day, time.max, UTC)


def parse_time(text: str) -> datetime | None:
    """Parse an ISO 8601 time with a UTC offset, and return it in UTC; None if it is not one.

    As in PostgreSQL, second 60 (a leap second) is the next second, and 24:00:00 is midnight of the next day.
    """
    if "\0" in text:  # Python stops parsing there
        return None
    try:
        return _as_utc(text)
    except OverflowError:
        return None
    except ValueError:
        return _parse_rolled_over(text)


def _parse_rolled_over(text: str) -> datetime | None:
    for pattern, replacement, step in _ROLLED_OVER:
        if match := pattern.fullmatch(text):
            try:
                moment = _as_utc(f"{match[1]}{replacement}{match[2]}")
                return moment and moment + step
            except (ValueError, OverflowError):
                return None
    return None


def _as_utc(text: str) -> datetime | None:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is UTC:
        return moment
    return moment.astimezone(UTC) if moment.tzinfo is not None else None
