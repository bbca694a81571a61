"""What creators owe the platform is carried, aged and shown until it is earned back or written off by two people."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import Creator
from database import sql
from database.staff import Act
from earnings.models import Adjustment
from earnings.selectors import negative_balances
from earnings.services import adjustments
from money import Money
from payouts.models import Payout, RunDecision
from tests.api import caller
from tests.documented import read
from tests.payouts.market import CUTOFF, NEXT_CUTOFF, Market, unsound


@pytest.fixture
def alice(market: Market) -> Creator:
    return market.creator("alice")


def days_ago(days: int) -> None:
    """Date the latest booking so many days ago."""
    sql.run("SET LOCAL session_replication_role = replica")
    sql.run(
        "UPDATE ledger_transactions SET created_at = now() - %(days)s * interval '1 day'"
        " WHERE id = (SELECT max(id) FROM ledger_transactions)",
        {"days": days},
    )
    sql.run("SET LOCAL session_replication_role = origin")


def owing() -> list[tuple[str, int, int]]:
    """List who owes how much, for how many days."""
    now = sql.now()
    return [(debt.external_id, debt.owed.amount, (now - debt.since).days) for debt in negative_balances()]


def test_a_creator_with_a_positive_or_zero_balance_has_no_debt(alice: Creator, market: Market) -> None:
    assert owing() == []
    market.sell(alice, 10_00)
    assert owing() == []
    market.refund(alice, 10_00)
    assert owing() == []


def test_a_debt_ages_from_its_first_cent(alice: Creator, market: Market) -> None:
    market.sell(alice, 10_00)
    days_ago(90)
    market.refund(alice, 20_00)
    days_ago(60)
    market.refund(alice, 5_00)
    days_ago(30)
    market.sell(alice, 1_00)
    days_ago(10)
    assert owing() == [("alice", 11_20, 60)]
    (debt,) = negative_balances()
    assert debt.last_earned is not None
    assert (sql.now() - debt.last_earned).days == 10


def test_a_debt_ends_when_earned_back_and_a_new_one_starts_afresh(alice: Creator, market: Market) -> None:
    market.refund(alice, 10_00)
    days_ago(90)
    assert negative_balances()[0].last_earned is None
    market.sell(alice, 10_00)
    days_ago(60)
    assert owing() == []
    market.refund(alice, 1_00)
    days_ago(5)
    assert owing() == [("alice", 80, 5)]


def test_a_debt_ends_when_written_off(alice: Creator, market: Market) -> None:
    market.refund(alice, 10_00)
    proposed = adjustments.propose_write_off(alice, currency="USD", act=Act("dana", "Gone"))
    assert [debt.owed for debt in negative_balances()] == [Money(8_00, "USD")]
    adjustments.approve_adjustment(proposed.pk, act=Act("erin", "Agreed"), now=sql.now())
    assert negative_balances() == []


def test_the_oldest_debt_comes_first(market: Market) -> None:
    for days, creator in enumerate(market.creators(["alice", "bob", "charlie"])):
        market.refund(creator, 10_00)
        days_ago(days)
    assert owing() == [("charlie", 8_00, 2), ("bob", 8_00, 1), ("alice", 8_00, 0)]
    assert [debt.external_id for debt in negative_balances(limit=1)] == ["charlie"]


def test_a_permanent_debt_is_carried_and_shown_and_never_written_off_silently(
    alice: Creator, market: Market
) -> None:
    market.refund(alice, 50_00, at="2025-08-12T12:00:00Z")
    days_ago(70)
    for cutoff, sold in [(CUTOFF, "2025-09-10T12:00:00Z"), (NEXT_CUTOFF, "2025-10-10T12:00:00Z")]:
        market.sell(alice, 10_00, at=sold)
        market.run(cutoff)
    decisions = RunDecision.objects.order_by("run__cutoff").values_list("reason", "amount")
    assert list(decisions) == [("negative_balance", -32_00), ("negative_balance", -24_00)]
    assert owing() == [("alice", 24_00, 70)]
    assert not Payout.objects.exists()
    assert not Adjustment.objects.exists()
    shown = read(caller("alice"), "/payouts/upcoming")
    assert shown["next_payout_amount"] == -24_00
    assert "negative_balance" in {blocker["code"] for blocker in shown["blockers"]}
    assert read(caller("alice"), "/earnings")["summary"]["pending_payout"] == -24_00
    assert unsound() == {}


def test_the_command_lists_debts(alice: Creator, market: Market) -> None:
    out = io.StringIO()
    call_command("negative_balances", stdout=out)
    assert out.getvalue() == "negative balances: none\n"
    market.refund(alice, 10_00)
    days_ago(3)
    since = (sql.now() - timedelta(days=3)).date().isoformat()
    out = io.StringIO()
    call_command("negative_balances", "--json", stdout=out)
    (debt,) = json.loads(out.getvalue())["negative_balances"]
    assert debt.pop("since").startswith(since)
    assert debt == {"creator": "alice", "currency": "USD", "owed": 8_00, "days": 3, "last_earned": None}
    out = io.StringIO()
    call_command("negative_balances", stdout=out)
    assert "$8.00" in out.getvalue()


def test_metrics_report_the_sum_and_the_age_of_debts(market: Market) -> None:
    for days, creator in enumerate(market.creators(["alice", "bob"])):
        market.refund(creator, 10_00)
        days_ago(days)
    samples = {
        sample.name: sample.value
        for family in text_string_to_metric_families(Client().get("/metrics").content.decode())
        for sample in family.samples
    }
    assert samples["payouts_owed_by_creators_minor_units"] == 16_00
    assert 86_400 <= samples["payouts_oldest_negative_balance_seconds"] < 86_460
