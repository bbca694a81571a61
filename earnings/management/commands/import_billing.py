"""Import billing records from a CSV or NDJSON file, plain, .gz or .xz, or from standard input.

If it is interrupted, run it again: no record is lost or counted twice.
"""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import NoReturn

from tqdm import tqdm

from database import sql
from database.commands import ServiceCommand, month
from earnings.reading.files import STANDARD_INPUT, open_billing_file
from earnings.reading.records import Rules
from earnings.services import importing, quarantine, sources
from earnings.services.importing import ImportResult
from money import Period


class Command(ServiceCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="path of the file, or - for standard input")
        parser.add_argument("--source", required=True, help="name of the source that issued the records")
        parser.add_argument(
            "--from", dest="first", type=month, help="first month of records to import, such as 2026-01"
        )
        parser.add_argument("--to", dest="last", type=month, help="last month of records to import")

    def handle(self, *args: object, **options: object) -> None:
        # A thread reads the file while PostgreSQL works. With Python's default of 5 ms, each answer from PostgreSQL
        # waited longer for the interpreter than the work took.
        sys.setswitchinterval(0.0005)
        name, now = str(options["file"]), sql.now()
        first, last = options["first"], options["last"]
        source = sources.known_source(str(options["source"]))
        with open_billing_file(name, Rules.at(now)) as file, _progress(name) as progress:
            records = importing.between(
                file,
                start=first.starts_at if isinstance(first, Period) else None,
                end=last.ends_at if isinstance(last, Period) else None,
            )
            result = importing.import_records(
                records, source=source, origin=Path(name).name, on_batch=progress.update
            )
        if file.ignored_columns:
            self.stderr.write(f"ignored columns: {', '.join(file.ignored_columns)}")
        entered = quarantine.enter_ready(now=now)
        self.show(options, _summary(result, from_quarantine=entered))


def _progress(name: str) -> "tqdm[NoReturn]":
    return tqdm(
        desc="Importing" if name == STANDARD_INPUT else Path(name).name,
        unit=" records",
        unit_scale=True,
        disable=None,
    )


def _summary(result: ImportResult, *, from_quarantine: int) -> dict[str, object]:
    summary: dict[str, object] = {
        "accepted": result.accepted,
        "duplicate": result.duplicates,
        "conflict": result.conflicts,
        "quarantined": {reason.value: count for reason, count in sorted(result.quarantined.items())},
    }
    return summary | {"entered_from_quarantine": from_quarantine} if from_quarantine else summary
