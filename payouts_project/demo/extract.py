"""The included extract of real sales, moved so that its last month is the current one."""

import csv
import lzma
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

FOLDER = Path(__file__).parent
CATALOG = FOLDER / "catalog.csv"
BILLING = FOLDER / "billing.csv.xz"
LAST_MONTH = date(2011, 11, 1)
MONTHS = 4


def write_moved(target: Path, *, running_month: date, now: datetime) -> None:
    """Write the extract as CSV, ending in `running_month`; sales after `now` are left out."""
    months = _months(running_month) - _months(LAST_MONTH)
    with lzma.open(BILLING, "rt", newline="") as source, target.open("w", newline="") as out:
        reader = csv.DictReader(source)
        writer = csv.DictWriter(out, reader.fieldnames or [])
        writer.writeheader()
        writer.writerows(_moved(reader, months=months, now=now))


def cutoffs(running_month: date) -> list[date]:
    """List the cut-offs of the extract's complete months, in order."""
    last = _months(running_month)
    return [date((last - back) // 12, (last - back) % 12 + 1, 1) for back in reversed(range(MONTHS - 1))]


def _moved(rows: Iterator[dict[str, str]], *, months: int, now: datetime) -> Iterator[dict[str, str]]:
    for row in rows:
        moment = _shift(datetime.fromisoformat(row["occurred_at"]), months=months)
        if moment <= now:
            yield row | {"occurred_at": moment.isoformat().replace("+00:00", "Z")}


def _shift(moment: datetime, *, months: int) -> datetime:
    """Move by whole months; a day that the month doesn't have becomes its last day."""
    year, month = divmod(_months(moment) + months, 12)
    last_day = monthrange(year, month + 1)[1]
    return moment.astimezone(UTC).replace(year=year, month=month + 1, day=min(moment.day, last_day))


def _months(day: date) -> int:
    return day.year * 12 + day.month - 1
