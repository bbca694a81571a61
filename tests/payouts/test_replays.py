"""All of Stripe's events, replayed: no handler does anything twice."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import CreatorPaymentAccount
from database import sql
from database.staff import Act
from ledger.models import LedgerEntry
from payouts.models import Payout, PayoutEvent
from payouts.states import PayoutStatus
from stripe_io import selectors, services
from stripe_io.models import InboxEvent
from tests.local_stripe import Stripe
from tests.payouts.market import Market, unsound

pytestmark = pytest.mark.django_db


def seen() -> dict[str, list[Any]]:
    """Everything that events could have changed, except when Stripe was last asked."""
    accounts = CreatorPaymentAccount.objects.defer("synced_at").order_by("pk")
    return {
        "payouts": list(Payout.objects.order_by("pk").values()),
        "history": list(PayoutEvent.objects.order_by("pk").values()),
        "entries": list(LedgerEntry.objects.order_by("pk").values()),
        "accounts": [(row.pk, row.account_status, row.requirements) for row in accounts],
    }


def test_every_event_can_be_replayed_in_any_order_without_effect(
    market: Market, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    alice, bob = market.creators(["alice", "bob"], account=None)
    for creator in (alice, bob):
        market.onboard(creator)
        market.sell(creator, 100_00)
    market.run()
    settle()
    returned = Payout.objects.get(creator=bob)
    sandbox.control(
        f"payouts/{returned.stripe_payout_id}/fail",
        failure_code="account_closed",
    )
    settle()
    before = seen()
    assert {row["status"] for row in before["payouts"]} == {PayoutStatus.PAID, PayoutStatus.RETURNED}
    events = selectors.stored_events(ids=[], types=[], since=None, until=None)
    assert len({event.type for event in InboxEvent.objects.all()}) >= 4
    for event_id in [*events, *reversed(events)]:
        services.ask_for_replay(event_id=event_id, act=Act("dana", "A rehearsal"), now=sql.now())
        assert services.handle_event(event_id=event_id, now=sql.now())
    assert seen() == before
    assert unsound() == {}
