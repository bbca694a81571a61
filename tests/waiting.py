"""Waiting for other processes."""

import time
from collections.abc import Callable


def wait_until(reached: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"not reached within {seconds} s"
        time.sleep(0.2)
