"""CSV cells are never formulas, wherever a spreadsheet splits them."""

import csv
import re
from io import StringIO

import pytest

from web.renderers import csv_file

STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def written(value: object) -> str:
    answer = csv_file("file.csv", [{"cell": value, "next": 1}], columns=["cell", "next"])
    return answer.getvalue().decode()


def cells(text: str, separator: str) -> list[str]:
    """Split as a spreadsheet may: at the separator and at each line's end, even inside quotes."""
    return [cell for line in re.split("\r\n|[\r\n]", text) for cell in line.split(separator)]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "a;=1+1",
        "a; =1+1",
        'a;"=1+1"',
        'a";=1+1',
        "a;;@SUM(1)",
        "a\t+1",
        "a\n-1",
        "a\r\n=1",
        "\t=1",
        "\r=1",
        " =1",
        "\uff1d1",
        "a;\uff0b1",
        "\x0b=1",
        "'=1",
    ],
    ids=ascii,
)
def test_no_cell_is_read_as_a_formula(text: str) -> None:
    file = written(text)
    for separator in (";", "\t", ","):
        for cell in cells(file, separator):
            assert not cell.strip().strip('"').strip().startswith(STARTS), (separator, cell)
    (_, (cell, _)) = csv.reader(StringIO(file, newline=""))
    assert cell.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("text", ["Weather; daily", "a-b", "1;2", "x=1", "it's", 'say "hi"', "Zürich, 5"])
def test_text_that_is_not_a_formula_stays_as_it_is(text: str) -> None:
    (_, (cell, _)) = csv.reader(StringIO(written(text), newline=""))
    assert cell == text


def test_a_negative_amount_is_a_number_and_none_an_empty_cell() -> None:
    assert written(-5).splitlines()[1] == "-5,1"
    assert written(None).splitlines()[1] == ",1"
