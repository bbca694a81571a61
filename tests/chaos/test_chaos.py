"""One seed of `make chaos`, small enough to run with the other slow tests."""

import subprocess
import sys

import pytest

from tests.running import ROOT

SEED = 20261101
CREATORS = 60


@pytest.mark.full
def test_a_month_paid_in_a_storm_pays_everyone_exactly_once_and_loses_nothing() -> None:
    play = [sys.executable, "-m", "tests.chaos", str(SEED), "--creators", str(CREATORS)]
    run = subprocess.run(play, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
