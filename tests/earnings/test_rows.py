"""No line of a CSV file is lost, whatever its quotes do to the rows."""

import csv
import io
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from earnings.reading.rows import Rows

LINES = st.lists(st.text('ab,"', max_size=6).map(lambda text: f"{text}\n"), max_size=12)


def as_read(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Read rows, or the first line of a row that can't be parsed; yield the end and the lines of each."""
    rows = Rows(iter(lines))
    for row in rows:
        if row is None:
            first = rows.first_line()
            yield rows.line, [f"{first}\n"]
        else:
            yield rows.line, lines[rows.line - 1 - len(rows.further_lines()) : rows.line]


@given(LINES)
def test_every_line_is_in_one_row(lines: list[str]) -> None:
    read = list(as_read(lines))
    assert [line for _, row in read for line in row] == lines
    assert [end for end, _ in read] == sorted({end for end, _ in read})


@given(st.lists(st.lists(st.text('ab,"\n', max_size=4), min_size=2, max_size=4), max_size=6))
def test_what_is_written_as_csv_is_read_as_it_was(written: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(written)
    text.seek(0)
    assert list(Rows(text)) == written
