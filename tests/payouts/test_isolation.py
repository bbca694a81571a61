"""Promise 11: one payout that can't be processed stops only itself, whatever breaks."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from database import sql
from payouts import gateway, tasks
from payouts.models import Difference, DifferenceKind, Payout
from payouts.states import AttemptKind, PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import Market, unsound

pytestmark = pytest.mark.django_db
# For each call to Stripe, what it is asked about: an attempt's account, or the account itself.
CALLS: dict[str, Callable[..., str]] = {
    "create_transfer": lambda attempt: attempt.destination,
    "retrieve_arrival": lambda **asked: asked["account"],
    "create_bank_payout": lambda attempt: attempt.destination,
}


@pytest.fixture
def due(market: Market, sandbox: Stripe) -> list[Payout]:
    """Three payouts of three creators, waiting to be sent; the second is the one that breaks."""
    for creator in market.creators(["alice", "bob", "carol"], account=None):
        market.onboard(creator)
        market.sell(creator, 100_00)
    market.run()
    return list(Payout.objects.order_by("next_retry_at", "pk"))


def account_of(payout: Payout) -> str:
    account = payout.creator.payment_accounts.get().stripe_account_id
    assert account
    return account


def breaks(call: str, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a call raise what nobody expects, for one account only."""
    real: Callable[..., Any] = getattr(gateway, call)

    def broken(*args: Any, **kwargs: Any) -> Any:
        if CALLS[call](*args, **kwargs) == account:
            raise ValueError("mistake")
        return real(*args, **kwargs)

    monkeypatch.setattr(gateway, call, broken)


@pytest.mark.parametrize("call", CALLS)
def test_whichever_call_breaks_the_others_are_paid(
    due: list[Payout], call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick = due[1]
    with monkeypatch.context() as broken:
        breaks(call, account_of(sick), broken)
        tasks.attend_due(new=True)
    sent = Payout.objects.exclude(stripe_payout_id="")
    assert {payout.pk for payout in sent} == {due[0].pk, due[2].pk}
    sick.refresh_from_db()
    assert (sick.errors, sick.taken_at) == (1, None)
    Payout.objects.filter(pk=sick.pk).update(next_retry_at=sql.now())
    tasks.attend_due(new=True)
    sick.refresh_from_db()
    assert (sick.status, sick.errors, sick.failing_since) == (PayoutStatus.IN_TRANSIT, 0, None)
    assert sick.attempts.filter(kind=AttemptKind.TRANSFER).count() == 1
    assert unsound() == {}


def test_a_look_up_that_breaks_stops_nobody_else(
    due: list[Payout], sandbox: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick = due[1]
    lost = {"method": "POST", "path": "/v1/transfers", "kind": "drop_response_after_work", "count": 3}
    sandbox.inject(lost)
    tasks.attend_due(new=True)
    old = sql.now() - timedelta(hours=25)
    for payout in due:
        payout.attempts.update(first_sent_at=old, last_sent_at=old)
    Payout.objects.update(next_retry_at=sql.now())
    real = gateway.find_transfers

    def broken(transfer_group: str) -> Any:
        if transfer_group == sick.transfer_group:
            raise ValueError("mistake")
        return real(transfer_group)

    with monkeypatch.context() as context:
        context.setattr(gateway, "find_transfers", broken)
        tasks.attend_due(new=True)
    sick.refresh_from_db()
    assert (sick.status, sick.errors) == (PayoutStatus.PROCESSING, 1)
    assert Payout.objects.filter(status=PayoutStatus.IN_TRANSIT).count() == 2


def test_a_payout_that_goes_on_failing_is_tried_ever_later_and_is_for_staff_after_a_day(
    due: list[Payout], monkeypatch: pytest.MonkeyPatch
) -> None:
    sick = due[1]
    breaks("create_transfer", account_of(sick), monkeypatch)
    waits: list[timedelta] = []
    for _ in range(4):
        at: datetime = sql.now()
        Payout.objects.filter(pk=sick.pk).update(next_retry_at=at)
        tasks.attend_due(new=True)
        sick.refresh_from_db()
        assert sick.next_retry_at
        waits.append(sick.next_retry_at - at)
    assert [round(wait / timedelta(minutes=1)) for wait in waits] == [1, 2, 4, 8]
    assert not Difference.objects.exists()
    a_day_ago = sql.now() - timedelta(days=1)
    Payout.objects.filter(pk=sick.pk).update(failing_since=a_day_ago, next_retry_at=sql.now())
    tasks.attend_due(new=True)
    stuck = Difference.objects.get()
    assert (stuck.kind, stuck.payout, "mistake" in stuck.detail) == (DifferenceKind.PAYOUT_STUCK, sick, True)
    monkeypatch.undo()
    Payout.objects.filter(pk=sick.pk).update(next_retry_at=sql.now())
    tasks.attend_due(new=True)
    stuck.refresh_from_db()
    assert stuck.resolved_at is not None
