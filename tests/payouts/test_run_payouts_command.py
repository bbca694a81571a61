"""`manage.py run_payouts`."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from database import sql
from payouts.models import Payout, PayoutRun
from tests.payouts.market import Market

pytestmark = pytest.mark.django_db
OCTOBER = "2025-10-01T00:00:00Z"


def run_command(*arguments: str) -> Any:
    out = StringIO()
    call_command("run_payouts", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


def test_it_reports_what_was_paid_and_what_was_not(market: Market) -> None:
    alice, bob = market.creators(["alice", "bob"])
    market.sell(alice, 100_00)
    market.sell(bob, 10_00)
    assert run_command("--now", OCTOBER) == {
        "cutoff": "2025-10-01",
        "payouts": 1,
        "totals": {"USD": 80_00},
        "held": {},
        "decisions": [
            {"reason": "below_minimum", "currency": "USD", "creators": 1, "amount": 8_00},
            {"reason": "paid", "currency": "USD", "creators": 1, "amount": 80_00},
        ],
    }


def test_it_says_if_there_is_nothing_left_to_do(market: Market) -> None:
    market.payout(market.creator("alice"))
    assert run_command("--now", OCTOBER) == {
        "cutoff": "2025-10-01",
        "payouts": 0,
        "totals": {},
        "held": {},
        "decisions": [],
    }


def test_a_dry_run_shows_the_same_and_leaves_nothing_behind(market: Market) -> None:
    market.sell(market.creator("alice"), 100_00)
    shown = run_command("--now", OCTOBER, "--dry-run")
    assert not Payout.objects.exists()
    assert not PayoutRun.objects.exists()
    assert shown == run_command("--now", OCTOBER)


@pytest.mark.parametrize(
    ("now", "cutoff"),
    [
        ("2025-10-01T00:00:00Z", "2025-10-01"),
        ("2025-10-01T12:59:59+13:00", "2025-09-01"),
        ("2025-09-30T20:00:00-04:00", "2025-10-01"),
        ("2024-03-01T00:00:00Z", "2024-03-01"),
        ("2025-01-31T23:59:59Z", "2025-01-01"),
    ],
)
def test_now_chooses_the_last_complete_period_in_utc(market: Market, now: str, cutoff: str) -> None:
    assert run_command("--now", now)["cutoff"] == cutoff


def test_without_now_it_is_the_last_month(market: Market) -> None:
    assert run_command()["cutoff"] == f"{sql.now():%Y-%m}-01"


@pytest.mark.parametrize("ahead", [timedelta(minutes=1), timedelta(days=62)])
def test_a_now_ahead_of_the_database_clock_is_refused(market: Market, ahead: timedelta) -> None:
    with pytest.raises(CommandError):
        run_command("--now", (sql.now() + ahead).isoformat())
    assert not PayoutRun.objects.exists()


@pytest.mark.parametrize("now", ["yesterday", "2025-10-01", "2025-10-01T00:00:00", ""])
def test_a_now_without_its_offset_is_refused(market: Market, now: str) -> None:
    with pytest.raises(CommandError, match=r"--now: .* is not an ISO 8601 time with an offset"):
        run_command("--now", now)
