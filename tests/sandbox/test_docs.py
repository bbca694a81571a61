"""The sandbox's documentation matches its endpoints and rules."""

import re
from pathlib import Path

from sandbox import deliveries
from sandbox.clock import Clock
from sandbox.control import Control, Traffic
from sandbox.faults import KINDS, Faults
from sandbox.permissions import Permissions
from sandbox.refusals import NAMES
from sandbox.store import Store
from sandbox.switches import DEFAULTS, SWITCHES

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()


def documented(pattern: str) -> list[str]:
    return re.findall(rf"^\| `({pattern})` \|", PAGE, re.MULTILINE)


def test_every_control_endpoint_is_documented(tmp_path: Path) -> None:
    clock = Clock(Store(tmp_path))
    control = Control(clock=clock, faults=Faults(clock, seed=0), traffic=Traffic(), permissions=Permissions())
    assert sorted(documented("[A-Z]+ /_sandbox/.*?")) == sorted(route.name for route in control.routes)


def test_every_kind_of_rule_is_documented() -> None:
    kinds = [each for each in documented("[a-z_]+") if each not in (*SWITCHES, *NAMES)]
    assert kinds == [*deliveries.KINDS, *KINDS]


def test_every_refusal_is_documented() -> None:
    section = PAGE.partition("### Refusals")[2].partition("\n## ")[0]
    first_cells = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(first_cells))) == sorted(NAMES)


def test_every_switch_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `?([^|`]+?)`? \|", PAGE, re.MULTILINE)
    told = {name: default for name, default in rows if name in SWITCHES}
    assert told == {name: str(default).lower().replace(" ", "") for name, default in DEFAULTS.items()}


def test_each_fact_about_stripe_has_its_test() -> None:
    section = PAGE.partition("## What it shows of Stripe")[2]
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)` \|$", section, re.MULTILINE)
    rows = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| at")]
    assert len(named) == len(rows)
    for file, test in named:
        assert f"def {test}(" in (Path(__file__).parent / file).read_text(), test
