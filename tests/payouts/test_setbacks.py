"""Three refused or returned payouts in a row to the same destination hold the creator."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction

from accounts.models import Creator, CreatorPaymentAccount, Hold, HoldSource
from accounts.services import payment_accounts
from accounts.services.holds import end_cool_down
from database import sql
from database.staff import Act
from payouts.models import Payout, PayoutAttempt, RunDecision, SendingPause
from payouts.selectors import upcoming_of
from payouts.services.moves import move
from payouts.states import AttemptKind, AttemptStatus, DecisionReason, PayoutStatus
from tests.factories import CreatorPaymentAccountFactory, PayoutFactory, PayoutRunFactory
from tests.local_stripe import Stripe
from tests.payouts.market import Market, unsound
from tests.payouts.sending import SEND, send_transfer

pytestmark = pytest.mark.django_db

_S = PayoutStatus
REFUSED = (_S.PROCESSING, _S.FAILED)
PAID = (_S.PROCESSING, _S.IN_TRANSIT, _S.PAID)
CAME_BACK = (_S.PROCESSING, _S.IN_TRANSIT, _S.RETURNED)
PAID_AND_CAME_BACK = (*PAID, _S.RETURNED)


@pytest.fixture
def account() -> CreatorPaymentAccount:
    return CreatorPaymentAccountFactory.create()


def live(account: CreatorPaymentAccount, moves: tuple[PayoutStatus, ...]) -> Payout:
    """Make another payout to this account take these moves."""
    run = PayoutRunFactory.create(cutoff=date(2020 + Payout.objects.count(), 1, 1))
    payout = PayoutFactory.create(creator=account.creator, run=run)
    PayoutAttempt.objects.create(
        payout=payout,
        kind=AttemptKind.TRANSFER,
        status=AttemptStatus.REFUSED if _S.FAILED in moves else AttemptStatus.SUCCEEDED,
        idempotency_key=str(payout.pk),
        destination=account.stripe_account_id or "",
        amount=payout.net_amount,
        currency=payout.currency,
        ended_at=sql.now(),
    )
    follow(payout, *moves)
    return payout


def follow(payout: Payout, *moves: PayoutStatus) -> None:
    for status in moves:
        with transaction.atomic():
            move(payout, status, now=sql.now(), reason="a test")


def held() -> bool:
    return Hold.objects.filter(lifted_at=None, until_paid_elsewhere=True).exists()


@pytest.mark.parametrize(
    "way", [REFUSED, CAME_BACK, PAID_AND_CAME_BACK], ids=["refused", "returned", "later"]
)
def test_three_in_a_row_hold_the_creator_and_two_do_not(
    account: CreatorPaymentAccount, way: tuple[PayoutStatus, ...]
) -> None:
    live(account, way)
    live(account, way)
    assert not held()
    live(account, way)
    hold = Hold.objects.get()
    assert (hold.source, hold.creator, hold.placed_by) == (HoldSource.SYSTEM, account.creator, "system")
    assert f"3 payouts in a row to {account.stripe_account_id}" in hold.reason
    live(account, way)
    assert Hold.objects.count() == 1


def test_a_payout_returned_repeatedly_counts_each_time(
    account: CreatorPaymentAccount,
) -> None:
    payout = live(account, CAME_BACK)
    follow(payout, _S.IN_TRANSIT, _S.RETURNED)
    assert not held()
    follow(payout, _S.IN_TRANSIT, _S.PAID, _S.RETURNED)
    assert held()


def test_a_payout_that_was_paid_in_between_breaks_the_row(account: CreatorPaymentAccount) -> None:
    for way in (REFUSED, CAME_BACK, PAID, REFUSED, CAME_BACK):
        live(account, way)
    assert not held()
    live(account, REFUSED)
    assert held()


def test_setbacks_at_another_destination_do_not_count(account: CreatorPaymentAccount) -> None:
    live(account, REFUSED)
    live(account, REFUSED)
    CreatorPaymentAccount.objects.update(replaced_at=sql.now())
    other = CreatorPaymentAccountFactory.create(creator=account.creator)
    live(other, REFUSED)
    assert not held()
    CreatorPaymentAccount.objects.filter(pk=other.pk).update(external_account_since=sql.now())
    live(other, REFUSED)
    live(other, REFUSED)
    assert not held()
    live(other, REFUSED)
    assert held()


def test_another_creators_setbacks_do_not_count(account: CreatorPaymentAccount) -> None:
    live(account, REFUSED)
    live(account, REFUSED)
    live(CreatorPaymentAccountFactory.create(), REFUSED)
    assert not held()


@pytest.mark.usefixtures("dana_and_erin")
def test_staff_can_lift_the_hold_and_the_count_restarts(account: CreatorPaymentAccount) -> None:
    for _ in range(3):
        live(account, REFUSED)
    call_command(
        "payment_account",
        "try_again",
        account.creator.external_id,
        "--reason",
        "Her bank has mended it",
        "--actor",
        "dana",
        stdout=StringIO(),
    )
    hold = Hold.objects.get()
    assert (hold.lifted_by, hold.lift_reason) == ("dana via cli", "Her bank has mended it")
    live(account, REFUSED)
    live(account, REFUSED)
    assert not held()
    live(account, REFUSED)
    assert held()


def refuse(market: Market, sandbox: Stripe, *, code: str) -> Payout:
    """Make a payout of all that is owed, and have Stripe refuse its transfer."""
    market.run()
    payout = Payout.objects.latest("created_at")
    sandbox.inject({**SEND, "kind": "status", "status": 400, "code": code, "count": 1})
    send_transfer(payout.pk, now=sql.now())
    payout.refresh_from_db()
    return payout


@pytest.fixture
def alice(market: Market, sandbox: Stripe) -> Creator:
    """Onboarded, and owed $80.00."""
    creator = market.creator("alice", account=None)
    market.onboard(creator)
    market.sell(creator, 100_00)
    return creator


def test_the_creator_sees_what_to_do_and_gets_no_payout_until_then(
    market: Market, alice: Creator, sandbox: Stripe
) -> None:
    for _ in range(3):
        assert refuse(market, sandbox, code="transfers_not_allowed").status == PayoutStatus.FAILED
    market.run()
    assert RunDecision.objects.get().reason == DecisionReason.ON_HOLD
    assert upcoming_of(alice.pk, requested=None, now=sql.now()).blockers == ("destination_refused",)
    account = CreatorPaymentAccount.objects.get()
    sandbox.control(f"accounts/{account.stripe_account_id}/bank_account")
    payment_accounts.refresh_payment_account(account, now=sql.now())
    assert not held()
    end_cool_down(alice, act=Act("dana", "It is hers"), now=sql.now())
    market.run()
    assert RunDecision.objects.get().reason == DecisionReason.PAID
    assert unsound() == {}


def test_a_lack_of_funds_is_no_setback(market: Market, alice: Creator, sandbox: Stripe) -> None:
    for _ in range(4):
        assert refuse(market, sandbox, code="balance_insufficient").status == PayoutStatus.PENDING
        SendingPause.objects.all().delete()
    assert not held()
