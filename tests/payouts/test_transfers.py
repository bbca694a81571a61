"""Leg one: each payout is sent once, to its creator's live Stripe account."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.models import AccountStatus, CreatorPaymentAccount
from database import sql
from earnings.models import CreatorEarning
from ledger.models import AccountKind
from payouts.models import Payout, PayoutAttempt, SendingPause
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import Market, balance, unsound
from tests.payouts.sending import LIST, REFUSAL, SEND, Sender, requests, send_bank_payout, send_transfer
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def sender(payout: Payout) -> Sender:
    return Sender(payout)


def test_a_payout_is_sent_under_its_key_to_the_pinned_account(sender: Sender, sandbox: Stripe) -> None:
    sent = sender.send()
    (transfer,) = sandbox.transfers()
    (attempt,) = sender.attempts
    account = CreatorPaymentAccount.objects.get()
    assert sent.status == PayoutStatus.IN_TRANSIT
    assert (sent.stripe_transfer_id, sent.destination_payment) == (
        transfer["id"],
        transfer["destination_payment"],
    )
    assert (transfer["amount"], transfer["currency"]) == (sent.net_amount, "usd") == (80_00, "usd")
    assert transfer["destination"] == attempt.destination == account.stripe_account_id
    assert transfer["transfer_group"] == sent.transfer_group
    assert transfer["metadata"] == attempt.metadata
    assert (attempt.status, attempt.stripe_id, attempt.sends) == (AttemptStatus.SUCCEEDED, transfer["id"], 1)
    assert attempt.request_id.startswith("req_")
    moves = sent.events.order_by("pk").values_list("to_status", flat=True)
    assert list(moves) == ["pending", "processing", "in_transit"]
    assert balance(sent.creator_id, AccountKind.PAYOUTS_RESERVED) == 0
    assert unsound() == {}


def test_a_key_follows_from_the_reference_and_the_number_of_the_attempt(
    sender: Sender, sandbox: Stripe
) -> None:
    """A database restored from a backup sends under the same keys again."""
    sandbox.inject({**SEND, "kind": "status", "status": 400, "code": "balance_insufficient", "count": 1})
    sender.send()
    SendingPause.objects.all().delete()
    sender.send()
    reference = sender.payout.reference
    send_bank_payout(sender.payout.pk, now=sql.now())
    assert [attempt.idempotency_key for attempt in sender.attempts] == [
        f"transfer:{reference}:1",
        f"transfer:{reference}:2",
        f"bank_payout:{reference}:1",
    ]


def test_a_payout_that_was_sent_is_not_sent_again(sender: Sender, sandbox: Stripe) -> None:
    """A redelivered task, a repeated sweep, a click next week."""
    sender.send()
    for wait in (timedelta(), timedelta(minutes=5), timedelta(days=7)):
        sender.send(after=wait)
    assert requests(sandbox) == 1
    assert len(sender.attempts) == 1


def test_a_payout_that_is_not_due_is_left_alone(sender: Sender, sandbox: Stripe) -> None:
    Payout.objects.update(next_retry_at=sender.now + timedelta(minutes=1))
    send_transfer(sender.payout.pk, now=sender.now)
    Payout.objects.update(next_retry_at=None)
    send_transfer(sender.payout.pk, now=sender.now)
    assert sender.payout.status == PayoutStatus.PENDING
    assert not sender.attempts
    assert requests(sandbox) == 0


@pytest.mark.parametrize(
    "status", [status for status in PayoutStatus if status not in {"pending", "processing", "unresolved"}]
)
def test_a_task_skips_a_payout_that_is_not_to_be_sent(
    sender: Sender, sandbox: Stripe, status: PayoutStatus
) -> None:
    """Cancelled while the task waited in the queue, for one."""
    came_back = 80_00 if status == PayoutStatus.REVERSED else 0
    Payout.objects.update(status=status, amount_reversed=came_back, paid_at=sql.now())
    sender.send()
    assert sender.payout.status == status
    assert not sender.attempts
    assert requests(sandbox) == 0


def test_a_refusal_releases_the_rows_at_once_and_a_later_run_pays_them_once(
    market: Market, sender: Sender, sandbox: Stripe
) -> None:
    sandbox.inject({**REFUSAL, "count": 1})
    refused = sender.send()
    assert (refused.status, refused.failure_code) == (
        PayoutStatus.FAILED,
        "insufficient_capabilities_for_transfer",
    )
    assert refused.failure_message
    assert refused.next_retry_at == sender.now + timedelta(days=1)
    row = CreatorEarning.objects.get()
    assert row.payout is None
    assert row.closed_at is not None
    assert refused.line_items.count() == 1
    assert balance(refused.creator_id, AccountKind.CREATOR_PAYABLE) == 80_00
    assert balance(refused.creator_id, AccountKind.PAYOUTS_RESERVED) == 0
    assert unsound() == {}
    market.run()
    again = Sender(Payout.objects.exclude(pk=refused.pk).get())
    assert again.send().status == PayoutStatus.IN_TRANSIT
    assert again.payout.line_items.get().earning == row
    assert len(sandbox.transfers()) == 1
    assert unsound() == {}


def test_stripe_itself_refuses_an_account_that_lost_its_capability(market: Market, sandbox: Stripe) -> None:
    """Our record says active, but Stripe knows better."""
    alice = market.creator("alice", account=None)
    account = market.onboard(alice)
    assert account.stripe_account_id
    sandbox.stop_transfers(account.stripe_account_id)
    assert Sender(market.payout(alice)).send().status == PayoutStatus.FAILED


def test_before_a_new_key_stripe_is_asked_what_it_has(sender: Sender, sandbox: Stripe) -> None:
    """A transfer that we didn't make: the creator has the money, so they are held and owe it, and nothing is sent."""
    sandbox.inject({**SEND, "kind": "status", "status": 400, "code": "balance_insufficient", "count": 1})
    sender.send()
    SendingPause.objects.all().delete()
    destination = CreatorPaymentAccount.objects.get().stripe_account_id
    assert destination
    sandbox.client.v1.transfers.create(
        {
            "amount": 80_00,
            "currency": "usd",
            "destination": destination,
            "transfer_group": sender.payout.transfer_group,
        }
    )
    assert sender.send().status == PayoutStatus.CANCELLED
    hold = sender.payout.creator.holds.get()
    assert hold.source == "system"
    (transfer,) = sandbox.transfers()
    assert transfer["id"] in hold.reason
    assert balance(sender.payout.creator_id, AccountKind.CREATOR_PAYABLE) == 0
    assert unsound() == {}


