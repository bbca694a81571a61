"""One long-running program and the process which runs it."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import leftovers, privileges
from .errors import NotReady, StopRequested

POLL_SECONDS = 0.05
LOG_TAIL_LINES = 15
# How long a program that ends at once is tried again: what a killed PostgreSQL leaves is in use for 1-3 s.
RESTART_PATIENCE_SECONDS = 5


def _stay() -> None:
    pass


@dataclass(frozen=True)
class Program:
    """What to run, how to see that it is ready and how to end it."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    """The folder it works for: what a leftover is known by."""
    log: Path
    is_ready: Callable[[], bool]
    cwd: Path
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    """What it gets from the kernel when whoever started it dies."""
    assume_identity: Callable[[], None] = field(default=_stay)


class Child:
    """The process of a program: at most one at a time, the leader of a process group of its own."""

    def __init__(self, program: Program) -> None:
        """Start nothing yet."""
        self.program = program
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The running process, or None."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def spawn(self) -> None:
        """Start the process without waiting for it; what an earlier one left behind is killed first."""
        self._kill_group()
        parent = os.getpid()
        program = self.program

        def before_exec() -> None:
            program.assume_identity()
            privileges.die_with_parent(parent=parent, death_signal=program.death_signal)

        with program.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                program.command,
                cwd=program.cwd,
                env={**program.environment, leftovers.MARK: str(program.directory)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=before_exec,  # noqa: PLW1509
            )

    def start(self, *, timeout: float, stopping: threading.Event | None = None) -> None:
        """Start the process and return when it is ready.

        Raises:
            NotReady: after `timeout` seconds, or when it keeps ending.
            StopRequested: as soon as `stopping` is set.
        """
        started = time.monotonic()
        self.spawn()
        while not (self.pid and self.program.is_ready()):
            waited = time.monotonic() - started
            if stopping and stopping.is_set():
                raise StopRequested
            if waited > timeout or (self.pid is None and waited > RESTART_PATIENCE_SECONDS):
                self.stop(timeout=0)
                raise NotReady(self.program.name, self._log_tail())
            if self.pid is None:
                time.sleep(10 * POLL_SECONDS)
                self.spawn()
            time.sleep(POLL_SECONDS)

    def stop(self, *, timeout: float) -> None:
        """Ask the process to end; after `timeout` seconds kill it and every process it started."""
        if self._process and self.pid:
            self._process.send_signal(self.program.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
        self._kill_group()

    def _kill_group(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _log_tail(self) -> str:
        lines = self.program.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])
