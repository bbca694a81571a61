"""CSV rows that know their lines, so that a misplaced quote spoils only one row."""

import csv
from collections.abc import Iterator
from copy import copy
from itertools import islice, tee


class Rows:
    """The rows of a CSV file, as lists of strings.

    A quoted field can contain line breaks, so an unclosed quote swallows the lines after it. If a row is broken, call
    `first_line`: its other lines are then read again, as rows of their own.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._before = self._begins = 0
        self.lines = 0  # how many the current row has
        self._read(lines)

    def header(self) -> list[str] | None:
        """Return the first row that is not blank, with lenient quoting; None if there is none.

        Raises: csv.Error.
        """
        loose = csv.reader(self._unread)
        row = next((row for row in loose if row), None)
        self._before = loose.line_num
        self._read(self._unread)
        return row

    def __iter__(self) -> Iterator[list[str] | None]:
        """Yield the rows, and None for one that can't be parsed; the caller must then call `first_line`."""
        while True:
            reader, unread = self._reader, self._unread
            try:
                for row in reader:
                    self.lines = lines = reader.line_num - self._begins
                    yield row
                    if self._reader is not reader:  # `first_line` was called
                        break
                    next(unread if lines == 1 else islice(unread, lines - 1, None))
                    self._begins = reader.line_num
                else:
                    return
            except csv.Error:
                yield None

    @property
    def line(self) -> int:
        """The number of the row's last line."""
        return self._before + self._reader.line_num

    def further_lines(self) -> list[str]:
        """Return the lines of the row after its first."""
        return list(islice(copy(self._unread), 1, self.lines))

    def first_line(self) -> str:
        """Return the row's first line; its other lines are then read as rows of their own."""
        first = next(self._unread)
        self._before += self._begins + 1
        self._read(self._unread)
        return first.rstrip("\r\n")

    def _read(self, lines: Iterator[str]) -> None:
        # `_unread` keeps the lines of the current row until the next row is read.
        ahead, self._unread = tee(lines)
        # Strict makes text after a closing quote an error.
        self._reader = csv.reader(ahead, strict=True)
        self._begins = 0
