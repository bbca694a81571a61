"""Adjustments: two people correct what is owed."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.models import Creator
from database import sql
from database.staff import Act, ReasonMissing
from earnings.errors import (
    AdjustmentDecided,
    AmountTooLarge,
    NothingToAdjust,
    SecondPersonNeeded,
)
from earnings.models import Adjustment, AdjustmentKind, AdjustmentStatus, CreatorEarning
from earnings.services import adjustments
from ledger.selectors import payable_balance
from money import Money
from payouts.models import Payout
from tests.payouts.market import CUTOFF, Market, unsound

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(market: Market) -> Creator:
    return market.creator("alice")


def proposed(creator: Creator, amount: int = 12_34) -> Adjustment:
    return adjustments.propose_adjustment(
        creator, amount=Money(amount, "USD"), act=Act("dana", "Billed twice")
    )


def owed(creator: Creator) -> int:
    assert unsound() == {}
    return payable_balance(creator.pk, currency="USD")


def test_a_proposal_moves_nothing(alice: Creator) -> None:
    assert proposed(alice).status == AdjustmentStatus.PROPOSED
    assert owed(alice) == 0


@pytest.mark.parametrize("amount", [12_34, -12_34])
def test_an_approved_adjustment_is_owed(alice: Creator, amount: int) -> None:
    approved = adjustments.approve_adjustment(
        proposed(alice, amount).pk, act=Act("erin", "Agreed"), now=sql.now()
    )
    assert (approved.status, approved.decided_by) == (AdjustmentStatus.APPROVED, "erin")
    assert approved.earning
    assert (approved.earning.api, approved.earning.closed_at is not None) == (None, True)
    assert owed(alice) == amount


@pytest.mark.parametrize("amount", [1_000_000_000_000, -(10**30)])
def test_an_amount_above_the_limit_of_a_record_cannot_be_proposed(alice: Creator, amount: int) -> None:
    with pytest.raises(AmountTooLarge, match=r"at most \$9,999,999,999\.99"):
        proposed(alice, amount)
    assert not Adjustment.objects.exists()


ONE_PERSON = ["dana", "dana via cli", "dana via console", "Dana", "DANA via cli"]


@pytest.mark.parametrize("actor", ONE_PERSON)
def test_nobody_approves_their_own(alice: Creator, actor: str) -> None:
    """Through whichever channel they propose and approve it."""
    for proposed_by in ONE_PERSON:
        proposal = adjustments.propose_adjustment(
            alice, amount=Money(1, "USD"), act=Act(proposed_by, "Billed twice")
        )
        with pytest.raises(SecondPersonNeeded, match="dana proposed this"):
            adjustments.approve_adjustment(proposal.pk, act=Act(actor, "Agreed"), now=sql.now())
    assert owed(alice) == 0


@pytest.mark.parametrize("actor", ONE_PERSON)
def test_the_database_refuses_self_approval_too(alice: Creator, actor: str) -> None:
    proposal = proposed(alice)
    earning = adjustments.approve_adjustment(
        proposed(alice).pk, act=Act("erin", "Agreed"), now=sql.now()
    ).earning
    Adjustment.objects.filter(earning=earning).update(earning=None, status="declined", decide_reason="Odd")
    with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
        Adjustment.objects.filter(pk=proposal.pk).update(
            status="approved", decided_by=actor, decided_at=sql.now(), earning=earning
        )
    assert Adjustment.objects.filter(pk=proposal.pk).update(
        status="approved", decided_by="erin via cli", decided_at=sql.now(), earning=earning
    )


def test_what_is_declined_stays_declined(alice: Creator) -> None:
    proposal = proposed(alice)
    declined = adjustments.decline_adjustment(proposal.pk, act=Act("erin", "Hers"), now=sql.now())
    assert (declined.decided_by, declined.decide_reason) == ("erin", "Hers")
    with pytest.raises(AdjustmentDecided):
        adjustments.approve_adjustment(proposal.pk, act=Act("frank", "Mine"), now=sql.now())
    with pytest.raises(AdjustmentDecided):
        adjustments.decline_adjustment(proposal.pk, act=Act("frank", "Mine"), now=sql.now())
    assert owed(alice) == 0


def test_it_is_booked_once(alice: Creator) -> None:
    proposal = proposed(alice)
    adjustments.approve_adjustment(proposal.pk, act=Act("erin", "Agreed"), now=sql.now())
    with pytest.raises(AdjustmentDecided):
        adjustments.approve_adjustment(proposal.pk, act=Act("erin", "Agreed"), now=sql.now())
    assert owed(alice) == 12_34


@pytest.mark.parametrize("reason", ["", " ", "\t\n"])
def test_a_reason_to_approve_or_decline_it_is_not_blank(alice: Creator, reason: str) -> None:
    proposal = proposed(alice)
    with pytest.raises(ReasonMissing):
        adjustments.approve_adjustment(proposal.pk, act=Act("erin", reason), now=sql.now())
    with pytest.raises(IntegrityError, match="declined_for_a_reason"), transaction.atomic():
        Adjustment.objects.update(
            status="declined", decided_by="erin", decided_at=sql.now(), decide_reason=reason
        )
    proposal.refresh_from_db()
    assert proposal.status == AdjustmentStatus.PROPOSED


def test_an_approval_may_say_why_too(alice: Creator) -> None:
    approved = adjustments.approve_adjustment(
        proposed(alice).pk, act=Act("erin", " Seen the invoice "), now=sql.now()
    )
    approved.refresh_from_db()
    assert (approved.reason, approved.decide_reason) == ("Billed twice", "Seen the invoice")


def test_an_adjustment_of_zero_cannot_be_proposed(alice: Creator) -> None:
    with pytest.raises(NothingToAdjust):
        proposed(alice, 0)


def test_a_fact_found_twice_is_booked_once(alice: Creator) -> None:
    facts: dict[str, Any] = {
        "amount": Money(-80_00, "USD"),
        "kind": AdjustmentKind.UNEXPECTED_TRANSFER,
        "reason": "tr_1",
        "source_key": "transfer:tr_1",
        "now": sql.now(),
    }
    assert adjustments.book_automatic_adjustment(alice.pk, **facts)
    assert not adjustments.book_automatic_adjustment(alice.pk, **facts)
    assert owed(alice) == -80_00


def test_an_adjustment_is_paid_by_the_run_after_the_day_it_was_booked(alice: Creator, market: Market) -> None:
    now = sql.now()
    market.adjust(alice, 30_00, booked_at=now)
    market.run(CUTOFF)
    assert not Payout.objects.exists()
    earning = CreatorEarning.objects.get()
    assert (earning.period_start, earning.period_end) == (now.date(), now.date() + timedelta(days=1))


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_decisions_from_before_reasons_were_stored_stay_as_they_were(alice: Creator) -> None:
    declined, approved = proposed(alice), proposed(alice)
    adjustments.decline_adjustment(declined.pk, act=Act("erin", "Odd"), now=sql.now())
    adjustments.approve_adjustment(approved.pk, act=Act("erin", "Agreed"), now=sql.now())
    try:
        call_command("migrate", "earnings", "0019", verbosity=0)
        sql.run("UPDATE adjustments SET decided_by = 'Dana' WHERE status = 'approved'")
    finally:
        call_command("migrate", verbosity=0)
    declined.refresh_from_db()
    approved.refresh_from_db()
    assert (declined.status, declined.decided_by, declined.decide_reason) == ("declined", "erin", "")
    assert (approved.status, approved.proposed_by, approved.decided_by) == ("approved", "dana", "Dana")
    proposal = proposed(alice)
    with pytest.raises(IntegrityError, match="declined_for_a_reason"), transaction.atomic():
        Adjustment.objects.filter(pk=proposal.pk).update(
            status="declined", decided_by="erin", decided_at=sql.now()
        )


def adjust(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("adjust", *arguments, "--json", stdout=out)
    return dict(json.loads(out.getvalue()))


@pytest.mark.usefixtures("dana_and_erin")
def test_the_command_proposes_and_another_person_approves(alice: Creator) -> None:
    output = adjust("propose", "alice", "-500", "--reason", "Billed twice", "--actor", "dana")
    assert output["status"] == "proposed"
    assert Adjustment.objects.get().proposed_by == "dana via cli"
    with pytest.raises(CommandError, match="Another person"):
        adjust("approve", output["adjustment"], "--actor", "dana")
    with pytest.raises(CommandError, match="username 'nobody-i-made-up'"):
        adjust("approve", output["adjustment"], "--actor", "nobody-i-made-up")
    assert owed(alice) == 0
    assert adjust("approve", output["adjustment"], "--actor", "erin")["status"] == "approved"
    assert owed(alice) == -5_00
    assert not adjust("propose", "alice", "5", "--reason", "x", "--actor", "dana")["counts_as_earned"]
    output = adjust("propose", "alice", "5", "--counts-as-earned", "--reason", "x", "--actor", "dana")
    assert adjust("decline", output["adjustment"], "--reason", "x", "--actor", "erin")["counts_as_earned"]
    written = adjust("write-off", "alice", "--reason", "Too small to ask for", "--actor", "dana")
    declined = adjust("decline", written["adjustment"], "--actor", "dana", "--reason", "She will pay")
    assert declined["status"] == "declined"
    for currency in ("XXX", "BGN"):
        with pytest.raises(CommandError, match=f"'{currency}' is not a currency in use"):
            adjust("propose", "alice", "1", "--currency", currency, "--reason", "x", "--actor", "dana")
    with pytest.raises(CommandError, match="There is no creator 'nobody'"):
        adjust("propose", "nobody", "1", "--reason", "x", "--actor", "dana")
    with pytest.raises(CommandError, match="There is no adjustment 00000000"):
        adjust("approve", str(UUID(int=0)), "--actor", "erin")


@pytest.mark.usefixtures("dana_and_erin")
@pytest.mark.parametrize(
    ("amount", "currency", "hint"),
    [
        ("125.00", "USD", "12500 for $125.00"),
        ("-125.5", "USD", "-12550 for -$125.50"),
        ("1,250.00", "USD", "125000 for $1,250.00"),
        ("125.0", "JPY", "125 for ¥125"),
        ("1.25", "JPY", "such as 12500 for ¥12,500"),
        ("0.001", "USD", "such as 12500 for $125.00"),
        ("lots", "USD", "'lots' is not an amount"),
        ("1e40", "USD", "'1e40' is not an amount"),
        ("NaN", "USD", "'NaN' is not an amount"),
        (",.00", "USD", "not an amount"),
        ("0", "USD", "can't be zero"),
    ],
)
def test_an_ambiguous_amount_is_refused_with_what_to_write(
    alice: Creator, amount: str, currency: str, hint: str
) -> None:
    with pytest.raises(CommandError) as refused:
        adjust("propose", "alice", amount, "--currency", currency, "--reason", "x", "--actor", "dana")
    assert hint in str(refused.value)
    assert not Adjustment.objects.exists()


@pytest.mark.usefixtures("dana_and_erin")
def test_a_proposal_is_shown_with_a_formatted_amount(alice: Creator) -> None:
    out = StringIO()
    call_command("adjust", "propose", "alice", "12500", "--reason", "x", "--actor", "dana", stdout=out)
    assert "amount: $125.00" in out.getvalue()
