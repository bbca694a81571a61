"""What all files have in common that we read by the names of their columns: an encoding and a header.

A column that we read is there once. Columns that we don't read may have any names, or none, as often as they like.
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
# UTF-32 first: one of its marks begins like one of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_LOOKED_AT = 64
_LINE_BREAK = re.compile(r"[\r\n]")
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a file: their names, nameless ones too, and the places of those that we read."""

    names: list[str]
    places: dict[str, int]

    @property
    def unread(self) -> list[str]:
        """Name the columns that mean nothing here, each once."""
        return list(dict.fromkeys(name for name in self.names if name and name not in self.places))

    @property
    def narrowest(self) -> int:
        """Count the columns up to the last one with a name; what follows may be left out of a row."""
        return max(place for place, name in enumerate(self.names, start=1) if name)

    def fit(self, row: list[str]) -> list[str] | None:
        """Return a row with a value for each column; None if it has too many or too few."""
        if not self.narrowest <= len(row) <= len(self.names):
            return None
        return row + [""] * (len(self.names) - len(row))


def as_text(raw: IO[bytes] | io.BufferedIOBase, *, errors: str) -> io.TextIOWrapper:
    """Read bytes as UTF-8, with or without a mark at its beginning; closing it closes them.

    Raises: FileRefused if they are UTF-16 or UTF-32, as spreadsheets save "Unicode text".
    """
    buffered = io.BufferedReader(cast("io.RawIOBase", raw))
    encoding = _wide_encoding(buffered.peek(_LOOKED_AT)[:_LOOKED_AT])
    if encoding:
        buffered.close()
        raise FileRefused(f"the file is {encoding}: {REMEDY}")
    return io.TextIOWrapper(buffered, encoding="utf-8-sig", errors=errors, newline="")


def read_header(rows: Rows, *, required: Sequence[str], optional: Sequence[str]) -> Header:
    """Read the first row that is not blank; names are in lower case, and spaces around them don't matter.

    Raises: FileRefused if there is none, or it lacks a required column, or names one twice that is read.
    """
    try:
        row = rows.header()
    except csv.Error as error:
        raise FileRefused(f"the header can't be read: {error}") from error
    if row is None:
        raise FileRefused("the file is empty: it has not even a header")
    names = [name.strip() for name in row]
    missing = [name for name in required if name not in names]
    if missing:
        raise FileRefused(_told_missing(missing, names=names, required=required))
    read = [name for name in (*required, *optional) if name in names]
    twice = [name for name in read if names.count(name) > 1]
    if twice:
        raise FileRefused(f"the header names {', '.join(twice)} more than once: keep the column that counts")
    return Header(names, {name: names.index(name) for name in read})


def read_rows(rows: Rows, header: Header, *, required: Sequence[str]) -> Iterator[list[str] | None]:
    """Yield the rows that are not blank, and None for a broken one: its `first_line` is then to be asked for."""
    while True:
        try:
            row = next(rows, None)
            broken = rows.has_several_lines and _is_broken(rows, row or [], header, required=required)
        except csv.Error:
            row, broken = [], True
        if row is None:
            return
        if broken:
            yield None
        elif row:
            yield row


def _is_broken(rows: Rows, row: list[str], header: Header, *, required: Sequence[str]) -> bool:
    """Tell whether a row of several lines has taken others with it, as a quote out of place does.

    What we read has no line breaks. Columns that we don't read may have them, but hardly a line with as many commas as
    the header, and something in each place that is required.
    """
    fitted = header.fit(row)
    if fitted is None or any(_LINE_BREAK.search(fitted[place]) for place in header.places.values()):
        return True
    alone = ([field.strip(' "\r\n') for field in line.split(",")] for line in rows.further_lines())
    return any(
        len(fields) >= header.narrowest and all(fields[header.places[name]] for name in required)
        for fields in alone
    )


def _wide_encoding(head: bytes) -> str:
    """Tell UTF-16 and UTF-32 by their marks, and UTF-16 without one by the NUL in each of its letters."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    halves = head[::2], head[1::2]
    return "UTF-16" if any(half and not half.strip(b"\0") for half in halves) else ""


def _told_missing(missing: Sequence[str], *, names: Sequence[str], required: Sequence[str]) -> str:
    """Say what the header lacks, or what is the matter with the whole file if that can be told."""
    line = ",".join(names)
    if line.startswith("sep="):
        return "the first line names the separator, and is no header: delete it"
    for separator, called in _SEPARATORS.items():
        others = {name.strip(' "') for name in line.split(separator)}
        if len(others.intersection(required)) > len(set(names).intersection(required)):
            return f"the file is separated by {called}: {REMEDY}"
    written_otherwise = [name for name in names if name not in missing and name.lower() in missing]
    hint = (
        f"; it has {', '.join(written_otherwise)}, but names are in lower case" if written_otherwise else ""
    )
    return f"the header lacks {', '.join(missing)}{hint}"
