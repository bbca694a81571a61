"""Stripe and banks accept some currencies in multiples only; the remainder is included in the next payout."""

from datetime import date
from functools import partial
from threading import Event

import pytest
from django.db import transaction
from django.db.models import F, Sum
from pytest_django import Settings

from accounts.models import Creator, CreatorPaymentAccount
from database import sql
from database.staff import Act
from earnings.models import Adjustment, AdjustmentKind
from payouts.models import Payout, PayoutAttempt
from payouts.services.deciding import runs
from payouts.services.staff import interventions
from payouts.states import AttemptStatus, DecisionReason, PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import CUTOFF, NEXT_CUTOFF, Market, unsound
from tests.payouts.sending import send_bank_payout, send_transfer
from tests.threads import at_once, wait_for_locked_out

pytestmark = pytest.mark.django_db
# Sold for this, in forints: the remainder of two such sales makes a whole unit.
GROSS, REMAINDER = 102_00, 65


@pytest.fixture
def bela(market: Market, sandbox: Stripe) -> Creator:
    """Paid in forints."""
    bela = market.creator("bela", account=None)
    Creator.objects.update(country="HU")
    market.onboard(bela)
    return bela


def transfer(market: Market, creator: Creator, gross: int, *, at: str, cutoff: date) -> Payout:
    market.sell(creator, gross, at=at)
    market.run(cutoff)
    payout = Payout.objects.filter(creator=creator).latest("created_at")
    send_transfer(payout.pk, now=sql.now())
    payout.refresh_from_db()
    return payout


def pay(market: Market, creator: Creator, gross: int, *, at: str, cutoff: date) -> Payout:
    payout = transfer(market, creator, gross, at=at, cutoff=cutoff)
    send_bank_payout(payout.pk, now=sql.now())
    payout.refresh_from_db()
    return payout


def left() -> int:
    """Sum what all payouts left on the connected account."""
    sums = Payout.objects.aggregate(left=Sum(F("arrival_amount") - F("bank_amount")))
    return int(sums["left"])


