"""SQL in files: every hole is filled, and every filling is used."""

from pathlib import Path

import pytest

from database import sql


def file(folder: Path, text: str) -> Path:
    path = folder / "statement.sql"
    path.write_text(text)
    return path


def test_a_hole_is_filled_wherever_it_is(tmp_path: Path) -> None:
    path = file(tmp_path, "SELECT {fee} FROM ({rows}) AS sold ORDER BY {fee}")
    statement = sql.read(path, fee="gross / 5", rows="SELECT 10 AS gross")
    assert statement == "SELECT gross / 5 FROM (SELECT 10 AS gross) AS sold ORDER BY gross / 5"


def test_the_same_file_can_be_filled_differently(tmp_path: Path) -> None:
    path = file(tmp_path, "SELECT {one}")
    assert [sql.read(path, one="1"), sql.read(path, one="2")] == ["SELECT 1", "SELECT 2"]


def test_a_filling_stays_as_it_is(tmp_path: Path) -> None:
    path = file(tmp_path, "SELECT {one}, {two}")
    assert sql.read(path, one=r"'{two}\1'", two="2") == r"SELECT '{two}\1', 2"


def test_braces_of_sql_are_no_holes(tmp_path: Path) -> None:
    text = "SELECT '{}'::bigint[], '{1,2}'::int[], 'a' ~ '^[a-z]{1,3}$', '{\"a\": 1}'::jsonb"
    assert sql.read(file(tmp_path, text)) == text


@pytest.mark.parametrize(
    ("fillings", "message"),
    [
        ({}, "statement.sql has these holes: lines. The fillings are: none."),
        ({"line": "SELECT"}, "statement.sql has these holes: lines. The fillings are: line."),
        (
            {"lines": "SELECT", "rows": ""},
            "statement.sql has these holes: lines. The fillings are: lines, rows.",
        ),
    ],
)
def test_fillings_that_do_not_match_the_holes_are_refused(
    tmp_path: Path, fillings: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        sql.read(file(tmp_path, "SELECT FROM ({lines}) AS subquery"), **fillings)
