"""The list of runs: how far each has come."""

from collections.abc import Callable
from typing import Any

import pytest

from database import sql
from payouts.models import PauseCause, Payout, PayoutRun
from payouts.run_list import paid_of_made, state_of, with_totals
from payouts.services.deciding import pauses
from tests.payouts.market import CUTOFF, Market

pytestmark = pytest.mark.django_db


def listed() -> tuple[str, str]:
    """Return the only run's state, and what of it is paid."""
    run = with_totals(PayoutRun.objects.all()).get()
    return state_of(run), paid_of_made(run)


def test_a_run_is_sending_until_none_of_its_payouts_waits(payout: Payout, settle: Callable[[], None]) -> None:
    state, paid = listed()
    assert "Sending" in state
    assert paid == "$0.00 of $80.00"
    settle()
    state, paid = listed()
    assert "All sent" in state
    assert paid == "$80.00 of $80.00"


def test_the_creators_of_a_run_are_counted_by_what_it_decided(market: Market) -> None:
    alice, bob = market.creators(["alice", "bob"])
    market.sell(alice, 100_00)
    market.sell(bob, 1_00)
    market.run()
    run: Any = with_totals(PayoutRun.objects.all()).get()
    (total,) = run.totals
    assert (total["payouts"], total["to_be_sent"], total["failed"], total["not_paid"]) == (1, 1, 0, 1)


def test_a_run_waits_for_staff_while_its_size_pauses_it(market: Market) -> None:
    market.payout(market.creator("alice"))
    now = sql.now()
    run = PayoutRun.objects.get(cutoff=CUTOFF)
    pauses.open_pause(PauseCause.RUN_SIZE, currency="USD", run=run, detail="Large", probe_at=now, now=now)
    assert "Waits for staff" in listed()[0]


def test_a_run_is_being_made_until_it_is_complete_or_replaced(market: Market) -> None:
    market.payout(market.creator("alice"))
    PayoutRun.objects.update(completed_at=None)
    assert "Being made" in listed()[0]
    PayoutRun.objects.update(superseded_at=sql.now())
    assert "Replaced by a later run" in listed()[0]
