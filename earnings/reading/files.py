"""Billing files: CSV or NDJSON, plain, `.gz` or `.xz`, or standard input, read as a stream."""

import csv
import gzip
import lzma
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import IO

from earnings.errors import FileRefused
from earnings.models import Reason
from earnings.reading.columns import as_text, read_header, read_rows
from earnings.reading.records import (
    FIELDS,
    OPTIONAL,
    REQUIRED,
    Rules,
    StagedRecord,
    stage,
    stage_object,
    stage_plain,
    stage_refused,
)
from earnings.reading.rows import Rows
from web.strict_json import parse_line

STANDARD_INPUT = "-"
LONGEST_FIELD = 1_000_000


class BillingFile:
    """An open billing file; iterating yields its staged records in order."""

    def __init__(self, raw: IO[bytes], *, suffixes: list[str], rules: Rules) -> None:
        self._rules = rules
        self._unpacked = _unpack(raw, suffixes[-1] if suffixes else "")
        self._json = any(suffix in {".ndjson", ".jsonl"} for suffix in suffixes)
        self.ignored_columns: list[str] = []

    def __iter__(self) -> Iterator[StagedRecord]:
        """Raises: FileRefused if this is not a billing file, or its compressed data is truncated."""
        try:
            # Invalid UTF-8 stays visible, and spoils only the record that it is in.
            with as_text(self._unpacked, errors="backslashreplace") as text:
                first = text.readline()
                lines = _prepend(first, text)
                is_json = self._json or first.lstrip().startswith("{")
                yield from self._ndjson(lines) if is_json else self._csv(lines)
        except (EOFError, lzma.LZMAError, zlib.error, OSError) as error:
            raise FileRefused(f"the file can't be decompressed, or is truncated: {error}") from error

    def _csv(self, lines: Iterator[str]) -> Iterator[StagedRecord]:
        csv.field_size_limit(LONGEST_FIELD)
        rows = Rows(lines)
        header = read_header(rows, required=REQUIRED, optional=OPTIONAL)
        self.ignored_columns = header.unread
        width = len(header.names)
        places = [header.places.get(name, width) for name in FIELDS]
        in_order, complete = itemgetter(*places), width not in places
        for row in read_rows(rows, header, required=REQUIRED):
            fitted = row if row is None or len(row) == width else header.fit(row)
            if fitted is None:
                line = rows.first_line()
                yield stage_refused(rows.line, {"line": line}, reason=Reason.SYNTAX)
            else:
                values = in_order(fitted if complete else [*fitted, ""])
                yield stage_plain(rows.line, values, self._rules) or stage(
                    rows.line, dict(zip(header.names, fitted, strict=True)), self._rules
                )

    def _ndjson(self, lines: Iterator[str]) -> Iterator[StagedRecord]:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield stage_object(number, parse_line(line), self._rules)


@contextmanager
def open_billing_file(name: str, rules: Rules) -> Iterator[BillingFile]:
    """Open a file, or standard input for `-`; the suffixes of the name determine the format.

    Raises: FileRefused if there is no such file.
    """
    if name == STANDARD_INPUT:
        yield BillingFile(sys.stdin.buffer, suffixes=[], rules=rules)
        return
    path = Path(name)
    try:
        raw = path.open("rb")
    except OSError as error:
        raise FileRefused(f"{name} can't be read: {error.strerror}") from error
    with raw:
        yield BillingFile(raw, suffixes=path.suffixes, rules=rules)


def _unpack(raw: IO[bytes], suffix: str) -> IO[bytes] | gzip.GzipFile | lzma.LZMAFile:
    if suffix == ".gz":
        return gzip.open(raw)
    return lzma.open(raw) if suffix == ".xz" else raw


def _prepend(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
