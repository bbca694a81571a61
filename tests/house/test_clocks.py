"""There is one clock, the database's, and one way to compute where a day begins."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("accounts", "earnings", "payouts", "payouts_project", "platform")
# The sandbox plays another company, whose clock isn't ours.
ELSEWHERE = ROOT / "platform" / "sandbox"
OTHER_CLOCKS = {
    "accounts/sessions.py",  # Django ends sessions by its process's clock
    "payouts_project/throttles.py",  # counts within a minute, without the database
    "platform/console/login.py",  # axes dates attempts by its process's clock
    "platform/database/display.py",  # leaves the year out of this year's dates
}


def files_with(pattern: str) -> set[str]:
    found = re.compile(pattern)
    return {
        str(path.relative_to(ROOT))
        for top in OURS
        for path in (ROOT / top).rglob("*.py")
        if "migrations" not in path.parts and ELSEWHERE not in path.parents and found.search(path.read_text())
    }


def test_only_the_databases_clock_decides_what_is_due() -> None:
    assert files_with(r"datetime\.now\(|timezone\.now\(|time\.time\(") == OTHER_CLOCKS


def test_the_bounds_of_a_day_are_computed_in_one_place() -> None:
    assert files_with(r"datetime\.combine\(|\btime\.(min|max)\b") == {"platform/money/moments.py"}
