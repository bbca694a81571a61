"""Ids like Stripe's: a prefix for the kind of object, then time and randomness."""

import secrets
import string
import time

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_TIME_LENGTH = 9
_CHANCE_LENGTH = 14
_CHANCE_BITS = 80  # the range of this many digits


def new_id(prefix: str) -> str:
    """Make an id that sorts by its creation time (to the microsecond) and can't be guessed."""
    born = _base62(time.time_ns() // 1_000, length=_TIME_LENGTH)
    chance = _base62(secrets.randbits(_CHANCE_BITS), length=_CHANCE_LENGTH)
    return f"{prefix}_1{born}{chance}"


def _base62(number: int, *, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
