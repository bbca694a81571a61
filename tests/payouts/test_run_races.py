"""Runs concurrent with runs and postings, with real threads and processes."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from django.db import connection, transaction

from database import sql
from database.commands import close_connections_after
from earnings.models import CreatorEarning
from payouts.models import Payout, PayoutLineItem, PayoutRun, RunDecision
from payouts.services.deciding.runs import RunResult
from payouts.services.reconciliation import books
from payouts.states import DecisionReason
from tests.payouts.market import CUTOFF, NEXT_CUTOFF, Market
from tests.threads import at_once, wait_for_locked_out

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]
OCTOBER = "2025-10-03T12:00:00Z"


@pytest.mark.parametrize("runs", [2, 10])
def test_concurrent_runs_make_one_set_of_payouts(market: Market, runs: int) -> None:
    creators = market.creators([f"creator-{number}" for number in range(20)])
    market.sell_all(creators, 100_00)
    results = at_once(*[market.run] * runs)
    paid = [result.creators[DecisionReason.PAID, "USD"] for result in results]
    assert sorted(paid) == [0] * (runs - 1) + [20]
    assert Payout.objects.count() == PayoutLineItem.objects.count() == RunDecision.objects.count() == 20
    assert PayoutRun.objects.count() == 1
    books.require_sound()


def test_concurrent_runs_of_two_cutoffs_claim_each_row_once(market: Market) -> None:
    creators = market.creators([f"creator-{number}" for number in range(20)])
    market.sell_all(creators, 100_00)
    at_once(partial(market.run, CUTOFF), partial(market.run, NEXT_CUTOFF), partial(market.run, CUTOFF))
    assert Payout.objects.count() == PayoutLineItem.objects.count() == 20
    books.require_sound()


def test_a_refund_posted_while_the_run_decides_is_included(market: Market) -> None:
    """The run claims a row whose refund isn't committed yet: it waits, and pays the rest."""
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    locked = Event()

    def refund() -> None:
        with transaction.atomic():
            CreatorEarning.objects.select_for_update().get(creator=alice)
            locked.set()
            wait_for_locked_out()
            market.refund(alice, 30_00)

    def run() -> None:
        assert locked.wait(10)
        market.run()

    at_once(refund, run)
    payout = Payout.objects.get()
    assert payout.net_amount == payout.line_items.get().net_revenue == 56_00
    books.require_sound()


def test_a_debt_that_is_earned_back_while_the_run_decides_is_not_claimed(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    market.refund(alice, 30_00, at=OCTOBER)
    locked = Event()

    def earn() -> None:
        with transaction.atomic():
            CreatorEarning.objects.select_for_update().get(creator=alice, period_start=CUTOFF)
            locked.set()
            wait_for_locked_out()
            market.sell(alice, 50_00, at=OCTOBER)

    def run() -> None:
        assert locked.wait(10)
        market.run()

    at_once(earn, run)
    assert Payout.objects.get().net_amount == 80_00
    assert CreatorEarning.objects.get(payout=None).net == 16_00
    books.require_sound()


def test_a_sale_posted_while_the_run_claims_a_debt_opens_a_new_row(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    market.refund(alice, 30_00, at=OCTOBER)
    locked = Event()

    def hold_up() -> None:
        with transaction.atomic():
            sql.run("LOCK TABLE payout_line_items IN SHARE MODE")
            locked.set()
            wait_for_locked_out(2)

    def run() -> None:
        assert locked.wait(10)
        market.run()

    def sell() -> None:
        assert locked.wait(10)
        wait_for_locked_out(1)
        market.sell(alice, 50_00, at=OCTOBER)

    at_once(hold_up, run, sell)
    assert Payout.objects.get().net_amount == 56_00
    assert CreatorEarning.objects.get(payout=None).net == 40_00
    books.require_sound()


def test_repeating_a_run_waits_for_the_first_and_pays_nobody_twice(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    locked, sold = Event(), Event()

    def hold_up() -> None:
        with transaction.atomic():
            sql.run("LOCK TABLE payout_line_items IN SHARE MODE")
            locked.set()
            wait_for_locked_out(1)
            with ThreadPoolExecutor(1) as pool:
                late = partial(market.sell, alice, 50_00, at="2025-08-10T12:00:00Z")
                pool.submit(close_connections_after(late)).result(10)
            sold.set()
            wait_for_locked_out(2)

    def run(when: Event) -> RunResult:
        assert when.wait(10)
        return market.run()

    _, first, second = at_once(hold_up, partial(run, locked), partial(run, sold))
    assert first
    assert first.creators == {(DecisionReason.PAID, "USD"): 1}
    assert second
    assert second.creators == {}
    assert RunDecision.objects.get().reason == DecisionReason.PAID
    assert Payout.objects.get().net_amount == 80_00
    books.require_sound()


def test_refunds_posted_during_runs_are_paid_or_carried_and_never_lost(market: Market) -> None:
    creators = market.creators(["alice", "bob", "charlie"])
    market.sell_all(creators, 100_00)

    def refunds() -> None:
        for _ in range(5):
            for creator in creators:
                market.refund(creator, 1_00)

    def run() -> None:
        market.run()

    at_once(refunds, run, refunds, run)
    for creator in creators:
        earned = CreatorEarning.objects.filter(creator=creator)
        assert sum(row.gross for row in earned) == 90_00
        payout = Payout.objects.get(creator=creator)
        assert sum(row.net for row in earned.filter(payout=payout)) == payout.net_amount
    books.require_sound()


@pytest.mark.full
def test_ten_processes_making_the_same_run_make_one_set_of_payouts(market: Market) -> None:
    creators = market.creators([f"creator-{number}" for number in range(200)])
    market.sell_all(creators, 100_00)
    database = connection.settings_dict
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    processes = [
        subprocess.Popen(
            [sys.executable, ROOT / "manage.py", "run_payouts", "--now", "2025-10-01T00:00:00Z", "--json"],
            env=os.environ | {"DATABASE_URL": url},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(10)
    ]
    told = [json.loads(process.communicate(timeout=120)[0].splitlines()[-1]) for process in processes]
    assert [process.returncode for process in processes] == [0] * 10
    assert sum(result["payouts"] for result in told) == 200
    assert Payout.objects.count() == PayoutLineItem.objects.count() == 200
    books.require_sound()
