"""Of some currencies a bank takes whole units only; the rest goes along with the next payout."""

from datetime import date

import pytest

from accounts.models import Creator, CreatorPaymentAccount
from database import sql
from payouts.models import Payout
from payouts.services import bank_payouts, transfers
from payouts.states import PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import CUTOFF, NEXT_CUTOFF, Market, unsound

pytestmark = pytest.mark.django_db


@pytest.fixture
def bela(market: Market, sandbox: Stripe) -> Creator:
    """Paid in forints."""
    bela = market.creator("bela", account=None)
    Creator.objects.update(country="HU")
    market.onboard(bela)
    return bela


def pay(market: Market, creator: Creator, gross: int, *, at: str, cutoff: date) -> Payout:
    market.sell(creator, gross, at=at)
    market.run(cutoff)
    payout = Payout.objects.filter(creator=creator).latest("created_at")
    transfers.send_transfer(payout.pk, now=sql.now())
    bank_payouts.send_bank_payout(payout.pk, now=sql.now())
    payout.refresh_from_db()
    return payout


def test_what_no_bank_takes_stays_and_goes_along_with_the_next(
    market: Market, bela: Creator, sandbox: Stripe
) -> None:
    first = pay(market, bela, 100_00, at="2025-09-10T12:00:00Z", cutoff=CUTOFF)
    assert first.bank_currency == "HUF"
    assert first.arrival_amount is not None
    assert first.bank_amount == first.arrival_amount - first.arrival_amount % 100 != first.arrival_amount
    second = pay(market, bela, 100_00, at="2025-10-10T12:00:00Z", cutoff=NEXT_CUTOFF)
    assert second.arrival_amount is not None
    lying_there = second.arrival_amount + first.arrival_amount % 100
    assert second.bank_amount == lying_there - lying_there % 100
    account = CreatorPaymentAccount.objects.get().stripe_account_id
    moves = [move for move in sandbox.state()["moves"] if move["account"] == account]
    assert sum(move["amount"] for move in moves) == lying_there % 100
    assert unsound() == {}


def test_one_that_came_back_takes_along_the_same_when_it_is_sent_again(
    market: Market, bela: Creator, sandbox: Stripe
) -> None:
    pay(market, bela, 100_00, at="2025-09-10T12:00:00Z", cutoff=CUTOFF)
    second = pay(market, bela, 100_00, at="2025-10-10T12:00:00Z", cutoff=NEXT_CUTOFF)
    before = second.bank_amount
    sandbox.control(f"payouts/{second.stripe_payout_id}/fail", failure_code="could_not_process")
    Payout.objects.filter(pk=second.pk).update(status=PayoutStatus.IN_TRANSIT, stripe_payout_id="")
    bank_payouts.send_bank_payout(second.pk, now=sql.now())
    second.refresh_from_db()
    assert second.bank_amount == before