def test_nothing_is_sent_under_a_new_key_while_stripe_cannot_be_asked(
    sender: Sender, sandbox: Stripe
) -> None:
    sandbox.inject({**SEND, "kind": "status", "status": 400, "code": "balance_insufficient", "count": 1})
    sender.send()
    SendingPause.objects.all().delete()
    sandbox.inject({**LIST, "kind": "connection_reset", "count": 1})
    before = requests(sandbox)
    waiting = sender.send()
    assert waiting.status == PayoutStatus.PENDING
    assert waiting.next_retry_at is not None
    assert waiting.next_retry_at > sender.now
    assert requests(sandbox) == before
    assert sender.send().status == PayoutStatus.IN_TRANSIT


@pytest.mark.parametrize(
    "status", [status for status in AccountStatus if status not in {"active", "not_created"}]
)
def test_an_account_that_cannot_be_paid_is_waited_for(
    sender: Sender, sandbox: Stripe, status: AccountStatus
) -> None:
    CreatorPaymentAccount.objects.update(account_status=status)
    waiting = sender.send()
    assert (waiting.status, waiting.failure_code) == (PayoutStatus.PENDING, "account_not_payable")
    assert not sender.attempts
    CreatorPaymentAccount.objects.update(account_status=AccountStatus.ACTIVE)
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert sender.payout.failure_code == ""


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_payout_send_it_once(sender: Sender, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "latency_ms", "latency_ms": 100})
    pk, now = sender.payout.pk, sender.now

    def work() -> None:
        send_transfer(pk, now=now)

    workers: list[Callable[[], None]] = [work] * 4
    at_once(*workers)
    assert sender.payout.status == PayoutStatus.IN_TRANSIT
    assert requests(sandbox) == 1
    assert PayoutAttempt.objects.filter(kind=AttemptKind.TRANSFER).count() == 1
