"""The commands of local mode."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from . import environment, leftovers, stack, status, supervisor
from .errors import LocalError
from .patience import TELL_SECONDS, Patience
from .programs import log_tail
from .stack import Clone
from .status import Phase, Status
from .testing import throwaway_environment

STOP_TIMEOUT_SECONDS = 60
LOOK_SECONDS = 0.2

CLONE = Clone(Path(__file__).resolve().parents[2])


def up(outside: Mapping[str, str]) -> None:
    """Start the stack with the variables of `outside`, unless it is running, and return when it is ready."""
    started = None if _supervisors() else _spawn_supervisor(environment.for_service(outside))
    shown, patience = 0, Patience(_say)
    while True:
        supervisors = _supervisors()
        current = _status_of(supervisors, started)
        for name in current.ready[shown:] if current else []:
            _say(f"  {name} is ready")
            shown += 1
            patience.start_over()
        if current and current.phase is Phase.READY:
            break
        if current and current.phase is Phase.FAILED:
            raise LocalError(current.error)
        if not supervisors and (started is None or started.poll() is not None):
            raise LocalError(f"The supervisor ended:\n{log_tail(CLONE.logs / 'supervisor.log')}")
        patience.note(current.waiting if current and current.waiting else "new databases are made")
        time.sleep(LOOK_SECONDS)
    variables = environment.read_env_file(CLONE.env_file)
    if outside.get("PORT", variables["PORT"]) != variables["PORT"]:
        raise LocalError(f"The service is already running on port {variables['PORT']}. `make down` stops it.")
    if environment.is_given(outside, "DATABASE_URL") is (environment.LOCAL_MODE in variables):
        raise LocalError("The service is already running with another database. `make down` stops it.")
    _say(f"The service is up: http://localhost:{variables['PORT']}/admin/")
    _say("Logs are in .local/log. `make env` prints its environment, `make down` stops it.")


def down() -> None:
    """Stop the stack and any leftover processes."""
    supervisors = _supervisors()
    for process in supervisors:
        process.terminate()
    _, alive = psutil.wait_procs(supervisors, timeout=TELL_SECONDS)
    if alive:
        _say("Still waiting for some programs to stop.")
        psutil.wait_procs(alive, timeout=STOP_TIMEOUT_SECONDS)
    leftovers.kill(CLONE.directory)


def demo(outside: Mapping[str, str], *, stops: bool) -> int:
    """Run the demo on the local stack, whatever variables `outside` has; return its exit code."""
    variables = environment.for_demo_and_tests(outside)
    up(variables)
    try:
        # The demo reports in its own words what would be logged.
        result = subprocess.run(  # noqa: S603 (a program of ours)
            [sys.executable, "manage.py", "demo", *(["--exit"] if stops else [])],
            cwd=CLONE.root,
            env={**variables, "LOG_LEVEL": "CRITICAL"},
            check=False,
        ).returncode
    finally:
        if stops:
            down()
    return result


def env() -> None:
    """Print the variables of local mode for a shell."""
    variables = environment.read_env_file(CLONE.env_file)
    if not variables:
        raise LocalError("There is no .local/env yet. Run `make up` first.")
    sys.stdout.write(environment.as_exports(variables))


def show_status() -> None:
    """Print the running programs.

    Raises:
        LocalError: the stack is not up.
    """
    current = _status_of(_supervisors(), None)
    if current is None:
        raise LocalError("Nothing runs.")
    for name, program in current.programs.items():
        running = f"pid {program.pid}" if program.pid else "ended"
        _say(f"{name:16} {running:12} restarts {program.restarts}")
    if current.phase is not Phase.READY:
        raise LocalError(f"The stack is {current.phase}.")


def supervise() -> None:
    """Run as the supervisor, which `up` starts in the background."""
    supervisor.main(CLONE.directory, lambda: stack.prepare(CLONE, os.environ))


def run_with_throwaway_servers(program: Sequence[str]) -> int:
    """Run a program that needs settings but no data, and return its exit code."""
    with throwaway_environment():
        return subprocess.run(program, check=False).returncode  # noqa: S603


def _spawn_supervisor(outside: Mapping[str, str]) -> subprocess.Popen[bytes]:
    CLONE.directory.mkdir(mode=0o700, exist_ok=True)
    CLONE.logs.mkdir(exist_ok=True)
    with (CLONE.logs / "supervisor.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "payouts_project.local", "supervise"],
            cwd=CLONE.root,
            env={**outside, leftovers.MARK: str(CLONE.directory)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _supervisors() -> list[psutil.Process]:
    found = []
    for process in leftovers.running(CLONE.directory):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.cmdline()[-2:] == ["payouts_project.local", "supervise"]:
                found.append(process)
    return found


def _status_of(
    supervisors: Sequence[psutil.Process], started: subprocess.Popen[bytes] | None
) -> Status | None:
    """Return the status of the supervisor that was `started` or is running, never that of an earlier one."""
    current = status.read(CLONE.directory / "status.json")
    known = {process.pid for process in supervisors} | ({started.pid} if started else set())
    return current if current and current.supervisor in known else None


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
