"""Processes that outlived their parents, recognized by a mark in their environment."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]

MARK = "PAYOUTS_LOCAL_DIRECTORY"
PAUSE_SECONDS = 0.02


def running(directory: Path) -> Iterator[psutil.Process]:
    """Yield the processes that belong to `directory` or to a folder in it, except this one."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            mark = process.environ().get(MARK)
            if mark and process.pid != os.getpid() and Path(mark).is_relative_to(directory):
                yield process


def kill(directory: Path) -> None:
    """Kill the processes that belong to `directory`, and wait until they are gone.

    A zombie counts as gone: its parent may never reap it.
    """
    while found := list(running(directory)):
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        time.sleep(PAUSE_SECONDS)
