"""The supervisor: one process per clone that starts its programs, keeps them running and stops them."""

import fcntl
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from . import leftovers
from .errors import LocalError, StopRequested
from .programs import Child, Program, run
from .stack import Stack
from .status import Phase, ProgramStatus, Status

START_TIMEOUT_SECONDS = 120
STOP_TIMEOUT_SECONDS = 15
WATCH_SECONDS = 0.2
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30
# After this time a program counts as healthy, and its backoff starts again.
HEALTHY_SECONDS = 60

logger = logging.getLogger(__name__)


class AlreadySupervised(LocalError):
    """Another supervisor is running for this clone."""


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Lock `path` exclusively; the kernel releases it when the process ends, however it ends."""
    with path.open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise AlreadySupervised from held
        yield


class Supervisor:
    """Starts a stack, restarts what dies, and stops everything on request."""

    def __init__(self, directory: Path, prepare: Callable[[], Stack]) -> None:
        """`prepare` may take a while or raise LocalError; it is called once this supervisor has the clone's lock."""
        self._directory = directory
        self._prepare = prepare
        self._status = Status(supervisor=os.getpid(), phase=Phase.STARTING)
        self._stopping = threading.Event()
        self._stages: list[list[_Watched]] = []

    def request_stop(self) -> None:
        """Make `supervise` return, from a signal handler or another thread."""
        self._stopping.set()

    def supervise(self) -> None:
        """Run until asked to stop, and leave nothing running.

        Raises:
            AlreadySupervised: nothing was touched.
            LocalError: the stack could not be started; the status says so too.
        """
        with exclusive(self._directory / "supervisor.lock"):
            leftovers.kill(self._directory)
            try:
                self._report(Phase.STARTING)
                self._start(self._prepare())
                self._report(Phase.READY)
                self._watch()
            except StopRequested:
                pass
            except LocalError as error:
                self._stop()
                self._status.error = str(error)
                self._report(Phase.FAILED)
                raise
            self._report(Phase.STOPPING)
            self._stop()
            self._report(Phase.STOPPED)

    def _start(self, stack: Stack) -> None:
        for server in stack.servers:
            self._start_together([server])
        self._note_waiting(f"{stack.migration.name} is at work")
        run(stack.migration, stopping=self._stopping)
        self._note_ready(stack.migration.name)
        self._start_together(stack.service)

    def _start_together(self, programs: Sequence[Program]) -> None:
        stage = [_Watched(Child(program)) for program in programs]
        self._stages.append(stage)
        for watched in stage:
            watched.child.spawn()
        for watched in stage:
            watched.child.wait_until_ready(
                timeout=START_TIMEOUT_SECONDS, stopping=self._stopping, tell=self._note_waiting
            )
            self._note_ready(watched.child.program.name)

    def _watch(self) -> None:
        while not self._stopping.wait(WATCH_SECONDS):
            now = time.monotonic()
            changed = [watched for watched in self._watched() if watched.keep_running(now)]
            if changed:
                self._report(Phase.READY)

    def _stop(self) -> None:
        for stage in reversed(self._stages):
            for watched in reversed(stage):
                watched.child.request_stop()
            for watched in reversed(stage):
                watched.child.wait_until_stopped(timeout=STOP_TIMEOUT_SECONDS)

    def _watched(self) -> Iterator["_Watched"]:
        return chain.from_iterable(self._stages)

    def _note_ready(self, name: str) -> None:
        logger.info("%s is ready", name)
        self._status.ready.append(name)
        self._report(Phase.STARTING)

    def _note_waiting(self, obstacle: str) -> None:
        if obstacle != self._status.waiting:
            self._status.waiting = obstacle
            self._report(Phase.STARTING)

    def _report(self, phase: Phase) -> None:
        self._status.phase = phase
        self._status.programs = {
            watched.child.program.name: ProgramStatus(watched.child.pid, watched.restarts)
            for watched in self._watched()
        }
        self._status.write(self._directory / "status.json")


class _Watched:
    """A child with its restarts and backoff."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.restarts = 0
        self._pause: float = FIRST_PAUSE_SECONDS
        self._started_at = time.monotonic()
        self._start_at: float | None = None

    def keep_running(self, now: float) -> bool:
        """Restart the program after a backoff if it ended; return whether anything changed."""
        if self.child.pid is not None:
            return False
        if self._start_at is None:
            if now - self._started_at > HEALTHY_SECONDS:
                self._pause = FIRST_PAUSE_SECONDS
            logger.warning("%s ended; it starts again in %s s", self.child.program.name, self._pause)
            self._start_at = now + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
            return True
        if now < self._start_at:
            return False
        self.child.spawn()
        self.restarts += 1
        self._started_at, self._start_at = now, None
        return True


def main(directory: Path, prepare: Callable[[], Stack]) -> None:
    """Supervise until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    supervisor = Supervisor(directory, prepare)
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda _number, _frame: supervisor.request_stop())
    supervisor.supervise()
