"""Runs made by beat: the latest due run, once, and none from before the installation."""

from datetime import UTC, date, datetime

import pytest
from pytest_django import Settings

from payouts import selectors
from payouts.models import Payout, PayoutRun
from payouts.services.deciding import runs
from stripe_io.models import Installation
from tests.payouts.market import Market

pytestmark = pytest.mark.django_db


def installed(moment: datetime) -> None:
    Installation.objects.update_or_create(defaults={"mode": "sandbox", "installed_at": moment})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def cutoffs() -> dict[date, bool]:
    """Return the runs there are; True for one that was made, False for one that was superseded."""
    return {run.cutoff: run.superseded_at is None for run in PayoutRun.objects.all()}


@pytest.mark.parametrize(
    ("now", "payout_day", "cutoff"),
    [
        ("2025-10-01T00:00:00", 1, date(2025, 10, 1)),
        ("2025-09-30T23:59:59", 1, date(2025, 9, 1)),
        ("2025-10-14T23:59:59", 15, date(2025, 9, 1)),
        ("2025-10-15T00:00:00", 15, date(2025, 10, 1)),
        ("2025-01-01T00:00:00", 1, date(2025, 1, 1)),
        ("2025-01-27T12:00:00", 28, date(2024, 12, 1)),
        ("2024-02-29T12:00:00", 28, date(2024, 2, 1)),
    ],
)
def test_a_cutoff_falls_due_on_the_day_of_payment(
    settings: Settings, now: str, payout_day: int, cutoff: date
) -> None:
    settings.PAYOUT_DAY = payout_day
    assert selectors.latest_due_cutoff(now=at(now)) == cutoff


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2025-10-01T00:00:00", date(2025, 9, 1), date(2025, 10, 1)),
        ("2025-09-30T23:59:59", date(2025, 8, 1), date(2025, 9, 1)),
        ("2025-01-15T12:00:00", date(2024, 12, 1), date(2025, 1, 1)),
        ("2024-03-01T00:00:00", date(2024, 2, 1), date(2024, 3, 1)),
    ],
)
def test_the_last_complete_period_is_the_month_before(now: str, start: date, end: date) -> None:
    period = runs.period_complete_at(at(now))
    assert (period.start, period.end) == (start, end)


def test_nothing_from_before_the_installation_is_due(market: Market) -> None:
    market.sell(market.creator("alice"), 100_00)
    installed(at("2025-10-01T00:00:01"))
    assert runs.make_due_run(now=at("2025-10-31T12:00:00")) is None
    assert not PayoutRun.objects.exists()


def test_a_due_run_is_made_once(market: Market) -> None:
    market.sell(market.creator("alice"), 100_00)
    installed(at("2025-09-20T12:00:00"))
    made = runs.make_due_run(now=at("2025-10-01T00:15:00"))
    assert made is not None
    assert made.cutoff == date(2025, 10, 1)
    assert runs.make_due_run(now=at("2025-10-01T01:15:00")) is None
    assert Payout.objects.count() == 1


def test_nothing_is_due_before_the_day_of_payment(market: Market, settings: Settings) -> None:
    settings.PAYOUT_DAY = 15
    market.sell(market.creator("alice"), 100_00)
    installed(at("2025-09-20T12:00:00"))
    assert runs.make_due_run(now=at("2025-10-14T23:15:00")) is None
    assert runs.make_due_run(now=at("2025-10-15T00:15:00")) is not None


def test_missed_runs_are_superseded_by_the_latest_which_pays_for_all(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00, at="2025-07-10T12:00:00Z")
    market.sell(alice, 100_00, at="2025-09-10T12:00:00Z")
    installed(at("2025-07-20T12:00:00"))
    for _ in range(2):
        runs.make_due_run(now=at("2025-10-05T12:00:00"))
        assert cutoffs() == {date(2025, 8, 1): False, date(2025, 9, 1): False, date(2025, 10, 1): True}
    assert Payout.objects.get().net_amount == 160_00


def test_a_run_that_was_made_is_not_superseded_later(market: Market) -> None:
    market.sell(market.creator("alice"), 100_00)
    installed(at("2025-09-20T12:00:00"))
    runs.make_due_run(now=at("2025-10-05T12:00:00"))
    runs.make_due_run(now=at("2025-11-05T12:00:00"))
    assert cutoffs() == {date(2025, 10, 1): True, date(2025, 11, 1): True}


def test_a_due_run_that_died_is_completed(market: Market) -> None:
    market.sell(market.creator("alice"), 100_00)
    installed(at("2025-09-20T12:00:00"))
    PayoutRun.objects.create(cutoff=date(2025, 10, 1))
    assert runs.make_due_run(now=at("2025-10-01T01:15:00")) is not None
    assert Payout.objects.count() == 1


def test_a_run_that_died_and_was_overtaken_is_superseded(market: Market) -> None:
    market.sell(market.creator("alice"), 100_00)
    installed(at("2025-08-20T12:00:00"))
    PayoutRun.objects.create(cutoff=date(2025, 9, 1))
    runs.make_due_run(now=at("2025-10-05T12:00:00"))
    assert cutoffs() == {date(2025, 9, 1): False, date(2025, 10, 1): True}


def test_a_superseded_run_can_be_made_by_command_after_all(market: Market) -> None:
    alice = market.creator("alice", account=None)
    market.sell(alice, 100_00, at="2025-08-10T12:00:00Z")
    installed(at("2025-08-20T12:00:00"))
    runs.make_due_run(now=at("2025-10-05T12:00:00"))
    alice.payment_accounts.create(account_status="active", api="v1", stripe_account_id="acct_alice")
    market.run(date(2025, 9, 1))
    assert cutoffs()[date(2025, 9, 1)] is True
    assert Payout.objects.get().run == PayoutRun.objects.get(cutoff=date(2025, 9, 1))
