"""All cells, and their table."""

import sys
import time
from collections.abc import Mapping
from typing import Any

from django.test.utils import setup_test_environment

from tests.drill.between import BETWEEN, Between
from tests.drill.cell import Cell
from tests.drill.cuts import CUTS
from tests.drill.site import lay_ground, site


def play(admin_url: str, *, cut: str, between: str) -> bool:
    """Play the chosen cells, print the table, and return whether every promise was kept."""
    setup_test_environment()
    lay_ground(admin_url)
    cells = [(when, what) for when in CUTS if cut in when for what in BETWEEN if between in what]
    _say("| backup taken | in between | paid once | found how |")
    _say("|---|---|---|---|")
    kept = True
    for when, what in cells:
        started = time.monotonic()
        report, findings = _play(admin_url, when, BETWEEN[what])
        kept &= not findings
        _say(f"| {when} | {what} | {'no' if findings else 'yes'} | {_found(report)} |")
        for finding in findings:
            _say(f"  BROKEN: {finding}")
        sys.stderr.write(f"{when}, {what}: {time.monotonic() - started:.1f} s\n")
    return kept


def _play(admin_url: str, when: str, between: Between) -> tuple[Mapping[str, Any], list[str]]:
    with site(admin_url) as place:
        cell = Cell(place, between)
        CUTS[when](cell)
        report = cell.recover()
        cell.finish()
        return report, list(cell.findings())


def _found(report: Mapping[str, Any]) -> str:
    """Say how what Stripe has was taken over, in the words of the report."""
    counts = {**report["transfers"], "accounts": report["accounts"], "reversals": report["reversals"]}
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(counts.items()) if count)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
