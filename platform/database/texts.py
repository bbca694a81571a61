"""Text from outside, made storable in PostgreSQL, or legible."""

import re
import unicodedata

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Characters that show nothing, and those that turn the direction of what follows: U+202E shows "abc" as "cba".
_DECEPTIVE = re.compile("[\u200b\u202a-\u202e\u2060-\u206f\ufeff]")


def storable(text: str) -> str:
    """Replace NULs and lone surrogates with U+FFFD, the replacement character."""
    return _UNSTORABLE.sub("\ufffd", text)


def legible(text: str) -> str:
    """Leave out what hides or turns around the text that people read; empty if nothing visible is left."""
    shown = _DECEPTIVE.sub("", text).strip()
    return shown if any(unicodedata.category(character)[0] not in "CZ" for character in shown) else ""
