"""A failing item is isolated in a logarithmic number of tries; an error of the server stops everything."""

from collections.abc import Sequence
from math import ceil, log2

import pytest
from django.db import DatabaseError, OperationalError, ProgrammingError, connection
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from database import sql
from database.halving import do_in_halves

pytestmark = pytest.mark.django_db


class Doing:
    """Writes numbers to a table, and fails for some of them."""

    def __init__(self, *, refused: set[int]) -> None:
        self._refused = refused
        self.tries = 0
        self.given_up: list[int] = []
        sql.run("DROP TABLE IF EXISTS done")
        sql.run("CREATE TEMPORARY TABLE done (place serial, number int)")

    def act(self, numbers: Sequence[int]) -> int:
        self.tries += 1
        for number in numbers:
            sql.run("INSERT INTO done (number) VALUES (%(number)s)", {"number": number})
            if number in self._refused:
                sql.run("SELECT 1 / 0")
        return len(numbers)

    def give_up(self, number: int, error: DatabaseError) -> int:
        assert "division by zero" in str(error)
        self.given_up.append(number)
        return 0

    def done(self) -> list[int]:
        return [row["number"] for row in sql.rows("SELECT number FROM done ORDER BY place")]


@given(total=st.integers(0, 40), data=st.data())
@examples(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_but_the_culprits_are_done_once_and_in_order(total: int, data: st.DataObject) -> None:
    numbers = list(range(total))
    refused = set(data.draw(st.lists(st.sampled_from(numbers or [0]), max_size=3)))
    doing = Doing(refused=refused)
    parts = do_in_halves(numbers, act=doing.act, give_up=doing.give_up)
    assert doing.done() == [number for number in numbers if number not in refused]
    assert doing.given_up == [number for number in numbers if number in refused]
    assert sum(parts) == len(doing.done())
    levels = ceil(log2(total)) if total > 1 else 0
    assert doing.tries <= 1 + 2 * levels * len(doing.given_up)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("SELECT nothing FROM done", ProgrammingError),  # a column that isn't there yet
        ("SELECT pg_cancel_backend(pg_backend_pid())", OperationalError),
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$", OperationalError),  # a deadlock
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53100'; END $$", OperationalError),  # a full disk
        (
            "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '25006'; END $$",
            DatabaseError,
        ),  # a standby by now
    ],
)
def test_an_error_that_is_no_items_fault_is_raised_at_once(
    statement: str, error: type[DatabaseError]
) -> None:
    doing = Doing(refused=set())

    def act(numbers: Sequence[int]) -> int:
        doing.act(numbers)
        return sql.run(statement)

    with pytest.raises(error):
        do_in_halves([1, 2, 3, 4], act=act, give_up=doing.give_up)
    assert doing.tries == 1
    assert doing.given_up == []


@pytest.mark.django_db(transaction=True)
def test_the_item_behind_an_error_on_commit_is_found_too() -> None:
    sql.run("CREATE TABLE halved (number int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    try:
        sql.run("INSERT INTO halved VALUES (3)")
        given_up: list[int] = []

        def give_up(number: int, error: DatabaseError) -> int:
            given_up.append(number)
            return 0

        def act(numbers: Sequence[int]) -> int:
            return sum(
                sql.run("INSERT INTO halved VALUES (%(number)s)", {"number": number}) for number in numbers
            )

        do_in_halves([1, 2, 3, 4], act=act, give_up=give_up)
        assert given_up == [3]
        assert {row["number"] for row in sql.rows("SELECT number FROM halved")} == {1, 2, 3, 4}
        assert connection.get_autocommit()
    finally:
        sql.run("DROP TABLE halved")
