"""Text that others wrote, as PostgreSQL can hold it."""

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Replace each NUL and each half of a character (a lone surrogate) by U+FFFD, the replacement character."""
    return _UNSTORABLE.sub("\ufffd", text)
