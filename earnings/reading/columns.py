"""Encoding and header of CSV files that are read by column name.

A column that we read must appear exactly once. Other columns may have any name or none, and may repeat.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, cast

from earnings.errors import FileRefused
from earnings.reading.rows import Rows

REMEDY = "save it as CSV UTF-8, separated by commas"
# UTF-32 first: one of its byte order marks begins like one of UTF-16.
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_PEEK_SIZE = 64
_LINE_BREAK = re.compile(r"[\r\n]")
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a file: all names, including empty ones, and the positions of those that we read."""

    names: list[str]
    places: dict[str, int]

    @property
    def unread(self) -> list[str]:
        """The names of the columns that are ignored, each once."""
        return list(dict.fromkeys(name for name in self.names if name and name not in self.places))

    @property
    def narrowest(self) -> int:
        """The number of columns up to the last one with a name; a row may omit the rest."""
        return max(place for place, name in enumerate(self.names, start=1) if name)

    def fit(self, row: list[str]) -> list[str] | None:
        """Pad a row to one value per column; return None if it has too many or too few."""
        if not self.narrowest <= len(row) <= len(self.names):
            return None
        return row + [""] * (len(self.names) - len(row))


def as_text(raw: IO[bytes] | io.BufferedIOBase, *, errors: str) -> io.TextIOWrapper:
    """Decode UTF-8, with or without a byte order mark; closing the result closes `raw`.

    Raises: FileRefused for UTF-16 or UTF-32, which spreadsheets write as "Unicode text".
    """
    buffered = io.BufferedReader(cast("io.RawIOBase", raw))
    encoding = _wide_encoding(buffered.peek(_PEEK_SIZE)[:_PEEK_SIZE])
    if encoding:
        buffered.close()
        raise FileRefused(f"the file is {encoding}: {REMEDY}")
    return io.TextIOWrapper(buffered, encoding="utf-8-sig", errors=errors, newline="")


def read_header(rows: Rows, *, required: Sequence[str], optional: Sequence[str]) -> Header:
    """Read the first row that is not blank; names are lower case, and spaces around them are ignored.

    Raises: FileRefused if there is no header, or a column that is read is missing or appears twice.
    """
    try:
        row = rows.header()
    except csv.Error as error:
        raise FileRefused(f"the header can't be read: {error}") from error
    if row is None:
        raise FileRefused("the file is empty: it has no header")
    names = [name.strip() for name in row]
    missing = [name for name in required if name not in names]
    if missing:
        raise FileRefused(_explain_missing(missing, names=names, required=required))
    read = [name for name in (*required, *optional) if name in names]
    repeated = [name for name in read if names.count(name) > 1]
    if repeated:
        raise FileRefused(f"the header names {', '.join(repeated)} more than once: keep one of the columns")
    return Header(names, {name: names.index(name) for name in read})


def read_rows(rows: Rows, header: Header, *, required: Sequence[str]) -> Iterator[list[str] | None]:
    """Yield the rows that are not blank, and None for a broken one; the caller must then call `first_line`."""
    for row in rows:
        if row is None or (rows.lines > 1 and _is_broken(rows, row, header, required=required)):
            yield None
        elif row:
            yield row


def _is_broken(rows: Rows, row: list[str], header: Header, *, required: Sequence[str]) -> bool:
    """Tell whether a row of several lines has swallowed others, as a misplaced quote makes it do.

    Columns that we read have no line breaks. Others may have them, but hardly ever a line that looks like a row: as
    many commas as the header, and a value in each required column.
    """
    fitted = header.fit(row)
    if fitted is None or any(_LINE_BREAK.search(fitted[place]) for place in header.places.values()):
        return True
    split_lines = ([field.strip(' "\r\n') for field in line.split(",")] for line in rows.further_lines())
    return any(
        len(fields) >= header.narrowest and all(fields[header.places[name]] for name in required)
        for fields in split_lines
    )


def _wide_encoding(head: bytes) -> str:
    """Recognise UTF-16 and UTF-32 by their byte order mark, and UTF-16 without one by a NUL in each character."""
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding
    halves = head[::2], head[1::2]
    return "UTF-16" if any(half and not half.strip(b"\0") for half in halves) else ""


def _explain_missing(missing: Sequence[str], *, names: Sequence[str], required: Sequence[str]) -> str:
    """Say which columns are missing, or what is wrong with the whole file if that is the cause."""
    line = ",".join(names)
    if line.startswith("sep="):
        return "the first line names the separator and is not a header: delete it"
    for separator, separator_name in _SEPARATORS.items():
        others = {name.strip(' "') for name in line.split(separator)}
        if len(others.intersection(required)) > len(set(names).intersection(required)):
            return f"the file is separated by {separator_name}: {REMEDY}"
    wrong_case = [name for name in names if name not in missing and name.lower() in missing]
    hint = f"; it has {', '.join(wrong_case)}, but names must be lower case" if wrong_case else ""
    return f"the header lacks {', '.join(missing)}{hint}"
