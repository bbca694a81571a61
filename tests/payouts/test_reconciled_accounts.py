"""A pass lists so many accounts, and all of them have their turn: first those on which money is in motion."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from celery import current_app
from pytest_django import Settings

from accounts.models import Creator
from database import sql
from payouts import tasks
from payouts.models import AccountListing, Payout, ReconciliationPass
from payouts.states import PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import NEXT_CUTOFF, Market
from tests.payouts.reconciling import account_of, reconcile
from tests.payouts.sending import send_transfer

pytestmark = pytest.mark.django_db
NAMES = ("alice", "bob", "charlie", "dave", "erin")


@pytest.fixture
def payouts(market: Market, sandbox: Stripe, settle: Callable[[], None]) -> list[Payout]:
    """Five payouts at five banks, and, last in the list, erin's next one on its way to hers."""
    for creator in market.creators(NAMES, account=None):
        market.onboard(creator)
        market.sell(creator, 100_00)
    market.run()
    settle()
    assert set(Payout.objects.values_list("status", flat=True)) == {PayoutStatus.PAID}
    erin = Creator.objects.get(external_id="erin")
    market.sell(erin, 100_00, at="2025-10-10T12:00:00Z")
    market.run(NEXT_CUTOFF)
    next_one = Payout.objects.exclude(status=PayoutStatus.PAID).get()
    send_transfer(next_one.pk, now=sql.now())
    return [*Payout.objects.filter(status=PayoutStatus.PAID), next_one]


def listed() -> set[str]:
    return set(AccountListing.objects.values_list("account", flat=True))


def test_each_pass_lists_as_many_accounts_as_it_may_and_all_have_their_turn(
    payouts: list[Payout], settings: Settings
) -> None:
    settings.RECONCILE_ACCOUNTS_PER_PASS = 2
    in_motion = account_of(payouts[-1])
    passes = [reconcile(after=timedelta(hours=1, minutes=number)).made for number in range(3)]
    assert [(made.accounts, made.accounts_left) for made in passes] == [(2, 3), (2, 1), (2, 0)]
    assert AccountListing.objects.earliest("listed_at").listed_at == passes[0].started_at
    assert AccountListing.objects.filter(account=in_motion, listed_at__lte=passes[2].started_at).exists()
    assert listed() == {account_of(payout) for payout in payouts}
    next_day = reconcile(after=timedelta(days=1, hours=2)).made
    assert (next_day.accounts, next_day.accounts_left) == (2, 3)


def test_accounts_on_which_money_is_in_motion_come_first(payouts: list[Payout], settings: Settings) -> None:
    settings.RECONCILE_ACCOUNTS_PER_PASS = 1
    reconcile()
    assert listed() == {account_of(payouts[-1])}


def test_another_pass_follows_while_accounts_are_left(
    payouts: list[Payout], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RECONCILE_ACCOUNTS_PER_PASS = 3
    sent: list[str] = []
    monkeypatch.setattr(current_app, "send_task", sent.append)
    tasks.reconcile()
    assert sent == ["payouts.reconcile"]
    tasks.reconcile()
    assert sent == ["payouts.reconcile"]
    assert list(ReconciliationPass.objects.order_by("pk").values_list("accounts_left", flat=True)) == [2, 0]
