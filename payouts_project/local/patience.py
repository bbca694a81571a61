"""Waiting with progress messages."""

import time
from collections.abc import Callable

TELL_SECONDS = 10


class Patience:
    """Report what a wait is for, every TELL_SECONDS."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """`say` shows a line to the person at the keyboard."""
        self._say = say
        self.start_over()

    def start_over(self) -> None:
        """Start again, because there was progress."""
        self._since = self._reported = time.monotonic()

    def note(self, obstacle: str) -> None:
        """Record what the wait is for now; can be called at any rate."""
        now = time.monotonic()
        if now - self._reported >= TELL_SECONDS:
            reason = " ".join(obstacle.split())
            self._say(f"  still waiting after {now - self._since:.0f} s: {reason}")
            self._reported = now
