"""Fixtures for the tests of local mode, which start and kill real processes in their own folders."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from payouts_project.local import leftovers


class RunPython(Protocol):
    """Start a Python that runs `source` with `arguments`, in a session that ends with the test."""

    def __call__(
        self, source: str, *arguments: str | Path, prefix: tuple[str, ...] = ()
    ) -> "subprocess.Popen[str]": ...


class Eventually(Protocol):
    """Wait until `fact` is true, and return whether it is."""

    def __call__(self, fact: Callable[[], object], *, seconds: float = 15) -> bool: ...


@pytest.fixture
def directory(tmp_path: Path, eventually: Eventually) -> Iterator[Path]:
    """A folder whose path contains a space, for which nothing may run after the test."""
    path = tmp_path / "with a space"
    path.mkdir()
    yield path
    ended = eventually(lambda: not list(leftovers.running(path)))
    leftovers.kill(path)
    assert ended


@pytest.fixture
def run_python() -> Iterator[RunPython]:
    started: list[subprocess.Popen[str]] = []

    def run(source: str, *arguments: str | Path, prefix: tuple[str, ...] = ()) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*prefix, sys.executable, "-c", source, *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def eventually() -> Eventually:
    def wait(fact: Callable[[], object], *, seconds: float = 15) -> bool:
        deadline = time.monotonic() + seconds
        while not fact():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    return wait