def test_a_remainder_stays_and_is_included_in_the_next_bank_payout(
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


def test_a_returned_payout_includes_the_same_remainder_when_sent_again(
    market: Market, bela: Creator, sandbox: Stripe
) -> None:
    pay(market, bela, 100_00, at="2025-09-10T12:00:00Z", cutoff=CUTOFF)
    second = pay(market, bela, 100_00, at="2025-10-10T12:00:00Z", cutoff=NEXT_CUTOFF)
    before = second.bank_amount
    sandbox.control(f"payouts/{second.stripe_payout_id}/fail", failure_code="could_not_process")
    Payout.objects.filter(pk=second.pk).update(status=PayoutStatus.IN_TRANSIT, stripe_payout_id="")
    send_bank_payout(second.pk, now=sql.now())
    second.refresh_from_db()
    assert second.bank_amount == before


def test_a_returned_payouts_remainder_is_included_in_the_next(
    market: Market, bela: Creator, sandbox: Stripe
) -> None:
    first = pay(market, bela, GROSS, at="2025-09-10T12:00:00Z", cutoff=CUTOFF)
    second = transfer(market, bela, GROSS, at="2025-10-10T12:00:00Z", cutoff=NEXT_CUTOFF)
    sandbox.control(f"payouts/{first.stripe_payout_id}/fail", failure_code="could_not_process")
    assert first.next_retry_at
    send_bank_payout(first.pk, now=first.next_retry_at)
    first.refresh_from_db()
    assert (first.status, left()) == (PayoutStatus.RETURNED, REMAINDER)
    send_bank_payout(second.pk, now=sql.now())
    assert left() == 2 * REMAINDER - 100


@pytest.mark.django_db(transaction=True)
def test_of_two_concurrent_payouts_one_includes_the_remainder(market: Market, bela: Creator) -> None:
    pay(market, bela, GROSS, at="2025-08-10T12:00:00Z", cutoff=date(2025, 9, 1))
    second = transfer(market, bela, GROSS, at="2025-09-10T12:00:00Z", cutoff=CUTOFF)
    third = transfer(market, bela, GROSS, at="2025-10-10T12:00:00Z", cutoff=NEXT_CUTOFF)
    assert left() == REMAINDER
    now, locked = sql.now(), Event()

    def hold_up() -> None:
        """Let neither write an attempt before both know the remainder they include, or wait for each other."""
        with transaction.atomic():
            sql.run("LOCK TABLE payout_attempts IN SHARE MODE")
            locked.set()
            wait_for_locked_out(2)

    def send(payout: Payout) -> None:
        assert locked.wait(10)
        send_bank_payout(payout.pk, now=now)

    at_once(hold_up, partial(send, second), partial(send, third))
    assert all(Payout.objects.values_list("stripe_payout_id", flat=True))
    assert left() == 3 * REMAINDER - 100


@pytest.fixture
def grace(market: Market, sandbox: Stripe, settings: Settings) -> Creator:
    """Sells in shillings, of which Stripe takes whole ones only, and in dinars, of which it takes hundredths."""
    settings.MINIMUM_PAYOUT = {"UGX": 1_00, "KWD": 1_000}
    for currency in settings.MINIMUM_PAYOUT:
        sandbox.fund(100_000_00, currency.lower())
    grace = market.creator("grace", account=None)
    market.onboard(grace)
    return grace


@pytest.mark.parametrize(
    ("currency", "gross", "sent"), [("UGX", 111_05, [88_00, 89_00]), ("KWD", 11_106, [8_880, 8_890])]
)
def test_what_stripe_does_not_transfer_is_included_in_the_next_payout(
    market: Market, grace: Creator, currency: str, gross: int, sent: list[int]
) -> None:
    for at, cutoff in (("2025-09-10T12:00:00Z", CUTOFF), ("2025-10-10T12:00:00Z", NEXT_CUTOFF)):
        market.sell(grace, gross, at=at, currency=currency)
        market.run(cutoff)
        assert unsound() == {}
        send_transfer(Payout.objects.latest("created_at").pk, now=sql.now())
    made = PayoutAttempt.objects.filter(status=AttemptStatus.SUCCEEDED).order_by("created_at")
    assert list(made.values_list("amount", flat=True)) == sent
    assert unsound() == {}


def test_a_payout_that_is_made_again_carries_over_the_same_amount_once(
    market: Market, grace: Creator, sandbox: Stripe
) -> None:
    market.sell(grace, 111_05, currency="UGX")
    market.run(CUTOFF)
    sandbox.inject(
        {
            "method": "POST",
            "path": "/v1/transfers",
            "kind": "abort_work",
            "status": 400,
            "code": "transfers_not_allowed",
        }
    )
    dead = Payout.objects.get()
    send_transfer(dead.pk, now=sql.now())
    sandbox.clear_faults()
    again = interventions.retry_payout(dead.pk, act=Act("dana", "Allowed now"), now=sql.now())
    assert again.net_amount == 88_00
    carried = Adjustment.objects.filter(kind=AdjustmentKind.CARRIED_OVER)
    assert sorted(carried.values_list("amount", flat=True)) == [-84, 84]
    assert unsound() == {}


def test_less_than_stripe_takes_is_below_the_minimum(
    market: Market, grace: Creator, settings: Settings
) -> None:
    settings.MINIMUM_PAYOUT = {"UGX": 1}
    market.sell(grace, 1_20, currency="UGX")
    assert market.run(CUTOFF).creators[DecisionReason.BELOW_MINIMUM, "UGX"] == 1
    assert not Adjustment.objects.exists()
    assert runs.forecast_run(cutoff=CUTOFF, now=sql.now()).creators[DecisionReason.BELOW_MINIMUM, "UGX"] == 1
