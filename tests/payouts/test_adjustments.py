"""What is owed is corrected by hand by two people, and what was given up comes back first."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from accounts.errors import ReasonMissing
from accounts.models import Creator
from database import sql
from earnings.errors import AdjustmentDecided, NothingToWriteOff, SecondPersonNeeded
from earnings.models import Adjustment, AdjustmentKind, AdjustmentStatus, CreatorEarning
from earnings.services import adjustments
from ledger.selectors import payable_balance
from money import Money
from payouts.models import Payout, RunDecision
from tests.payouts.market import CUTOFF, Market, unsound

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(market: Market) -> Creator:
    return market.creator("alice")


def proposed(creator: Creator, amount: int = 12_34) -> Adjustment:
    return adjustments.propose_adjustment(
        creator, amount=Money(amount, "USD"), reason="Billed twice", actor="dana"
    )


def write_off(creator: Creator) -> Adjustment:
    proposal = adjustments.propose_write_off(creator, currency="USD", reason="Gone", actor="dana")
    return adjustments.approve_adjustment(proposal.pk, actor="erin", now=sql.now())


def owed(creator: Creator) -> int:
    assert unsound() == {}
    return payable_balance(creator.pk, currency="USD")


def test_a_proposal_moves_nothing(alice: Creator) -> None:
    assert proposed(alice).status == AdjustmentStatus.PROPOSED
    assert owed(alice) == 0


@pytest.mark.parametrize("amount", [12_34, -12_34])
def test_an_approved_one_is_owed(alice: Creator, amount: int) -> None:
    approved = adjustments.approve_adjustment(proposed(alice, amount).pk, actor="erin", now=sql.now())
    assert (approved.status, approved.decided_by) == (AdjustmentStatus.APPROVED, "erin")
    assert approved.earning
    assert (approved.earning.api, approved.earning.closed_at is not None) == (None, True)
    assert owed(alice) == amount


def test_nobody_approves_their_own(alice: Creator) -> None:
    with pytest.raises(SecondPersonNeeded):
        adjustments.approve_adjustment(proposed(alice).pk, actor="dana", now=sql.now())
    assert owed(alice) == 0


def test_the_database_refuses_it_too(alice: Creator) -> None:
    proposal = proposed(alice)
    earning = adjustments.approve_adjustment(proposed(alice).pk, actor="erin", now=sql.now()).earning
    Adjustment.objects.filter(earning=earning).update(earning=None, status="declined")
    with pytest.raises(IntegrityError, match="second_person"):
        Adjustment.objects.filter(pk=proposal.pk).update(
            status="approved", decided_by="dana", decided_at=sql.now(), earning=earning
        )


def test_what_is_declined_stays_declined(alice: Creator) -> None:
    proposal = proposed(alice)
    adjustments.decline_adjustment(proposal.pk, actor="erin", now=sql.now())
    for decide in (adjustments.approve_adjustment, adjustments.decline_adjustment):
        with pytest.raises(AdjustmentDecided):
            decide(proposal.pk, actor="frank", now=sql.now())
    assert owed(alice) == 0


def test_it_is_booked_once(alice: Creator) -> None:
    proposal = proposed(alice)
    adjustments.approve_adjustment(proposal.pk, actor="erin", now=sql.now())
    with pytest.raises(AdjustmentDecided):
        adjustments.approve_adjustment(proposal.pk, actor="erin", now=sql.now())
    assert owed(alice) == 12_34


@pytest.mark.parametrize("reason", ["", " "])
def test_it_needs_a_reason(alice: Creator, reason: str) -> None:
    with pytest.raises(ReasonMissing):
        adjustments.propose_adjustment(alice, amount=Money(1, "USD"), reason=reason, actor="dana")


def test_a_fact_found_out_twice_is_booked_once(alice: Creator) -> None:
    facts: dict[str, Any] = {
        "amount": Money(-80_00, "USD"),
        "kind": AdjustmentKind.UNEXPECTED_TRANSFER,
        "reason": "tr_1",
        "source_key": "transfer:tr_1",
        "now": sql.now(),
    }
    assert adjustments.book_found_out(alice.pk, **facts)
    assert not adjustments.book_found_out(alice.pk, **facts)
    assert owed(alice) == -80_00


def test_only_what_is_owed_to_the_platform_is_written_off(alice: Creator, market: Market) -> None:
    with pytest.raises(NothingToWriteOff):
        write_off(alice)
    market.sell(alice, 10_00)
    with pytest.raises(NothingToWriteOff):
        write_off(alice)
    market.refund(alice, 60_00)
    assert write_off(alice).amount == 40_00
    assert owed(alice) == 0


def test_a_write_off_is_refused_once_the_creator_owes_less(alice: Creator, market: Market) -> None:
    market.refund(alice, 50_00)
    proposal = adjustments.propose_write_off(alice, currency="USD", reason="Gone", actor="dana")
    market.sell(alice, 10_00)
    with pytest.raises(NothingToWriteOff):
        adjustments.approve_adjustment(proposal.pk, actor="erin", now=sql.now())
    assert owed(alice) == -32_00


def test_later_earnings_first_undo_what_was_written_off(alice: Creator, market: Market) -> None:
    market.refund(alice, 100_00)
    write_off(alice)
    market.sell(alice, 50_00)
    assert owed(alice) == 0
    market.sell(alice, 100_00)
    assert owed(alice) == 40_00
    market.sell(alice, 10_00)
    assert owed(alice) == 48_00
    undone = Adjustment.objects.filter(kind=AdjustmentKind.WRITE_OFF_UNDONE)
    assert sorted(undone.values_list("amount", flat=True)) == [-40_00, -40_00]


def test_a_run_pays_only_what_is_left_after_undoing(alice: Creator, market: Market) -> None:
    """Although the undoing is booked after the cut-off of the run that would pay the sale."""
    market.refund(alice, 100_00, at="2025-08-12T12:00:00Z")
    write_off(alice)
    market.arrive("charge", alice, 200_00, at="2025-09-10T12:00:00Z")
    market.arrive("charge", alice, 100_00, at="2025-10-10T12:00:00Z")
    market.run(CUTOFF)
    assert RunDecision.objects.get(run__cutoff=CUTOFF).amount == 160_00 - 80_00
    assert owed(alice) == 80_00


def test_an_adjustment_is_paid_by_the_run_after_the_day_it_was_booked(alice: Creator, market: Market) -> None:
    now = sql.now()
    market.adjust(alice, 30_00, booked_at=now)
    market.run(CUTOFF)
    assert not Payout.objects.exists()
    earning = CreatorEarning.objects.get()
    assert (earning.period_start, earning.period_end) == (now.date(), now.date() + timedelta(days=1))


def test_the_command_proposes_and_another_call_approves(alice: Creator) -> None:
    def adjust(*arguments: str) -> dict[str, Any]:
        out = StringIO()
        call_command("adjust", *arguments, "--json", stdout=out)
        return dict(json.loads(out.getvalue()))

    told = adjust("propose", "alice", "-500", "--reason", "Billed twice", "--actor", "dana")
    assert told["status"] == "proposed"
    with pytest.raises(CommandError, match="another person"):
        adjust("approve", told["adjustment"], "--actor", "dana")
    assert adjust("approve", told["adjustment"], "--actor", "erin")["status"] == "approved"
    assert owed(alice) == -5_00
    written = adjust("write-off", "alice", "--reason", "Too small to ask for", "--actor", "dana")
    assert adjust("decline", written["adjustment"], "--actor", "dana")["status"] == "declined"
    for currency in ("XXX", "BGN"):
        with pytest.raises(CommandError, match=f"'{currency}' is not a currency in use"):
            adjust("propose", "alice", "1", "--currency", currency, "--reason", "x", "--actor", "dana")
    with pytest.raises(CommandError, match="does not exist"):
        adjust("propose", "nobody", "1", "--reason", "x", "--actor", "dana")
