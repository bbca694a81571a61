"""When the backup was taken, and what the lost database did after it."""

from collections.abc import Callable
from datetime import timedelta

from tests.drill.cell import Cell


def _before_the_run(cell: Cell) -> None:
    cell.back_up()
    cell.happen_before_the_run()
    cell.make_run()
    cell.send()


def _between_run_and_sending(cell: Cell) -> None:
    cell.make_run()
    cell.back_up()
    cell.happen_before_the_run()
    cell.send()


def _in_the_middle_of_sending(cell: Cell) -> None:
    cell.make_run()
    cell.send_half()
    cell.back_up()
    cell.happen_before_the_run()
    cell.send()


def _a_day_ago(cell: Cell) -> None:
    """The keys that the restored database would send have expired at Stripe."""
    _between_run_and_sending(cell)
    cell.site.advance(timedelta(hours=25))


def _two_months_ago(cell: Cell) -> None:
    """Two runs are missing."""
    _before_the_run(cell)
    cell.next_month()
    cell.site.advance(timedelta(days=40))


CUTS: dict[str, Callable[[Cell], None]] = {
    "before the run": _before_the_run,
    "between the run and sending": _between_run_and_sending,
    "in the middle of sending": _in_the_middle_of_sending,
    "25 hours ago": _a_day_ago,
    "40 days ago": _two_months_ago,
}
