"""Stripe's objects match our records to the cent; mismatches are found, and fixed or left to staff."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import CreatorPaymentAccount
from database import sql
from ledger import services as ledger
from ledger.models import AccountKind
from ledger.services import Line
from money import Money
from payouts.models import BILLING_KINDS, Difference, DifferenceKind, Payout, PayoutAttempt
from payouts.services import reconciliation
from payouts.services.reconciliation.comparing import KINDS
from payouts.services.reconciliation.passes import MENDED
from payouts.states import AttemptKind, PayoutStatus
from stripe_io.client import client
from tests.local_stripe import Stripe
from tests.payouts.market import Market, balance, unsound
from tests.payouts.reconciling import SETTLED, account_of, forget, kinds, only, reconcile, reverse, tamper
from tests.payouts.sending import send_bank_payout, send_transfer

pytestmark = pytest.mark.django_db


def assert_mended(kind: DifferenceKind) -> None:
    found = Difference.objects.get()
    assert (found.kind, found.resolved_by, found.resolution) == (kind, "system", MENDED)
    assert unsound() == {}
    assert reconcile().made.found == 0
    assert Difference.objects.count() == 1


def test_every_kind_that_can_be_found_is_named() -> None:
    reported_elsewhere = {
        DifferenceKind.AMOUNT_TOO_LARGE,
        DifferenceKind.ARRIVAL_UNKNOWN,
        DifferenceKind.PAYOUT_STUCK,
        DifferenceKind.UNEXPECTED_TRANSFER,
        DifferenceKind.UNEXPLAINED_REVERSAL,
        DifferenceKind.REVERSAL_REFUSED,
    }
    assert set(KINDS) == set(DifferenceKind) - reported_elsewhere - BILLING_KINDS


def test_without_failures_there_are_no_differences(paid: Payout) -> None:
    result = reconcile()
    assert (result.made.found, result.open, Difference.objects.count()) == (0, {}, 0)
    assert (result.made.transfers, result.made.transactions, result.made.bank_payouts) == (1, 1, 1)
    assert result.made.totals == {"USD": {"at_stripe": 80_00, "in_books": 80_00}}
    assert result.made.finished_at


def test_with_nothing_sent_there_are_no_differences(market: Market, sandbox: Stripe) -> None:
    assert reconcile().made.found == 0


def test_a_reversed_payout_is_no_difference(sent: Payout, settle: Callable[[], None]) -> None:
    reverse(sent.stripe_transfer_id)
    Payout.objects.update(next_retry_at=None)
    settle()
    sent.refresh_from_db()
    assert sent.status == PayoutStatus.REVERSED
    result = reconcile()
    assert result.made.found == 0
    assert result.made.totals == {"USD": {"at_stripe": 0, "in_books": 0}}


# Transfers


def test_a_transfer_whose_answer_was_lost_is_recorded(payout: Payout, sandbox: Stripe) -> None:
    sandbox.inject(
        {"method": "POST", "path": "/v1/transfers", "kind": "drop_response_after_work", "count": 1}
    )
    send_transfer(payout.pk, now=sql.now())
    assert reconcile().made.mended == 1
    payout.refresh_from_db()
    assert payout.stripe_transfer_id == sandbox.transfers()[0]["id"]
    assert_mended(DifferenceKind.UNRECORDED_TRANSFER)


def test_a_transfer_that_names_nothing_of_ours_is_for_staff(paid: Payout) -> None:
    made = client().v1.transfers.create({"amount": 5_00, "currency": "usd", "destination": account_of(paid)})
    reconcile()
    found = only()
    assert (found.kind, found.subject, found.amount) == (DifferenceKind.UNKNOWN_TRANSFER, made.id, 5_00)
    assert (found.payout, found.account) == (None, account_of(paid))
    assert kinds() == {DifferenceKind.UNKNOWN_TRANSFER}


def test_a_second_transfer_of_a_payouts_attempt_is_owed_back(paid: Payout) -> None:
    made = client().v1.transfers.create(
        {
            "amount": 80_00,
            "currency": "usd",
            "destination": account_of(paid),
            "transfer_group": paid.transfer_group,
            "metadata": paid.attempts.get(kind=AttemptKind.TRANSFER).metadata,
        }
    )
    assert reconcile().open == {DifferenceKind.UNEXPECTED_TRANSFER: 1}
    found = Difference.objects.get(resolved_at=None)
    assert (found.subject, found.payout, found.creator) == (made.id, paid, paid.creator)
    assert balance(paid.creator_id, AccountKind.CREATOR_PAYABLE) == -80_00
    assert unsound() == {}


def test_an_extra_transfer_in_a_payouts_group_is_owed_back_less_its_reversals(
    paid: Payout,
) -> None:
    made = client().v1.transfers.create(
        {
            "amount": 5_00,
            "currency": "usd",
            "destination": account_of(paid),
            "transfer_group": paid.transfer_group,
        }
    )
    assert reconcile().open == {DifferenceKind.UNEXPECTED_TRANSFER: 1}
    assert balance(paid.creator_id, AccountKind.CREATOR_PAYABLE) == -5_00
    assert reconcile().made.found == 0
    reverse(made.id)
    result = reconcile()
    assert (result.made.mended, result.open) == (1, {})
    assert balance(paid.creator_id, AccountKind.CREATOR_PAYABLE) == 0
    assert unsound() == {}


def test_a_reversed_unknown_transfer_is_no_longer_a_difference(paid: Payout) -> None:
    made = client().v1.transfers.create({"amount": 5_00, "currency": "usd", "destination": account_of(paid)})
    reconcile()
    reverse(made.id)
    assert reconcile().made.gone == 1
    found = Difference.objects.get()
    assert (found.resolved_by, found.resolution[:4]) == ("system", "Gone")


def test_a_transfer_that_stripe_does_not_have_is_for_staff(paid: Payout) -> None:
    (transfer,) = client().v1.transfers.list().data
    forget(str(transfer.balance_transaction))
    forget(transfer.id)
    reconcile()
    found = only()
    assert (found.kind, found.subject, found.amount) == (
        DifferenceKind.MISSING_TRANSFER,
        transfer.id,
        -80_00,
    )


@pytest.mark.parametrize(
    ("fields", "amount"),
    [({"amount": 79_99}, -1), ({"currency": "eur"}, 80_00), ({"destination": "acct_other"}, 0)],
    ids=["amount", "currency", "destination"],
)
def test_a_transfer_that_differs_from_what_was_sent_is_for_staff(
    paid: Payout, fields: dict[str, Any], amount: int
) -> None:
    tamper(paid.stripe_transfer_id, **fields)
    reconcile()
    found = Difference.objects.get(kind=DifferenceKind.TRANSFER_DIFFERS)
    assert (found.subject, found.amount, found.payout) == (paid.stripe_transfer_id, amount, paid)


# Reversals


def test_a_reversal_whose_event_was_lost_is_recorded(sent: Payout) -> None:
    reverse(sent.stripe_transfer_id)
    assert reconcile().made.mended == 1
    sent.refresh_from_db()
    assert sent.status == PayoutStatus.REVERSED
    assert_mended(DifferenceKind.UNRECORDED_REVERSAL)


def test_a_reversal_of_a_transfer_from_before_the_window_is_recorded(sent: Payout) -> None:
    reverse(sent.stripe_transfer_id)
    tamper(sent.stripe_transfer_id, created=1)
    PayoutAttempt.objects.update(first_sent_at=sql.now() - timedelta(days=90))
    reconciliation.reconcile(now=sql.now() + SETTLED, since=sql.now() - timedelta(days=1))
    sent.refresh_from_db()
    assert sent.status == PayoutStatus.REVERSED
    assert_mended(DifferenceKind.UNRECORDED_REVERSAL)


def test_a_partial_reversal_is_found(sent: Payout) -> None:
    reverse(sent.stripe_transfer_id, amount=30_00)
    reconcile()
    assert Difference.objects.filter(resolved_at=None, subject=sent.stripe_transfer_id).exists()
    assert unsound() == {}


def test_reversals_beyond_the_first_page_are_counted(sent: Payout) -> None:
    made = client().v1.transfers.create({"amount": 12, "currency": "usd", "destination": account_of(sent)})
    for _ in range(11):
        reverse(made.id, amount=1)
    reconcile()
    found = only()
    assert (found.kind, found.subject, found.amount) == (DifferenceKind.UNKNOWN_TRANSFER, made.id, 1)


def test_a_reversal_that_stripe_does_not_have_is_for_staff(sent: Payout, settle: Callable[[], None]) -> None:
    reverse(sent.stripe_transfer_id)
    Payout.objects.update(next_retry_at=None)
    settle()
    (reversal,) = client().v1.transfers.reversals.list(sent.stripe_transfer_id).data
    tamper(sent.stripe_transfer_id, amount_reversed=0, without=["reversals"])
    forget(str(reversal.balance_transaction))
    reconcile()
    found = only()
    assert (found.kind, found.subject, found.amount) == (
        DifferenceKind.MISSING_REVERSAL,
        sent.stripe_transfer_id,
        80_00,
    )


# Balance transactions


def test_a_balance_transaction_that_differs_from_its_transfer_is_for_staff(paid: Payout) -> None:
    (transfer,) = client().v1.transfers.list().data
    tamper(str(transfer.balance_transaction), amount=-80_01)
    reconcile()
    found = only()
    assert (found.kind, found.subject, found.amount) == (
        DifferenceKind.TRANSACTION_DIFFERS,
        transfer.id,
        1,
    )


# Bank payouts


def test_a_bank_payout_whose_answer_was_lost_is_recorded(sent: Payout, sandbox: Stripe) -> None:
    sandbox.inject({"method": "POST", "path": "/v1/payouts", "kind": "drop_response_after_work", "count": 1})
    send_bank_payout(sent.pk, now=sql.now())
    assert reconcile().made.mended == 1
    sent.refresh_from_db()
    assert sent.status == PayoutStatus.PAID
    assert_mended(DifferenceKind.UNRECORDED_BANK_PAYOUT)


@pytest.mark.parametrize("failed", [False, True], ids=["paid", "failed"])
def test_a_bank_payout_whose_event_was_lost_is_recorded(sent: Payout, failed: bool) -> None:
    send_bank_payout(sent.pk, now=sql.now())
    sent.refresh_from_db()
    if failed:
        client().raw_request("post", f"/_sandbox/payouts/{sent.stripe_payout_id}/fail")
    assert reconcile().made.mended == 1
    sent.refresh_from_db()
    assert sent.status == (PayoutStatus.RETURNED if failed else PayoutStatus.PAID)
    assert_mended(DifferenceKind.BANK_PAYOUT_DIFFERS)


def test_a_bank_payout_that_failed_days_after_it_was_paid_is_recorded(paid: Payout) -> None:
    client().raw_request("post", f"/_sandbox/payouts/{paid.stripe_payout_id}/fail")
    reconcile()
    paid.refresh_from_db()
    assert paid.status == PayoutStatus.RETURNED
    assert_mended(DifferenceKind.BANK_PAYOUT_DIFFERS)


@pytest.mark.parametrize(
    ("fields", "amount"),
    [({"status": "in_transit"}, 0), ({"amount": 79_00}, -1_00)],
    ids=["status", "amount"],
)
def test_a_bank_payout_that_differs_from_our_record_is_for_staff(
    paid: Payout, fields: dict[str, Any], amount: int
) -> None:
    tamper(paid.stripe_payout_id, **fields)
    reconcile()
    found = only()
    assert (found.kind, found.subject, found.amount) == (
        DifferenceKind.BANK_PAYOUT_DIFFERS,
        paid.stripe_payout_id,
        amount,
    )


def test_a_bank_payout_that_we_did_not_start_is_for_staff(sent: Payout) -> None:
    account = account_of(sent)
    client().raw_request("post", f"/_sandbox/accounts/{account}/payout", amount=10_00)
    reconcile()
    found = only()
    assert (found.kind, found.account, found.amount) == (
        DifferenceKind.FOREIGN_BANK_PAYOUT,
        account,
        10_00,
    )
    assert found.creator == sent.creator
    sent.refresh_from_db()
    assert sent.status == PayoutStatus.IN_TRANSIT


def test_a_debit_by_stripe_is_a_difference_of_its_own(sent: Payout) -> None:
    account = account_of(sent)
    client().raw_request("post", f"/_sandbox/accounts/{account}/debit", amount=10_00)
    reconcile()
    found = only()
    assert (found.kind, found.account, found.amount) == (DifferenceKind.STRIPE_DEBIT, account, -10_00)
    assert found.creator == sent.creator
    send_bank_payout(sent.pk, now=sql.now())
    assert Payout.objects.get().stripe_payout_id


@pytest.mark.parametrize(
    ("country", "days", "told"),
    [("DE", 59, False), ("DE", 61, True), ("US", 61, False), ("US", 490, True), ("TH", 7, True)],
)
def test_money_that_stripe_would_soon_pay_out_by_itself_is_told(
    sent: Payout, country: str, days: int, told: bool
) -> None:
    CreatorPaymentAccount.objects.update(country=country)
    PayoutAttempt.objects.update(ended_at=sql.now() - timedelta(days=days))
    reconcile()
    assert kinds() == ({DifferenceKind.HELD_AT_STRIPE} if told else set())
    send_bank_payout(sent.pk, now=sql.now())
    reconcile()
    assert not Difference.objects.filter(resolved_at=None).exists()


def test_a_bank_payout_whose_reversal_was_missed_is_returned(paid: Payout) -> None:
    reversal = client().raw_request("post", f"/_sandbox/payouts/{paid.stripe_payout_id}/reverse").data
    reconcile()
    paid.refresh_from_db()
    assert (paid.status, paid.failure_code) == (PayoutStatus.RETURNED, "reversed")
    found = Difference.objects.get(resolved_at=None)
    assert (found.kind, found.subject) == (DifferenceKind.BANK_PAYOUT_REVERSED, reversal["id"])
    assert (found.payout, found.amount) == (paid, -80_00)
    reconcile()
    assert Difference.objects.get(resolved_at=None) == found


def test_a_second_bank_payout_naming_our_attempt_is_not_the_payouts(sent: Payout) -> None:
    account = account_of(sent)
    client().raw_request("post", f"/_sandbox/accounts/{account}/adjust", amount=80_00, currency="usd")
    send_bank_payout(sent.pk, now=sql.now())
    attempt = sent.attempts.get(kind=AttemptKind.BANK_PAYOUT)
    second = client().v1.payouts.create(
        {"amount": 80_00, "currency": "usd", "metadata": attempt.metadata},
        {"stripe_account": account},
    )
    reconcile()
    found = Difference.objects.get(resolved_at=None)
    assert (found.kind, found.subject, found.payout) == (DifferenceKind.FOREIGN_BANK_PAYOUT, second.id, sent)


def test_a_bank_payout_that_stripe_does_not_have_is_for_staff(paid: Payout) -> None:
    forget(paid.stripe_payout_id)
    reconcile()
    found = only()
    assert (found.kind, found.subject, found.amount) == (
        DifferenceKind.MISSING_BANK_PAYOUT,
        paid.stripe_payout_id,
        -80_00,
    )


# The ledger


def test_a_sent_payout_that_is_not_booked_is_for_staff(paid: Payout) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # past the triggers that forbid it
        cursor.execute(
            "DELETE FROM ledger_entries USING ledger_transactions AS movement"
            " WHERE movement.id = transaction_id AND source_key = %s",
            [f"payout:{paid.pk}:sent"],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    reconcile()
    found = only()
    assert (found.kind, found.subject, found.amount) == (
        DifferenceKind.UNBOOKED_PAYOUT,
        str(paid.pk),
        80_00,
    )


@pytest.mark.parametrize("source_key", ["payout:{}:sent", "nothing:that:we:know"])
def test_a_ledger_movement_without_a_payout_is_for_staff(payout: Payout, source_key: str) -> None:
    key = source_key.format(payout.pk)
    ledger.post(
        source_key=key,
        kind="mistake",
        lines=[
            Line(AccountKind.STRIPE_BALANCE, Money(7, "USD")),
            Line(AccountKind.SUSPENSE, Money(-7, "USD")),
        ],
    )
    reconcile()
    found = only()
    assert (found.kind, found.subject, found.amount) == (
        DifferenceKind.UNEXPLAINED_MOVEMENT,
        key,
        -7,
    )
