"""The base class of embedded servers: each has its own folder, and one process."""

import sys
import threading
from abc import ABC, abstractmethod
from pathlib import Path

from .patience import Patience
from .programs import Child, Program

START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 20


class EmbeddedServer(ABC):
    """A server whose data, password and port are stored in `directory`, readable only by its user.

    It takes over the folder: a server left behind by a killed process is stopped first.
    """

    def __init__(self, directory: Path, *, log: Path | None = None) -> None:
        """Write to `log`, or to a file in `directory`."""
        self.directory = directory.resolve()
        self.log = log or self.directory / "log"
        self._child: Child | None = None

    @abstractmethod
    def prepare(self) -> tuple[str, Program]:
        """Prepare the folder and choose the port; return the URL and the program to run."""

    def start(self) -> str:
        """Start the server with its existing data, and return its URL."""
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
        """Stop the server, which ends its clients' sessions; its data stays."""
        if self._child:
            self._child.request_stop()
            self._child.wait_until_stopped(timeout=STOP_TIMEOUT_SECONDS)

    @property
    def pid(self) -> int | None:
        """The process id of the running server, or None."""
        return self._child.pid if self._child else None


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
