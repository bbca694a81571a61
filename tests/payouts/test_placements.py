"""What came back after the bank had the money waits in suspense until two people have placed it."""

import json
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from database import sql
from database.staff import Act
from earnings.models import Adjustment
from ledger.models import AccountKind, LedgerEntry
from payouts.errors import (
    NothingInSuspense,
    PlacementDecided,
    PlacementNeedsAnother,
    PlacementProposed,
    UnknownPlacement,
)
from payouts.models import Difference, Payout, PlacementTarget, SuspensePlacement
from payouts.services import sending
from payouts.services.sending import coming_back, returned
from payouts.services.staff import placements
from payouts.states import PayoutStatus
from tests.payouts.legs import NOW, PAYABLE, on_account, targets
from tests.payouts.market import balance, unsound

WHY = Act("dana", "Reversed by mistake")


@pytest.fixture
def suspended(paid: Payout) -> Payout:
    """$80.00 that reached the bank, and came back of the transfer later."""
    sending.record_reversal(paid.stripe_transfer_id, 80_00, now=sql.now())
    paid.refresh_from_db()
    assert paid.status == PayoutStatus.PAID
    return paid


def booked(kind: AccountKind) -> int:
    return sum(LedgerEntry.objects.filter(account__kind=kind).values_list("amount", flat=True))


def place(payout: Payout, target: PlacementTarget, *, amount: int | None = None) -> SuspensePlacement:
    placement = placements.propose_placement(payout.pk, target=target, amount=amount, act=WHY)
    return placements.approve_placement(placement.pk, act=Act("erin", "Agreed"), now=sql.now())


@pytest.mark.django_db
def test_what_is_the_creators_is_owed_to_them_again(suspended: Payout) -> None:
    place(suspended, PlacementTarget.CREATOR)
    assert booked(AccountKind.SUSPENSE) == 0
    assert balance(suspended.creator_id, AccountKind.CREATOR_PAYABLE) == 80_00
    adjustment = Adjustment.objects.get()
    assert (adjustment.proposed_by, adjustment.decided_by, adjustment.amount) == ("dana", "erin", 80_00)
    assert unsound() == {}


@pytest.mark.django_db
def test_what_is_the_platforms_owes_nobody_anything(suspended: Payout) -> None:
    place(suspended, PlacementTarget.PLATFORM)
    assert (booked(AccountKind.SUSPENSE), booked(AccountKind.ADJUSTMENTS)) == (0, 80_00)
    assert balance(suspended.creator_id, AccountKind.CREATOR_PAYABLE) == 0
    assert unsound() == {}


@pytest.mark.django_db
def test_what_was_sent_again_counts_as_sent(suspended: Payout) -> None:
    place(suspended, PlacementTarget.STRIPE_BALANCE)
    assert (booked(AccountKind.SUSPENSE), booked(AccountKind.STRIPE_BALANCE)) == (0, 80_00)
    assert unsound() == {}


@pytest.mark.django_db
def test_a_part_can_be_placed_and_the_difference_closes_with_the_rest(suspended: Payout) -> None:
    place(suspended, PlacementTarget.PLATFORM, amount=30_00)
    assert booked(AccountKind.SUSPENSE) == 50_00
    assert Difference.objects.get().resolved_at is None
    assert unsound() == {}
    place(suspended, PlacementTarget.CREATOR)
    assert Difference.objects.get().resolution == "placed by dana and erin: Reversed by mistake"
    assert unsound() == {}


@pytest.mark.django_db
def test_the_proposer_does_not_approve(suspended: Payout) -> None:
    placement = placements.propose_placement(
        suspended.pk, target=PlacementTarget.PLATFORM, amount=None, act=WHY
    )
    for same in ("dana", "dana via cli"):
        with pytest.raises(PlacementNeedsAnother, match="dana proposed this placement"):
            placements.approve_placement(placement.pk, act=Act(same, "Agreed"), now=sql.now())
    with pytest.raises(IntegrityError, match="placement_needs_a_second_person"), transaction.atomic():
        SuspensePlacement.objects.update(status="approved", decided_by="dana via cli", decided_at=sql.now())
    assert booked(AccountKind.SUSPENSE) == 80_00


@pytest.mark.django_db
def test_no_more_is_placed_than_came_back(suspended: Payout) -> None:
    with pytest.raises(NothingInSuspense, match=r"\$80.00 of payout"):
        placements.propose_placement(suspended.pk, target=PlacementTarget.CREATOR, amount=80_01, act=WHY)
    place(suspended, PlacementTarget.CREATOR)
    with pytest.raises(NothingInSuspense):
        placements.propose_placement(suspended.pk, target=PlacementTarget.CREATOR, amount=None, act=WHY)


@pytest.mark.django_db
def test_nothing_is_placed_of_a_payout_that_the_bank_does_not_have(sent: Payout) -> None:
    sending.record_reversal(sent.stripe_transfer_id, 30_00, now=sql.now())
    with pytest.raises(NothingInSuspense):
        placements.propose_placement(sent.pk, target=PlacementTarget.CREATOR, amount=None, act=WHY)


@pytest.mark.django_db
def test_a_proposal_is_decided_once_and_stands_alone(suspended: Payout) -> None:
    propose = partial(
        placements.propose_placement, suspended.pk, target=PlacementTarget.CREATOR, amount=None, act=WHY
    )
    placement = propose()
    with pytest.raises(PlacementProposed):
        propose()
    placements.decline_placement(placement.pk, act=Act("erin", "It is the platform's"), now=sql.now())
    with pytest.raises(PlacementDecided):
        placements.approve_placement(placement.pk, act=Act("erin", "Agreed"), now=sql.now())
    with pytest.raises(UnknownPlacement):
        placements.approve_placement(suspended.pk, act=Act("erin", "Agreed"), now=sql.now())
    assert booked(AccountKind.SUSPENSE) == 80_00
    assert unsound() == {}


def test_once_people_have_placed_a_part_nothing_is_decided_without_them() -> None:
    placed = {"amount_reversed": 80_00, "amount_placed": 30_00}
    history = on_account(PayoutStatus.RETURNED, **placed)
    decision = returned.prepare(history, PAYABLE, now=NOW)
    assert (targets(decision), decision.new_attempt, decision.question) == ([], None, None)
    part = on_account(PayoutStatus.RETURNED, amount_reversed=30_00, amount_placed=30_00)
    assert targets(coming_back.came_back(part, 80_00, now=NOW)) == []


@pytest.mark.django_db
@pytest.mark.usefixtures("dana_and_erin")
def test_two_people_place_it_by_command(suspended: Payout) -> None:
    def said(*words: str) -> dict[str, Any]:
        out = StringIO()
        call_command("suspense", *words, "--json", stdout=out)
        return dict(json.loads(out.getvalue()))

    (row,) = said("list")["suspense"]
    assert (row["creator"], row["amount"]) == ("alice", 80_00)
    proposed = said("propose", str(suspended.pk), "creator", "--reason", "A mistake", "--actor", "dana")
    approved = said("approve", str(proposed["placement"]), "--actor", "erin")
    assert (approved["status"], approved["amount"]) == ("approved", 80_00)
    assert said("list") == {"suspense": []}
