"""What the demonstration tells while it goes: a line for each step, what came of it below, and how a wait goes on."""

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
    """What the demonstration waited for did not come about."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The demo waited {PATIENCE_SECONDS} seconds for {what}. See the logs in .local/log."
        )


class Teller:
    """Writes for whoever watches."""

    def __init__(self, out: OutputWrapper, style: Style) -> None:
        self._out = out
        self._style = style

    def step(self, title: str) -> None:
        """Say what is done now."""
        self._out.write(self._style.MIGRATE_HEADING(title))
        self._out.flush()

    def say(self, line: str) -> None:
        """Say what came of it."""
        self._out.write(textwrap.fill(line, COLUMNS, initial_indent="  ", subsequent_indent="  "))
        self._out.flush()

    def wait(self, fact: Callable[[], object], *, what: str, progress: Callable[[], str]) -> None:
        """Return once `fact` holds; say every few seconds how far it is.

        Raises: NothingCame.
        """
        started = told = time.monotonic()
        while not fact():
            now = time.monotonic()
            if now - started > PATIENCE_SECONDS:
                raise NothingCame(what)
            if now - told >= TELL_SECONDS:
                self.say(f"… {progress()}")
                told = now
            time.sleep(POLL_SECONDS)


def counted(number: int, noun: str) -> str:
    """Say how many there are: `1 payout`, `2,901 payouts`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
