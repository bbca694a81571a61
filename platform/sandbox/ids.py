"""Ids as Stripe makes them: a prefix that says what it is, then time and chance."""

import secrets
import string
import time

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_TIME_LENGTH = 9
_CHANCE_LENGTH = 14
_CHANCE_BITS = 80  # what so many digits can hold


def new_id(prefix: str) -> str:
    """Make an id that sorts by its time of birth (to the microsecond) and cannot be guessed."""
    born = _base62(time.time_ns() // 1_000, length=_TIME_LENGTH)
    chance = _base62(secrets.randbits(_CHANCE_BITS), length=_CHANCE_LENGTH)
    return f"{prefix}_1{born}{chance}"


def _base62(number: int, *, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
