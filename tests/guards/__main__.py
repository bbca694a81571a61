"""`python -m tests.guards [WORD]`: remove each guard, and check that a test fails without it.

Works on a copy of the tree, and prints a table. Exits with 1 if the tests fail on the unchanged tree, or if nothing
fails without some guard. A test that hangs counts as failed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from payouts_project.local.testing import throwaway_environment
from tests.guards.guards import ROOT, Guard, read

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".local", ".*_cache", "__pycache__", ".hypothesis")
# As in pyproject.toml, without the plugin that starts servers: here they live through all runs.
OPTIONS = "--import-mode=importlib --strict-markers --strict-config -q -n 0 -rfE -p no:cacheprovider"
FAILED = re.compile(r"^FAILED \S+::(test_\w+)(.*Timeout \(>)?", re.MULTILINE)
TEST_SECONDS = 60
# For one that pytest can't end: it waits for threads that never finish.
RUN_SECONDS = 300


def main() -> None:
    """Check the guards whose names contain the word, or all of them."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    guards = [guard for guard in read() if word.lower() in guard.name.lower()]
    with throwaway_environment(), tempfile.TemporaryDirectory(prefix="payouts-guards-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        every = sorted({test for guard in guards for test in guard.tests})
        if broken := _failures(tree, every, limit=RUN_SECONDS + TEST_SECONDS * len(every)):
            sys.exit(f"These fail with all guards in place: {', '.join(sorted(broken))}")
        # Those in migrations come last: each leaves a database without its guard.
        missed = {
            guard.name: _missed_by(tree, guard)
            for guard in sorted(guards, key=lambda guard: guard.is_in_a_migration)
        }
    _say("| promise | guard | taken away | fails then |\n|---|---|---|---|")
    for guard in guards:
        tests = ", ".join(f"`{name}`" for name in sorted(missed[guard.name]))
        _say(f"| {guard.promise} | {guard.name} | {guard.change} in `{guard.file}` | {tests} |")
    if unmissed := [name for name, tests in missed.items() if not tests]:
        sys.exit(f"Nothing fails without: {'; '.join(unmissed)}")


class CannotRun(Exception):
    """Tests neither passed nor failed, which says nothing of a guard: a migration that breaks, a name mistyped."""


def _missed_by(tree: Path, guard: Guard) -> set[str]:
    """Return which tests fail without the guard; none if they can't be run without it."""
    path = tree / guard.file
    before = path.read_text()
    path.write_text(guard.taken_from(before))
    try:
        failed = _failures(tree, guard.tests, *(["--create-db"] if guard.is_in_a_migration else []))
    except CannotRun as error:
        sys.stderr.write(f"{error}\n")
        failed = set()
    finally:
        path.write_text(before)
    sys.stderr.write(f"{'missed    ' if failed else 'NOT MISSED'} {guard.name}\n")
    return failed


def _failures(tree: Path, tests: Sequence[str], *options: str, limit: float = RUN_SECONDS) -> set[str]:
    """Run tests in the tree; return the names of those that failed.

    Raises: CannotRun.
    """
    command = [sys.executable, "-m", "pytest", "-o", f"addopts={OPTIONS}"]
    # Without the fixtures: the first test waits for the database to be made.
    limits = [f"--timeout={TEST_SECONDS}", "-o", "timeout_func_only=true"]
    try:
        result = subprocess.run(
            [*command, *limits, "--reuse-db", *options, *tests],
            cwd=tree,
            env=os.environ
            | {
                "PYTHONPATH": f"{tree}:{tree / 'platform'}",
                "PYTHONDONTWRITEBYTECODE": "1",
                "COLUMNS": "250",  # so that pytest's summary is not cut short
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        _drop_database()
        return {f"{test.partition('::')[2]} (hangs)" for test in tests}
    failed = {f"{name} (hangs)" if hangs else name for name, hangs in FAILED.findall(result.stdout)}
    if result.returncode != (1 if failed else 0):
        raise CannotRun(
            f"The tests {' '.join(tests)} can't be run:\n{result.stdout[-5_000:]}{result.stderr[-1_000:]}"
        )
    return failed


def _drop_database() -> None:
    """Drop the tests' database, where a killed run may have left rows; the next run recreates it."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        name = Identifier(f"test_{connection.info.dbname}")
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
