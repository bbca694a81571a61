"""What a difference means, and what to do about it: the table of docs/operations.md, for the console.

`remedies.csv` holds it as the page has it, in Markdown.
"""

import csv
import re
from pathlib import Path
from typing import NamedTuple

from payouts.models import Difference

_CODE_OR_LINK = re.compile(r"`([^`]+)`|\[([^\]]+)\]\([^)]*\)")


class Remedy(NamedTuple):
    """One row of the table, in sentences."""

    means: str
    what_to_do: str


def _read() -> dict[str, Remedy]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as lines:
        return {
            row["kind"]: Remedy(_sentence(row["means"]), _sentence(row["what_to_do"]))
            for row in csv.DictReader(lines)
        }


def _sentence(markdown: str) -> str:
    plain = _CODE_OR_LINK.sub(lambda found: found[1] or found[2], markdown)
    return f"{plain[:1].upper()}{plain[1:]}{'' if plain.endswith('.') else '.'}"


_REMEDIES = _read()


def remedy(difference: Difference) -> Remedy:
    return _REMEDIES[difference.kind]
