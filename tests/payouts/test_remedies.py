"""What staff are told to do about a difference is what docs/operations.md says."""

import csv
import re
from pathlib import Path

from payouts.models import Difference, DifferenceKind
from payouts.remedies import remedy

ROOT = Path(__file__).parents[2]


def documented() -> dict[str, tuple[str, str]]:
    """Read the tables of differences: kind to meaning and remedy."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    parts = [
        page.partition(f"## {title}\n")[2].partition("\n## ")[0]
        for title in ("Reconciliation", "Differences with the marketplace's tables")
    ]
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| (.+?) \| (.+?) \|$", "\n".join(parts), re.MULTILINE)
    return {
        kind: (means, what_to_do)
        for kinds, means, what_to_do in rows
        for kind in re.findall(r"`([a-z_]+)`", kinds)
    }


def test_each_kind_is_documented_as_the_console_tells_it() -> None:
    with (ROOT / "payouts" / "remedies.csv").open(encoding="utf-8", newline="") as lines:
        told = {row["kind"]: (row["means"], row["what_to_do"]) for row in csv.DictReader(lines)}
    assert told == documented()
    assert told.keys() == set(DifferenceKind)


def test_a_remedy_is_told_in_plain_sentences() -> None:
    told = remedy(Difference(kind=DifferenceKind.UNEXPLAINED_REVERSAL))
    assert told.means == "A partial reversal, or one after the money went to the bank."
    assert told.what_to_do.endswith("if the bank has the money, place what came back.")
