"""One clock, the database's, and one way to write where a day begins."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("accounts", "earnings", "payouts", "payouts_project", "platform")
# The sandbox stands for somebody else, whose clock is not ours.
ELSEWHERE = ROOT / "platform" / "sandbox"
OTHER_CLOCKS = {
    "accounts/sessions.py",  # Django ends sessions by the clock of its process
    "payouts_project/throttles.py",  # counts within a minute, without the database
    "platform/console/login.py",  # axes dates attempts by the clock of its process
}


def files_with(pattern: str) -> set[str]:
    found = re.compile(pattern)
    return {
        str(path.relative_to(ROOT))
        for top in OURS
        for path in (ROOT / top).rglob("*.py")
        if "migrations" not in path.parts and ELSEWHERE not in path.parents and found.search(path.read_text())
    }


def test_what_is_due_or_over_goes_by_the_databases_clock() -> None:
    assert files_with(r"datetime\.now\(|timezone\.now\(|time\.time\(") == OTHER_CLOCKS


def test_where_a_day_begins_and_ends_is_written_once() -> None:
    assert files_with(r"datetime\.combine\(|\btime\.(min|max)\b") == {"platform/money/moments.py"}
