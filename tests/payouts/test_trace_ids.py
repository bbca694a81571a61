"""By what banks find payments: the descriptor that we send, and the trace id that Stripe tells days later."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from pytest_django import Settings

from database import sql
from payouts.models import Payout
from payouts.services.reconciliation import reconcile
from payouts.services.sending import bank_payouts
from payouts.services.sending.decision import NOTHING
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from tests.api import caller
from tests.documented import read
from tests.local_stripe import Stripe
from tests.payouts.legs import NOW, attempt, bank_payout, on_account
from tests.payouts.sending import send_bank_payout

TRACED = bank_payout(status="paid", trace_id="trace-1", trace_status="supported")


def test_a_trace_id_is_kept_once_and_only_of_the_payment_that_counts() -> None:
    made = attempt(AttemptKind.BANK_PAYOUT, AttemptStatus.SUCCEEDED, stripe_id="po_1")
    paid = on_account(PayoutStatus.PAID, made, stripe_payout_id="po_1")
    decision = bank_payouts.settle(paid, TRACED, now=NOW)
    assert decision.changes == {"trace_id": "trace-1", "trace_status": "supported"}
    known = on_account(
        PayoutStatus.PAID, made, stripe_payout_id="po_1", trace_id="trace-1", trace_status="supported"
    )
    assert bank_payouts.settle(known, TRACED, now=NOW) is NOTHING
    # Stripe shows none in an older event.
    assert bank_payouts.settle(known, replace(TRACED, trace_id="", trace_status=""), now=NOW) is NOTHING
    sent_again = on_account(PayoutStatus.PAID, made, stripe_payout_id="po_2")
    assert bank_payouts.settle(sent_again, TRACED, now=NOW) is NOTHING


def test_a_trace_id_that_comes_days_later_is_shown(
    paid: Payout, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    shown = read(caller("alice"), f"/payouts/{paid.pk}")
    assert (shown["trace_id"], shown["trace_status"]) == (None, "pending")
    sandbox.control(f"payouts/{paid.stripe_payout_id}/trace", value="trace-1")
    settle()
    shown = read(caller("alice"), f"/payouts/{paid.pk}")
    assert (shown["trace_id"], shown["trace_status"]) == ("trace-1", "supported")


def test_reconciliation_keeps_a_trace_id_whose_event_was_lost(paid: Payout, sandbox: Stripe) -> None:
    sandbox.control("webhooks", rules=[{"kind": "drop"}])
    sandbox.control(f"payouts/{paid.stripe_payout_id}/trace", value="trace-1")
    reconcile(now=sql.now())
    assert Payout.objects.get().trace_id == "trace-1"


@pytest.mark.django_db
@pytest.mark.parametrize("descriptor", ["", "ACME PAYOUTS"])
def test_the_bank_shows_the_descriptor_that_is_set(
    sent: Payout, sandbox: Stripe, settings: Settings, descriptor: str
) -> None:
    settings.BANK_STATEMENT_DESCRIPTOR = descriptor
    send_bank_payout(sent.pk, now=sql.now())
    (made,) = sandbox.state("payouts")["payouts"]
    assert made["statement_descriptor"] == (descriptor or None)
