"""Stripe's behaviour that the service once got wrong, from end to end."""

from datetime import timedelta
from typing import Any

import pytest

from database import sql
from payouts import tasks
from payouts.models import (
    Payout,
    PayoutAttempt,
    ReconciliationPass,
)
from payouts.services import sending
from payouts.services.reconciliation import reconcile
from payouts.states import AttemptKind, PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import Market
from tests.payouts.sending import SEND, send_bank_payout, send_transfer, work

BANK = {"method": "POST", "path": "/v1/payouts"}
REVERSE = {"method": "POST", "path": "/v1/transfers/.*/reversals"}
UNLISTED: dict[str, Any] = {
    "kind": "abort_work",
    "status": 400,
    "message": "This account requires further intervention.",
}

pytestmark = pytest.mark.django_db


def sell_and_run(market: Market, names: list[str], *, gross: int = 100_00) -> None:
    """Make sales for creators with ready accounts, and the run that pays them."""
    for creator in market.creators(names, account=None):
        market.onboard(creator)
        market.sell(creator, gross)
    market.run()


def live_on(payout: Payout, *, days: int) -> None:
    """Attend to a payout each time it is due."""
    now = sql.now()
    over = now + timedelta(days=days)
    for _ in range(days * 100):
        payout.refresh_from_db()
        if payout.next_retry_at is None or now >= over:
            return
        now = max(now, payout.next_retry_at)
        sending.attend(payout.pk, now=now)
    raise AssertionError(f"it is due again and again: at {payout.next_retry_at}")


def without_its_movement(sandbox: Stripe, payout: Payout) -> None:
    """Keep Stripe from showing yet what arrived on the connected account."""
    payout.refresh_from_db()
    sandbox.control(f"objects/{payout.destination_payment}", null=["balance_transaction"])


def test_a_payout_whose_arrival_is_not_known_yet_waits(sent: Payout, sandbox: Stripe) -> None:
    without_its_movement(sandbox, sent)
    now = sql.now()
    send_bank_payout(sent.pk, now=now)
    sent.refresh_from_db()
    assert sent.status == PayoutStatus.IN_TRANSIT
    assert sent.next_retry_at is not None
    assert sent.next_retry_at > now


def test_a_payout_that_cannot_be_attended_to_holds_up_nobody(market: Market, sandbox: Stripe) -> None:
    sell_and_run(market, [f"sick-{number}" for number in range(4)])
    for payout in Payout.objects.all():
        send_transfer(payout.pk, now=sql.now())
        without_its_movement(sandbox, payout)
    Payout.objects.update(taken_at=None)
    sell_and_run(market, ["well"])
    for _ in range(5):
        for _ in range(sending.workers_wanted(now=sql.now(), new=sending.prepare(now=sql.now()), at_most=4)):
            try:
                tasks.attend_due(new=True)
            except TypeError:
                continue
        Payout.objects.exclude(taken_at=None).update(taken_at=sql.now() - timedelta(seconds=61))
    assert Payout.objects.get(creator__external_id="well").status == PayoutStatus.IN_TRANSIT


def test_a_bank_payout_refused_without_a_code_is_returned_and_tried_four_times(
    sent: Payout, sandbox: Stripe
) -> None:
    sandbox.inject({**BANK, **UNLISTED})
    send_bank_payout(sent.pk, now=sql.now())
    sent.refresh_from_db()
    assert sent.status == PayoutStatus.RETURNED
    live_on(sent, days=20)
    attempts = PayoutAttempt.objects.filter(payout=sent, kind=AttemptKind.BANK_PAYOUT)
    assert attempts.count() == 1 + 4
    assert sent.status == PayoutStatus.REVERSED


def test_a_transfer_that_stripe_refuses_in_words_has_failed(payout: Payout, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, **UNLISTED})
    send_transfer(payout.pk, now=sql.now())
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.FAILED
    assert UNLISTED["message"] in payout.failure_message


def test_an_unreadable_object_does_not_stop_reconciliation(market: Market, sandbox: Stripe) -> None:
    sell_and_run(market, ["alice", "bob"])
    work(sql.now())
    unreadable = sandbox.transfers()[0]["id"]
    sandbox.control(f"objects/{unreadable}", amount=79_00, without=["balance_transaction"])
    reconcile(now=sql.now() + timedelta(hours=1))
    made = ReconciliationPass.objects.get()
    assert made.finished_at is not None
    assert unreadable in made.error


def test_reconciliation_retries_a_failed_page(market: Market, sandbox: Stripe) -> None:
    sell_and_run(market, ["alice"])
    work(sql.now())
    listing = {"method": "GET", "path": "/v1/balance_transactions"}
    sandbox.inject({**listing, "kind": "status", "status": 500, "count": 1})
    reconcile(now=sql.now() + timedelta(hours=1))
    assert ReconciliationPass.objects.get().finished_at is not None
