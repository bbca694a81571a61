"""Programs, and the processes that run them."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import leftovers, privileges
from .errors import ProgramFailed, StopRequested

POLL_SECONDS = 0.05
LOG_TAIL_LINES = 15
# How long to retry a program that ends immediately: a killed PostgreSQL's resources stay in use for 1-3 s.
RETRY_FOR_SECONDS = 5
RETRY_PAUSE_SECONDS = 0.5


def keep_identity() -> None:
    """Run as the user who started the program."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run, and the folder that it belongs to, by which leftovers are recognized."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    working_directory: Path
    log: Path
    assume_identity: Callable[[], None] = keep_identity


@dataclass(frozen=True, kw_only=True)
class Program(Command):
    """A command that runs until it is stopped.

    `obstacle` returns why it isn't ready yet, or an empty text once it is. `death_signal` is sent when its parent dies.
    """

    obstacle: Callable[[], str]
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL


class Child:
    """The process of a program: at most one at a time, in its own process group."""

    def __init__(self, program: Program) -> None:
        """Don't start the process yet."""
        self.program = program
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The running process, or None."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def spawn(self) -> None:
        """Start the process without waiting; leftovers of an earlier one are killed first."""
        self._end_group()
        self._process = _spawn(self.program, self.program.death_signal)

    def wait_until_ready(
        self, *, timeout: float, stopping: threading.Event, tell: Callable[[str], None]
    ) -> None:
        """Return when the program is ready; until then `tell` is called repeatedly with the reason why it isn't.

        Raises:
            ProgramFailed: after `timeout` seconds, or when it keeps ending.
            StopRequested: as soon as `stopping` is set.
        """
        name, started = self.program.name, time.monotonic()
        while obstacle := self._obstacle():
            waited = time.monotonic() - started
            if stopping.is_set():
                raise StopRequested
            if waited > timeout or (self.pid is None and waited > RETRY_FOR_SECONDS):
                raise ProgramFailed(f"{name} did not start: {obstacle}", log_tail(self.program.log))
            tell(f"{name}: {obstacle}")
            if self.pid is None:
                time.sleep(RETRY_PAUSE_SECONDS)
                self.spawn()
            time.sleep(POLL_SECONDS)

    def request_stop(self) -> None:
        """Ask the process to end, without waiting."""
        if self._process and self.pid:
            self._process.send_signal(self.program.stop_signal)

    def wait_until_stopped(self, *, timeout: float) -> None:
        """Return when the process and its children are gone; after `timeout` seconds they are killed."""
        if self._process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
            self._end_group()

    def _obstacle(self) -> str:
        return "it ended at once" if self.pid is None else self.program.obstacle()

    def _end_group(self) -> None:
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


def run(command: Command, *, stopping: threading.Event) -> None:
    """Run a command until it ends.

    Raises:
        ProgramFailed: it ended with an error.
        StopRequested: `stopping` was set meanwhile; the command is killed.
    """
    process = _spawn(command, signal.SIGKILL)
    while process.poll() is None:
        if stopping.wait(POLL_SECONDS):
            process.kill()
            process.wait()
            raise StopRequested
    if process.returncode != 0:
        raise ProgramFailed(f"{command.name} ended with {process.returncode}", log_tail(command.log))


def log_tail(log: Path) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:])


def _spawn(command: Command, death_signal: signal.Signals) -> subprocess.Popen[bytes]:
    parent = os.getpid()

    def before_exec() -> None:
        command.assume_identity()
        privileges.die_with_parent(parent=parent, death_signal=death_signal)

    with command.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            command.arguments,
            cwd=command.working_directory,
            env={**command.environment, leftovers.MARK: str(command.directory)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=before_exec,  # noqa: PLW1509
        )
