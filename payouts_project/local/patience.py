"""Waiting that is not silent."""

import time
from collections.abc import Callable

TELL_SECONDS = 10


class Patience:
    """Tell what is waited for, every TELL_SECONDS that it lasts."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """`say` shows a line to the person at the keyboard."""
        self._say = say
        self.start_over()

    def start_over(self) -> None:
        """Begin anew: something came of the waiting."""
        self._since = self._told = time.monotonic()

    def note(self, obstacle: str) -> None:
        """Take note of what is waited for now, as often as one likes."""
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            reason = " ".join(obstacle.split())
            self._say(f"  still waiting after {now - self._since:.0f} s: {reason}")
            self._told = now
