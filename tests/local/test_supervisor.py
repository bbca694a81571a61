"""The supervisor restarts what dies, and nothing outlives it. Its programs in these tests are stand-ins."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from payouts_project.local import leftovers, status
from payouts_project.local.errors import ProgramFailed
from payouts_project.local.patience import Patience
from payouts_project.local.programs import Child, Program
from payouts_project.local.status import Phase, Status

if TYPE_CHECKING:
    from .conftest import Eventually, RunPython

pytestmark = pytest.mark.full
# A stack of two programs with a migration between them; the second program starts its own child process.
SUPERVISE = """
import os, sys
from pathlib import Path
from payouts_project.local import leftovers, supervisor
from payouts_project.local.programs import Command, Program
from payouts_project.local.stack import Stack

directory = Path(sys.argv[1])
os.environ[leftovers.MARK] = str(directory)

def common(name, script):
    return dict(
        name=name, arguments=("sh", "-c", script), environment=dict(os.environ), directory=directory,
        working_directory=directory, log=directory / f"{name}.log",
    )

def program(name, script):
    ready = directory / f"{name}.ready"
    return Program(**common(name, script), obstacle=lambda: "" if ready.exists() else f"{ready.name} is missing")

supervisor.main(directory, lambda: Stack(
    servers=[program("server", "echo up >> server.log; touch server.ready; exec sleep 300")],
    migration=Command(**common("migration", sys.argv[2])),
    service=[program("web", "sleep 300 & touch web.ready; wait")],
))
"""


class Supervised:
    """A supervisor in its own process, observed through its status file."""

    def __init__(self, process: "subprocess.Popen[str]", directory: Path) -> None:
        self.process = process
        self._path = directory / "status.json"

    @property
    def status(self) -> Status | None:
        """The status that this supervisor wrote, not an earlier one's."""
        found = status.read(self._path)
        return found if found and found.supervisor == self.process.pid else None

    @property
    def phase(self) -> Phase | None:
        return self.status.phase if self.status else None

    def pid(self, name: str) -> int:
        pid = self.status.programs[name].pid if self.status else None
        assert pid
        return pid

    def has_restarted(self, name: str) -> bool:
        return bool(self.status and self.status.programs[name].restarts)


@pytest.fixture
def supervised(directory: Path, run_python: "RunPython", eventually: "Eventually") -> Iterator[Supervised]:
    """A stack that is ready."""
    found = Supervised(run_python(SUPERVISE, directory, "true"), directory)
    assert eventually(lambda: found.phase is Phase.READY)
    yield found
    found.process.terminate()
    found.process.wait(10)


def test_a_stop_leaves_nothing_running(supervised: Supervised, directory: Path) -> None:
    assert len(list(leftovers.running(directory))) >= 3
    supervised.process.terminate()
    assert supervised.process.wait(10) == 0
    assert supervised.phase is Phase.STOPPED
    assert not list(leftovers.running(directory))


def test_a_killed_program_is_restarted(supervised: Supervised, eventually: "Eventually") -> None:
    killed = supervised.pid("web")
    os.kill(killed, signal.SIGKILL)
    assert eventually(lambda: supervised.has_restarted("web"))
    assert supervised.pid("web") != killed
    assert not supervised.has_restarted("server")


def test_the_children_of_a_killed_program_end_with_it(
    supervised: Supervised, directory: Path, eventually: "Eventually"
) -> None:
    before = {process.pid for process in leftovers.running(directory)}
    os.kill(supervised.pid("web"), signal.SIGKILL)
    assert eventually(lambda: supervised.has_restarted("web"))
    kept = before & {process.pid for process in leftovers.running(directory)}
    assert kept == {supervised.pid("server")}


def test_a_killed_supervisors_programs_end_with_it_and_the_next_one_cleans_up(
    supervised: Supervised, directory: Path, run_python: "RunPython", eventually: "Eventually"
) -> None:
    before = {process.pid for process in leftovers.running(directory)}
    supervised.process.kill()
    supervised.process.wait()
    following = Supervised(run_python(SUPERVISE, directory, "true"), directory)
    assert eventually(lambda: following.phase is Phase.READY)
    assert not before & {process.pid for process in leftovers.running(directory)}
    following.process.terminate()
    assert following.process.wait(10) == 0


def test_a_second_supervisor_changes_nothing(
    supervised: Supervised, directory: Path, run_python: "RunPython"
) -> None:
    second = run_python(SUPERVISE, directory, "true")
    assert second.wait(10) != 0
    assert supervised.phase is Phase.READY
    assert not supervised.has_restarted("server")


def test_a_failed_migration_stops_the_start_with_its_reason(directory: Path, run_python: "RunPython") -> None:
    failed = Supervised(run_python(SUPERVISE, directory, "echo no such table; exit 1"), directory)
    assert failed.process.wait(15) != 0
    assert failed.status
    assert failed.phase is Phase.FAILED
    assert "no such table" in failed.status.error
    assert not list(leftovers.running(directory))


def test_the_reason_why_a_program_is_not_ready_is_reported(
    directory: Path, run_python: "RunPython", eventually: "Eventually"
) -> None:
    source = SUPERVISE.replace("touch web.ready", "touch something.else")
    starting = Supervised(run_python(source, directory, "true"), directory)
    assert eventually(lambda: starting.status and starting.status.waiting == "web: web.ready is missing")
    assert starting.phase is Phase.STARTING
    starting.process.terminate()
    assert starting.process.wait(10) == 0


def test_a_program_that_is_never_ready_fails_with_its_reason(directory: Path) -> None:
    log = directory / "log"
    child = Child(
        Program(
            name="web",
            arguments=("sh", "-c", "echo no such host; exec sleep 300"),
            environment=dict(os.environ),
            directory=directory,
            working_directory=directory,
            log=log,
            obstacle=lambda: "port 8086 does not answer",
        )
    )
    child.spawn()
    reasons: list[str] = []
    with pytest.raises(
        ProgramFailed, match=r"web did not start: port 8086 does not answer(?s:.*)no such host"
    ):
        child.wait_until_ready(timeout=0.5, stopping=threading.Event(), tell=reasons.append)
    assert set(reasons) == {"web: port 8086 does not answer"}
    child.wait_until_stopped(timeout=0)


def test_no_wait_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    patience = Patience(lines.append)
    moment = time.monotonic()
    for seconds in range(26):
        monkeypatch.setattr(time, "monotonic", lambda now=moment + seconds: now)
        patience.note("web: it is late")
    assert lines == [
        "  still waiting after 10 s: web: it is late",
        "  still waiting after 20 s: web: it is late",
    ]


def test_a_start_can_be_stopped(directory: Path, run_python: "RunPython", eventually: "Eventually") -> None:
    starting = Supervised(run_python(SUPERVISE, directory, "exec sleep 300"), directory)
    assert eventually(lambda: starting.status is not None and "server" in starting.status.ready)
    starting.process.terminate()
    assert starting.process.wait(10) == 0
    assert not list(leftovers.running(directory))
