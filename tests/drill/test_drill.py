"""The whole drill, as `make drill` does it."""

import subprocess
import sys

import pytest

from tests.running import ROOT

CELLS = 5 * 5


@pytest.mark.full
def test_after_a_restore_everybody_is_paid_exactly_once() -> None:
    play = [sys.executable, "-m", "tests.drill"]
    run = subprocess.run(play, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("| yes |") == CELLS, run.stdout
