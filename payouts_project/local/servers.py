"""What the embedded servers have in common: a folder of their own, and one process that serves it."""

import sys
import threading
from abc import ABC, abstractmethod
from pathlib import Path

from .patience import Patience
from .programs import Child, Program

START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 20


class EmbeddedServer(ABC):
    """A server whose data, password and port are kept in `directory`, open to whoever runs it only.

    It takes the folder over: a server that a killed process left there is stopped first.
    """

    def __init__(self, directory: Path, *, log: Path | None = None) -> None:
        """Write to `log`, or to a file in `directory`."""
        self.directory = directory.resolve()
        self.log = log or self.directory / "log"
        self._child: Child | None = None

    @abstractmethod
    def prepare(self) -> tuple[str, Program]:
        """Make the folder ready and choose the port; return the URL and what is to be run."""

    def start(self) -> str:
        """Start the server, with what it held when it was stopped, and return its URL."""
        self.stop()
        url, program = self.prepare()
        self._child = Child(program)
        self._child.spawn()
        try:
            self._child.wait_until_ready(
                timeout=START_TIMEOUT_SECONDS, stopping=threading.Event(), tell=Patience(_say).note
            )
        except BaseException:
            self.stop()
            raise
        return url

    def stop(self) -> None:
        """Stop the server, ending the sessions of its clients; what it holds stays."""
        if self._child:
            self._child.request_stop()
            self._child.wait_until_stopped(timeout=STOP_TIMEOUT_SECONDS)

    @property
    def pid(self) -> int | None:
        """The running server's process, or None."""
        return self._child.pid if self._child else None


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
