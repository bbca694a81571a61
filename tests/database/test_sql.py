"""SQL in files: its holes are filled, all of them, with nothing left over."""

from pathlib import Path

import pytest

from database import sql


def file(folder: Path, text: str) -> Path:
    path = folder / "statement.sql"
    path.write_text(text)
    return path


def test_a_hole_is_filled_wherever_it_stands(tmp_path: Path) -> None:
    path = file(tmp_path, "SELECT {fee} FROM ({rows}) AS sold ORDER BY {fee}")
    statement = sql.read(path, fee="gross / 5", rows="SELECT 10 AS gross")
    assert statement == "SELECT gross / 5 FROM (SELECT 10 AS gross) AS sold ORDER BY gross / 5"


def test_each_filling_is_a_reading_of_its_own(tmp_path: Path) -> None:
    path = file(tmp_path, "SELECT {one}")
    assert [sql.read(path, one="1"), sql.read(path, one="2")] == ["SELECT 1", "SELECT 2"]


def test_a_filling_stays_as_it_is(tmp_path: Path) -> None:
    path = file(tmp_path, "SELECT {one}, {two}")
    assert sql.read(path, one=r"'{two}\1'", two="2") == r"SELECT '{two}\1', 2"


def test_braces_of_sql_are_no_holes(tmp_path: Path) -> None:
    text = "SELECT '{}'::bigint[], '{1,2}'::int[], 'a' ~ '^[a-z]{1,3}$', '{\"a\": 1}'::jsonb"
    assert sql.read(file(tmp_path, text)) == text


@pytest.mark.parametrize(
    ("fillings", "complaint"),
    [
        ({}, "statement.sql has these holes: lines. It is filled with: none."),
        ({"line": "SELECT"}, "statement.sql has these holes: lines. It is filled with: line."),
        (
            {"lines": "SELECT", "rows": ""},
            "statement.sql has these holes: lines. It is filled with: lines, rows.",
        ),
    ],
)
def test_what_does_not_fit_the_holes_is_refused(
    tmp_path: Path, fillings: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        sql.read(file(tmp_path, "SELECT FROM ({lines}) AS given"), **fillings)
