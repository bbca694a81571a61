"""Complete clones with the real service: side by side, killed, and gone after `down`."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from payouts_project.local import environment, leftovers, stack, status
from payouts_project.local.ports import free_port
from tests.local import hostile

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.full


class Checkout:
    """A copy of the project with its own port, used as `make` does."""

    def __init__(self, path: Path) -> None:
        files = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        for name in filter(None, files.stdout.split("\0")):
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
        self.port = free_port()
        self.path = path
        self.local = path / ".local"

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.path,
            env={
                **environment.for_demo_and_tests(os.environ),
                "PORT": str(self.port),
                "PYTHONPATH": str(self.path / "platform"),
                **variables,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def make(self, command: str, **variables: str) -> None:
        done = self.run("-m", "payouts_project.local", command, **variables)
        assert done.returncode == 0, done.stdout + done.stderr

    def pid(self, name: str) -> int:
        found = status.read(self.local / "status.json")
        pid = found.programs[name].pid if found else None
        assert pid
        return pid

    def supervisor(self) -> int:
        found = status.read(self.local / "status.json")
        assert found
        return found.supervisor

    def serves(self) -> bool:
        return not stack.silence(self.port, "/health")

    def runs(self) -> bool:
        return bool(list(leftovers.running(self.local)))


@pytest.fixture
def clones(tmp_path: Path) -> Iterator[list[Checkout]]:
    both = [Checkout(tmp_path / "clone one"), Checkout(tmp_path / "clone two")]
    yield both
    for clone in both:
        clone.make("down")


def test_clones_run_side_by_side_and_each_is_stopped_alone(clones: list[Checkout]) -> None:
    one, two = clones
    one.make("up")
    two.make("up")
    one.make("up")
    first, second = (environment.read_env_file(clone.local / "env") for clone in clones)
    assert {name for name in first if first[name] == second[name]} == {"LOCAL_MODE", *stack.WEB}
    assert one.serves()
    one.make("down")
    assert not one.runs()
    assert two.serves()
    assert two.run("manage.py", "check", "--database", "default").returncode == 0
    two.make("down")
    assert not two.runs()


def test_a_clone_survives_kill_9_of_anything(clones: list[Checkout]) -> None:
    clone, _ = clones
    clone.make("up")
    address = environment.read_env_file(clone.local / "env")
    # The supervisor and the web together, so that nothing is left to stop the web's own processes.
    for pid in (clone.supervisor(), clone.pid("web")):
        os.kill(pid, signal.SIGKILL)
    clone.make("up")
    assert clone.serves()
    assert environment.read_env_file(clone.local / "env") == address
    os.kill(clone.supervisor(), signal.SIGKILL)
    clone.make("down")
    assert not clone.runs()


def test_a_clone_works_in_any_shell(clones: list[Checkout]) -> None:
    clone, _ = clones
    clone.make("up", **hostile.OF_THE_PROGRAMS)
    # This command uses the database, and Stripe.
    forecast = clone.run("manage.py", "forecast_payouts", **hostile.OF_THE_PROGRAMS)
    assert forecast.returncode == 0, forecast.stderr
    clone.make("down", **hostile.OF_THE_PROGRAMS)


def test_the_demos_mishaps_happen_once_however_often_it_runs(clones: list[Checkout]) -> None:
    clone, _ = clones
    runs = [clone.run("-m", "payouts_project.local", "demo") for _ in range(2)]
    assert [run.returncode for run in runs] == [0, 0], runs[-1].stderr
    first, again = (run.stdout.partition("\nEarnings\n")[2] for run in runs)
    for mishap in ("on hold, in 1 payout\n", "failed, in 1 payout\n", "returned, in 2 payouts\n"):
        assert mishap in first
    assert "  balanced: " in first
    # The summary comes before the links to the console.
    assert again.partition("\nConsole ")[0] == first.partition("\nConsole ")[0]
    assert first.partition("\nConsole ")[2]
    output = runs[0].stdout.partition("The service is up")[2]
    assert max(map(len, output.splitlines())) <= 80
    checked = clone.run("manage.py", "check_stripe")
    assert checked.returncode == 0, checked.stdout
