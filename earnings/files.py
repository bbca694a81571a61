"""Reading billing files: CSV or NDJSON, plain, `.gz` or `.xz`, or standard input; never whole in memory."""

import csv
import gzip
import io
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
from earnings.records import (
    FIELDS,
    REQUIRED,
    Rules,
    StagedRecord,
    parse_line,
    refused,
    stage,
    stage_object,
    stage_plain,
)

STANDARD_INPUT = "-"
LONGEST_FIELD = 1_000_000


class BillingFile:
    """An open billing file; iterating yields its records, staged, in order."""

    def __init__(self, raw: IO[bytes], *, suffixes: list[str], rules: Rules) -> None:
        self._raw = raw
        self._rules = rules
        unpacked = _unpack(raw, suffixes[-1] if suffixes else "")
        # Bytes that are no UTF-8 stay visible as such, in the one record that they spoil.
        self._text = io.TextIOWrapper(unpacked, encoding="utf-8-sig", errors="backslashreplace", newline="")
        self._json = any(suffix in {".ndjson", ".jsonl"} for suffix in suffixes)
        self.ignored_columns: list[str] = []

    def __iter__(self) -> Iterator[StagedRecord]:
        """Raises: FileRefused when the file is no billing file, or ends in the middle of its compression."""
        try:
            first = self._text.readline()
            lines = _prepend(first, self._text)
            yield from (
                self._ndjson(lines) if self._json or first.lstrip().startswith("{") else self._csv(lines)
            )
        except (EOFError, lzma.LZMAError, zlib.error, OSError) as error:
            raise FileRefused(f"the file can't be unpacked, or is cut off: {error}") from error

    @property
    def bytes_read(self) -> int:
        """Count the (packed) bytes read so far, for progress; 0 where that can't be known."""
        return self._raw.tell() if self._raw.seekable() else 0

    def _csv(self, lines: Iterator[str]) -> Iterator[StagedRecord]:
        csv.field_size_limit(LONGEST_FIELD)
        reader = csv.reader(lines)
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in REQUIRED if name not in header]
        if missing or len(set(header)) != len(header):
            raise FileRefused(
                f"the header must name each of {', '.join(REQUIRED)} once; it lacks {', '.join(missing) or 'nothing'}"
            )
        self.ignored_columns = [name for name in header if name not in FIELDS]
        width = len(header)
        in_order = itemgetter(*[header.index(name) if name in header else width for name in FIELDS])
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                problem = {"line": str(error)}
                yield refused(reader.line_num, problem, reason=Reason.SYNTAX)
                continue
            if row is None:
                return
            if len(row) == width:
                line, values = reader.line_num, in_order([*row, ""])
                yield stage_plain(line, values, self._rules) or stage(
                    line, dict(zip(header, row, strict=True)), self._rules
                )
            elif row:
                yield refused(reader.line_num, {"line": ",".join(row)}, reason=Reason.SYNTAX)

    def _ndjson(self, lines: Iterator[str]) -> Iterator[StagedRecord]:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield stage_object(number, parse_line(line), self._rules)


@contextmanager
def open_billing_file(name: str, rules: Rules) -> Iterator[BillingFile]:
    """Open a file by its name, or standard input for `-`; the name's endings say what it is.

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
