"""The demo's output: a line for each step, its results below, and the progress of waits."""

import textwrap
import time
from collections.abc import Callable

from django.core.management.base import OutputWrapper
from django.core.management.color import Style

PATIENCE_SECONDS = 180
TELL_SECONDS = 10
POLL_SECONDS = 0.2
COLUMNS = 80


class NothingCame(Exception):
    """What the demo waited for didn't happen."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The demo waited {PATIENCE_SECONDS} seconds for {what}. See the logs in .local/log."
        )


class Teller:
    """Writes to the terminal."""

    def __init__(self, out: OutputWrapper, style: Style) -> None:
        self._out = out
        self._style = style

    def step(self, title: str) -> None:
        """Announce a step."""
        self._out.write(self._style.MIGRATE_HEADING(title))
        self._out.flush()

    def say(self, line: str) -> None:
        """Write a result of the step."""
        self._out.write(textwrap.fill(line, COLUMNS, initial_indent="  ", subsequent_indent="  "))
        self._out.flush()

    def wait(self, fact: Callable[[], object], *, what: str, progress: Callable[[], str]) -> None:
        """Return once `fact` is true; write the progress every few seconds.

        Raises: NothingCame.
        """
        started = reported = time.monotonic()
        while not fact():
            now = time.monotonic()
            if now - started > PATIENCE_SECONDS:
                raise NothingCame(what)
            if now - reported >= TELL_SECONDS:
                self.say(f"… {progress()}")
                reported = now
            time.sleep(POLL_SECONDS)
