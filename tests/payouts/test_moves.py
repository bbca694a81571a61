"""The legal moves of a payout; each is recorded, and only one of several wins."""

from copy import copy
from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from database import sql
from payouts import states
from payouts.errors import IllegalMove
from payouts.models import Payout, PayoutEvent
from payouts.services.moves import move
from payouts.states import PayoutStatus
from tests.factories import PayoutFactory
from tests.payouts.market import Market
from tests.threads import at_once

S = PayoutStatus
# The design's map of legal moves; the code's is compared with it.
LEGAL = {
    (S.PENDING, S.ON_HOLD),
    (S.PENDING, S.PROCESSING),
    (S.PENDING, S.CANCELLED),
    (S.ON_HOLD, S.PENDING),
    (S.ON_HOLD, S.CANCELLED),
    (S.PROCESSING, S.PENDING),
    (S.PROCESSING, S.FAILED),
    (S.PROCESSING, S.UNRESOLVED),
    (S.PROCESSING, S.IN_TRANSIT),
    (S.UNRESOLVED, S.PENDING),
    (S.UNRESOLVED, S.FAILED),
    (S.UNRESOLVED, S.IN_TRANSIT),
    (S.IN_TRANSIT, S.PAID),
    (S.IN_TRANSIT, S.RETURNED),
    (S.IN_TRANSIT, S.REVERSED),
    (S.PAID, S.RETURNED),
    (S.PAID, S.REVERSED),
    (S.RETURNED, S.IN_TRANSIT),
    (S.RETURNED, S.REVERSED),
}


def payout_in(market: Market, status: PayoutStatus, *, target: PayoutStatus | None = None) -> Payout:
    return PayoutFactory.create(
        creator=market.creator("alice", account=None),
        run=None,
        gross_amount=100_00,
        platform_fee=20_00,
        net_amount=80_00,
        status=status,
        paid_at=sql.now() if status == PayoutStatus.PAID else None,
        amount_reversed=80_00 if PayoutStatus.REVERSED in (status, target) else 0,
    )


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "target"), sorted(LEGAL))
def test_a_legal_move_is_made_and_leaves_one_event(
    market: Market, source: PayoutStatus, target: PayoutStatus
) -> None:
    payout = payout_in(market, source, target=target)
    now = sql.now()
    with transaction.atomic():
        move(payout, target, now=now, reason="a test", actor="eve", failure_code="told")
    for moved in (payout, Payout.objects.get()):
        assert (moved.status, moved.failure_code, moved.taken_at) == (target, "told", None)
    event = PayoutEvent.objects.get(payout=payout)
    assert (event.from_status, event.to_status, event.actor, event.reason, event.at) == (
        source,
        target,
        "eve",
        "a test",
        now,
    )


@pytest.mark.django_db
@pytest.mark.parametrize("source", S)
def test_every_other_move_is_refused_and_changes_nothing(market: Market, source: PayoutStatus) -> None:
    payout = payout_in(market, source)
    illegal = [target for target in S if (source, target) not in LEGAL]
    assert len(illegal) >= len(S) - 4
    for target in illegal:
        with pytest.raises(IllegalMove), transaction.atomic():
            move(payout, target, now=sql.now(), reason="a test")
    assert Payout.objects.get().status == source
    assert not PayoutEvent.objects.exists()


def test_what_is_final_stays_final() -> None:
    final = {S.FAILED, S.CANCELLED, S.REVERSED}
    assert {source for sources in states.LEGAL.values() for source in sources} == set(S) - final


@pytest.mark.django_db
def test_a_move_from_a_former_state_is_refused(market: Market) -> None:
    """Both moves are legal; the second one's caller read the payout before the first move."""
    payout = payout_in(market, S.PENDING)
    with transaction.atomic():
        move(payout, S.CANCELLED, now=sql.now(), reason="first")
    with pytest.raises(IllegalMove), transaction.atomic():
        move(payout, S.PROCESSING, now=sql.now(), reason="second")
    assert PayoutEvent.objects.get().reason == "first"


@pytest.mark.django_db(transaction=True)
def test_a_move_outside_a_transaction_is_refused(market: Market) -> None:
    payout = payout_in(market, S.PENDING)
    with pytest.raises(RuntimeError):
        move(payout, S.CANCELLED, now=sql.now(), reason="a test")
    assert Payout.objects.get().status == S.PENDING


@pytest.mark.django_db(transaction=True)
def test_of_concurrent_moves_exactly_one_wins(market: Market) -> None:
    """Cancel, hold and send start together."""
    payout = payout_in(market, S.PENDING)

    def go(target: PayoutStatus) -> PayoutStatus | None:
        try:
            with transaction.atomic():
                move(copy(payout), target, now=sql.now(), reason=target)
                return target
        except IllegalMove:
            return None

    outcomes = at_once(*[partial(go, target) for target in [S.CANCELLED, S.PROCESSING, S.ON_HOLD] * 3])
    (winner,) = [outcome for outcome in outcomes if outcome is not None]
    assert Payout.objects.get().status == winner
    assert PayoutEvent.objects.get().reason == winner


@pytest.mark.django_db
def test_a_move_ends_the_workers_lease(market: Market) -> None:
    payout = payout_in(market, S.PENDING)
    now = sql.now()
    Payout.objects.update(taken_at=now, next_retry_at=now - timedelta(minutes=1))
    with transaction.atomic():
        move(payout, S.PROCESSING, now=now, reason="a test")
    assert Payout.objects.get().taken_at is None
