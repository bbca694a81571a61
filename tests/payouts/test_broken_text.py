"""Text from Stripe that PostgreSQL can't store (half an emoji, NUL) stops nothing and loses nothing."""

from collections.abc import Callable

import pytest
from djstripe.models import Account

from accounts import selectors as accounts
from accounts.models import CreatorPaymentAccount
from accounts.services import payment_accounts, syncing
from database import sql
from payouts.models import Difference, Payout
from payouts.states import AttemptKind, PayoutStatus
from stripe_io.client import client
from tests.local_stripe import Stripe
from tests.payouts.market import Market, unsound
from tests.payouts.reconciling import kinds, reconcile, tamper
from tests.payouts.sending import send_bank_payout, send_transfer

pytestmark = pytest.mark.django_db
EVERYWHERE = {"kind": "broken_text"}
MENDED = "\ufffd\ufffd"


@pytest.fixture
def broken(sandbox: Stripe) -> None:
    """Make all of Stripe's text broken."""
    sandbox.inject(EVERYWHERE)


@pytest.mark.usefixtures("broken")
def test_an_account_is_opened_read_and_synced(market: Market) -> None:
    row = market.onboard(market.creator("alice", account=None))
    assert Account.objects.get().stripe_data["metadata"]["note"] == MENDED
    result = syncing.sync_accounts([row.pk])
    assert (result.synced, result.errors) == (1, {})
    assert CreatorPaymentAccount.objects.get().payable


@pytest.mark.usefixtures("broken")
def test_a_payout_goes_all_the_way_and_nothing_differs(payout: Payout, settle: Callable[[], None]) -> None:
    settle()
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PAID
    assert reconcile().made.found == 0
    assert unsound() == {}


@pytest.mark.usefixtures("broken")
def test_the_banks_reason_is_stored(sent: Payout, sandbox: Stripe) -> None:
    send_bank_payout(sent.pk, now=sql.now())
    sent.refresh_from_db()
    sandbox.control(f"payouts/{sent.stripe_payout_id}/fail", failure_code="account_closed")
    Payout.objects.update(next_retry_at=sql.now())
    send_bank_payout(sent.pk, now=sql.now())
    sent.refresh_from_db()
    assert sent.status == PayoutStatus.RETURNED
    attempt = sent.attempts.get(kind=AttemptKind.BANK_PAYOUT)
    assert attempt.error_message.endswith(MENDED)


def test_stripes_reason_is_stored(payout: Payout, sandbox: Stripe) -> None:
    refusal = {"method": "POST", "path": "/v1/transfers", "kind": "abort_work", "status": 400}
    sandbox.inject(EVERYWHERE, {**refusal, "code": "no_account", "message": "No account"})
    send_transfer(payout.pk, now=sql.now())
    payout.refresh_from_db()
    assert (payout.status, payout.failure_message) == (PayoutStatus.FAILED, f"No account{MENDED}")


def test_a_code_longer_than_its_column_is_cut_and_the_message_kept_whole(
    payout: Payout, sandbox: Stripe
) -> None:
    refusal = {"method": "POST", "path": "/v1/transfers", "kind": "abort_work", "status": 400}
    sandbox.inject({**refusal, "code": "c" * 500, "message": "m" * 5_000})
    send_transfer(payout.pk, now=sql.now())
    attempt = payout.attempts.get()
    assert (attempt.error_code, attempt.error_message) == ("c" * 255, "m" * 5_000)


@pytest.mark.parametrize("field", ["amount", "amount_reversed"])
def test_an_amount_that_no_ledger_could_hold_makes_one_transfer_unreadable(
    paid: Payout, market: Market, field: str
) -> None:
    """Retrieved by its id it is still unreadable; the others are compared."""
    tamper(paid.stripe_transfer_id, **{field: 10**30})
    result = reconcile()
    assert result.made.finished_at is not None
    assert "is not an amount" in result.made.error
    assert "unreadable" in kinds()
    assert f"'{10**30}' is not an amount" in Difference.objects.get(kind="unreadable").detail


def test_an_impossible_deadline_is_ignored(market: Market, sandbox: Stripe) -> None:
    row = market.onboard(market.creator("alice", account=None))
    CreatorPaymentAccount.objects.update(requirements={"current_deadline": 10**17})
    assert accounts.account_state(row.creator_id).requirements.current_deadline is None


def test_an_answer_that_is_not_json_counts_as_none(payout: Payout, sandbox: Stripe) -> None:
    """Such as the error page of something between us and Stripe, with whatever bytes."""
    sandbox.inject({"kind": "status", "status": 502, "message": "\x00\x01", "path": "/v1/transfers"})
    send_transfer(payout.pk, now=sql.now())
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PROCESSING
    assert payout.attempts.get().error_message == "\ufffd\x01"


def test_what_the_client_hands_on_can_be_stored(sandbox: Stripe, market: Market) -> None:
    row = market.onboard(market.creator("alice", account=None))
    sandbox.inject(EVERYWHERE)
    said = client().v1.accounts.retrieve(str(row.stripe_account_id)).to_dict()
    assert said["metadata"]["note"] == MENDED
    payment_accounts.refresh_payment_account(row, now=sql.now())
