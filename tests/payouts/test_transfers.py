"""Leg one: each payout is sent to its creator's Stripe account, once, whatever happens on the way."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import AccountStatus, CreatorPaymentAccount
from database import sql
from earnings.models import CreatorEarning
from ledger.models import AccountKind
from payouts import gateway, policy
from payouts.models import Payout, PayoutAttempt
from payouts.services import transfers
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from tests.payouts.market import Market, balance, unsound
from tests.threads import at_once

pytestmark = pytest.mark.django_db
SEND = {"method": "POST", "path": "/v1/transfers"}
LIST = {"method": "GET", "path": "/v1/transfers"}
# Refused by Stripe before it looks at anything, idempotency keys included.
BEFORE_THE_WORK = [
    {**SEND, "kind": "status", "status": 401},
    {**SEND, "kind": "status", "status": 403},
    {**SEND, "kind": "status", "status": 429, "code": "rate_limit"},
    {**SEND, "kind": "status", "status": 429, "code": "lock_timeout"},
]
# Nobody can tell what these did.
LOST = [
    {**SEND, "kind": "connection_reset"},
    {**SEND, "kind": "timeout", "seconds": 0.01},
    {**SEND, "kind": "drop_response_after_work"},
    {**SEND, "kind": "status", "status": 500},
    {**SEND, "kind": "status", "status": 503},
    {**SEND, "kind": "status", "status": 400},
    {**SEND, "kind": "status", "status": 400, "code": "some_new_code"},
    {**SEND, "kind": "status", "status": 409, "code": "idempotency_key_in_use", "type": "idempotency_error"},
]
REFUSAL = {**SEND, "kind": "status", "status": 400, "code": "insufficient_capabilities_for_transfer"}


def named(fault: dict[str, Any]) -> str:
    return "-".join(str(fault[name]) for name in ("kind", "status", "code") if name in fault)


class Sender:
    """Sends a payout when it is next due, as the sweep would, and tells how it stands."""

    def __init__(self, payout: Payout) -> None:
        self._pk = payout.pk
        self.now: datetime = sql.now()

    def send(self, *, after: timedelta = timedelta()) -> Payout:
        """Send at the moment that the payout is due, and no earlier than `after` from where the clock stood."""
        due = self.payout.next_retry_at or self.now
        self.now = max(self.now + after, due)
        transfers.send_transfer(self._pk, now=self.now)
        return self.payout

    @property
    def payout(self) -> Payout:
        return Payout.objects.get(pk=self._pk)

    @property
    def attempts(self) -> list[PayoutAttempt]:
        return list(PayoutAttempt.objects.filter(payout=self._pk).order_by("created_at", "pk"))


@pytest.fixture
def sender(payout: Payout) -> Sender:
    return Sender(payout)


def requests(sandbox: Any) -> int:
    """Count the transfers that Stripe was asked for."""
    return int(sandbox.state()["requests"].get("POST /v1/transfers", 0))


def test_a_payout_is_sent_under_its_key_to_the_pinned_account(sender: Sender, sandbox: Any) -> None:
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
    assert transfer["transfer_group"] == str(sent.pk)
    assert transfer["metadata"] == {"payout_id": str(sent.pk), "attempt_id": str(attempt.pk)}
    assert (attempt.status, attempt.stripe_id, attempt.sends) == (AttemptStatus.SUCCEEDED, transfer["id"], 1)
    moves = sent.events.order_by("pk").values_list("to_status", flat=True)
    assert list(moves) == ["pending", "processing", "in_transit"]
    assert balance(sent.creator_id, AccountKind.PAYOUTS_RESERVED) == 0
    assert unsound() == {}


def test_a_payout_that_was_sent_is_not_sent_again(sender: Sender, sandbox: Any) -> None:
    """A redelivered task, a repeated sweep, a click next week."""
    sender.send()
    for wait in (timedelta(), timedelta(minutes=5), timedelta(days=7)):
        sender.send(after=wait)
    assert requests(sandbox) == 1
    assert len(sender.attempts) == 1


def test_a_payout_that_is_not_due_is_left_alone(sender: Sender, sandbox: Any) -> None:
    Payout.objects.update(next_retry_at=sender.now + timedelta(minutes=1))
    transfers.send_transfer(sender.payout.pk, now=sender.now)
    Payout.objects.update(next_retry_at=None)
    transfers.send_transfer(sender.payout.pk, now=sender.now)
    assert sender.payout.status == PayoutStatus.PENDING
    assert not sender.attempts
    assert requests(sandbox) == 0


@pytest.mark.parametrize(
    "status", [status for status in PayoutStatus if status not in {"pending", "processing", "unresolved"}]
)
def test_a_task_skips_a_payout_that_is_not_to_be_sent(
    sender: Sender, sandbox: Any, status: PayoutStatus
) -> None:
    """Cancelled while the task waited in the queue, for one."""
    Payout.objects.update(status=status)
    sender.send()
    assert sender.payout.status == status
    assert not sender.attempts
    assert requests(sandbox) == 0


@pytest.mark.parametrize("fault", LOST, ids=named)
def test_an_unknown_outcome_is_tried_again_under_the_same_key(
    sender: Sender, sandbox: Any, fault: dict[str, Any]
) -> None:
    sandbox.inject({**fault, "count": 1})
    unknown = sender.send()
    assert unknown.status in {PayoutStatus.PROCESSING, PayoutStatus.UNRESOLVED}
    assert unknown.next_retry_at is not None
    assert unknown.next_retry_at > sender.now
    (attempt,) = sender.attempts
    assert attempt.status == AttemptStatus.OPEN
    assert attempt.in_doubt
    while sender.payout.status != PayoutStatus.IN_TRANSIT:
        sender.send()
    assert len(sandbox.transfers()) == 1
    assert {attempt.idempotency_key for attempt in sender.attempts} >= {attempt.idempotency_key}
    assert unsound() == {}


@pytest.mark.parametrize("after_work", [False, True])
def test_a_worker_that_died_is_followed_by_another_under_the_same_key(
    sender: Sender, sandbox: Any, monkeypatch: pytest.MonkeyPatch, after_work: bool
) -> None:
    create = gateway.create_transfer

    def die(attempt: PayoutAttempt) -> None:
        if after_work:
            create(attempt)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(gateway, "create_transfer", die)
        with pytest.raises(KeyboardInterrupt):
            sender.send()
    left = sender.payout
    assert left.status == PayoutStatus.PROCESSING
    assert left.next_retry_at == sender.now + policy.LEASE
    transfers.send_transfer(left.pk, now=sender.now)
    assert requests(sandbox) == (1 if after_work else 0)
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    (attempt,) = sender.attempts
    assert attempt.in_doubt
    assert attempt.sends == 2
    assert len(sandbox.transfers()) == 1
    assert unsound() == {}


def test_after_a_worker_died_no_error_ends_the_attempt(
    sender: Sender, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dead worker may have sent the money; a refusal of the second send says nothing of the first."""
    create = gateway.create_transfer

    def die(attempt: PayoutAttempt) -> None:
        create(attempt)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(gateway, "create_transfer", die)
        with pytest.raises(KeyboardInterrupt):
            sender.send()
    sandbox.inject({**REFUSAL, "count": 1})
    assert sender.send().status == PayoutStatus.PROCESSING
    assert sender.attempts[0].status == AttemptStatus.OPEN
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1


@pytest.mark.parametrize("fault", BEFORE_THE_WORK, ids=named)
def test_what_comes_before_the_work_says_nothing(sender: Sender, sandbox: Any, fault: dict[str, Any]) -> None:
    """401, 403 and 429: this send did nothing, an earlier one may have."""
    sandbox.inject({**fault, "count": 1})
    assert sender.send().status == PayoutStatus.PROCESSING
    (attempt,) = sender.attempts
    assert (attempt.status, attempt.in_doubt) == (AttemptStatus.OPEN, False)
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1


@pytest.mark.parametrize("fault", BEFORE_THE_WORK, ids=named)
def test_what_comes_before_the_work_takes_no_doubt_away(
    sender: Sender, sandbox: Any, fault: dict[str, Any]
) -> None:
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    sender.send()
    sandbox.inject({**fault, "count": 1})
    sender.send()
    sandbox.inject({**REFUSAL, "count": 1})
    assert sender.send().status == PayoutStatus.PROCESSING
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1


def test_rate_limited_payouts_are_all_sent_in_the_end(market: Market, sandbox: Any) -> None:
    creators = market.creators(["alice", "bob", "charlie"], account=None)
    for creator in creators:
        market.onboard(creator)
    market.sell_all(creators, 100_00)
    market.run()
    sandbox.inject({**SEND, "kind": "status", "status": 429, "code": "rate_limit", "count": 7})
    senders = [Sender(payout) for payout in Payout.objects.all()]
    for _ in range(4):
        for sender in senders:
            sender.send()
    assert {sender.payout.status for sender in senders} == {PayoutStatus.IN_TRANSIT}
    assert len(sandbox.transfers()) == 3


def test_the_wait_grows_with_each_try() -> None:
    now = sql.now()
    for sends in range(1, 40):
        attempt = PayoutAttempt(sends=sends)
        longest = min(timedelta(seconds=5) * 2 ** (sends - 1), timedelta(hours=1))
        for _ in range(20):
            wait = policy.next_try(attempt, now=now) - now
            assert timedelta(seconds=1) <= wait <= longest + timedelta(seconds=1)


def test_another_use_of_the_key_means_unknown_and_never_failed(sender: Sender, sandbox: Any) -> None:
    """Same key, other parameters: only a look at Stripe can tell."""
    sandbox.inject(
        {**SEND, "kind": "status", "status": 400, "type": "idempotency_error", "count": 1},
    )
    unknown = sender.send()
    assert unknown.status == PayoutStatus.UNRESOLVED
    assert sender.attempts[0].resendable is False
    for _ in range(3):
        sender.send()
    assert requests(sandbox) == 1
    assert sender.payout.status == PayoutStatus.UNRESOLVED


def test_a_saved_500_is_noticed_and_not_sent_again(sender: Sender, sandbox: Any) -> None:
    """Stripe would repeat it for a day; what isn't there an hour after the last send never happened."""
    sandbox.inject({**SEND, "kind": "abort_work", "status": 500, "count": 1})
    assert sender.send().status == PayoutStatus.PROCESSING
    assert sender.send().status == PayoutStatus.UNRESOLVED
    last_sent = sender.now
    while sender.now < last_sent + policy.ABSENCE_PROVED_AFTER:
        assert sender.payout.status == PayoutStatus.UNRESOLVED
        sender.send(after=timedelta(minutes=10))
    assert requests(sandbox) == 2
    assert sender.payout.status == PayoutStatus.PENDING
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    first, second = sender.attempts
    assert (first.status, second.status) == (AttemptStatus.ABSENT, AttemptStatus.SUCCEEDED)
    assert first.idempotency_key != second.idempotency_key
    assert len(sandbox.transfers()) == 1
    assert unsound() == {}


def test_a_saved_500_that_did_the_work_is_found(sender: Sender, sandbox: Any) -> None:
    sandbox.inject({**SEND, "kind": "status", "status": 500, "after_work": True, "count": 1})
    sender.send()
    sender.send()
    assert sender.payout.status == PayoutStatus.UNRESOLVED
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1
    assert len(sender.attempts) == 1
    assert unsound() == {}


def test_a_key_older_than_a_day_is_looked_up_and_never_sent_again(sender: Sender, sandbox: Any) -> None:
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    sender.send()
    PayoutAttempt.objects.update(
        first_sent_at=sender.now - timedelta(hours=24), last_sent_at=sender.now - timedelta(hours=24)
    )
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert requests(sandbox) == 1
    assert len(sandbox.transfers()) == 1


def test_a_key_older_than_a_day_whose_transfer_is_absent_gives_way_to_a_new_one(
    sender: Sender, sandbox: Any
) -> None:
    sandbox.inject({**SEND, "kind": "connection_reset", "count": 1})
    sender.send()
    sender.send(after=timedelta(hours=24))
    assert sender.payout.status == PayoutStatus.PENDING
    assert requests(sandbox) == 1
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert [attempt.status for attempt in sender.attempts] == [AttemptStatus.ABSENT, AttemptStatus.SUCCEEDED]
    assert len(sandbox.transfers()) == 1


def test_what_stays_unknown_becomes_unresolved_and_never_failed(sender: Sender, sandbox: Any) -> None:
    sandbox.inject({**SEND, "kind": "connection_reset"})
    for _ in range(policy.UNRESOLVED_AFTER_SENDS - 1):
        assert sender.send().status == PayoutStatus.PROCESSING
    assert sender.send().status == PayoutStatus.UNRESOLVED
    assert requests(sandbox) == policy.UNRESOLVED_AFTER_SENDS
    sender.send()
    assert requests(sandbox) == policy.UNRESOLVED_AFTER_SENDS


def test_a_look_up_that_fails_settles_nothing(sender: Sender, sandbox: Any) -> None:
    """The worker died after the work, and when the key is too old a look-up is refused with a refusal's code."""
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    sender.send()
    PayoutAttempt.objects.update(in_doubt=False, answered=False, first_sent_at=sender.now - timedelta(days=2))
    for fault in (
        {**LIST, "kind": "status", "status": 429, "code": "rate_limit"},
        {**LIST, "kind": "status", "status": 400, "code": "account_closed"},
        {**LIST, "kind": "connection_reset"},
    ):
        sandbox.inject({**fault, "count": 1})
        assert sender.send().status in {PayoutStatus.PROCESSING, PayoutStatus.UNRESOLVED}
        assert sender.attempts[0].status == AttemptStatus.OPEN
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1


def test_a_refusal_gives_the_rows_back_at_once_and_a_later_run_pays_once(
    market: Market, sender: Sender, sandbox: Any
) -> None:
    sandbox.inject({**REFUSAL, "count": 1})
    refused = sender.send()
    assert (refused.status, refused.failure_code) == (
        PayoutStatus.FAILED,
        "insufficient_capabilities_for_transfer",
    )
    assert refused.failure_message
    assert refused.next_retry_at is None
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


def test_stripe_itself_refuses_an_account_that_lost_its_capability(market: Market, sandbox: Any) -> None:
    """We think that it is active; Stripe knows better."""
    alice = market.creator("alice", account=None)
    account = market.onboard(alice)
    sandbox._client.v1.accounts.update(
        account.stripe_account_id, {"capabilities": {"transfers": {"requested": False}}}
    )
    assert Sender(market.payout(alice)).send().status == PayoutStatus.FAILED


def test_too_low_a_balance_waits_and_goes_on_when_there_is_enough(market: Market, sandbox: Any) -> None:
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    sender = Sender(market.payout(alice, gross=2_000_000_000))
    for tries in range(1, 4):
        waiting = sender.send()
        assert (waiting.status, waiting.failure_code) == (PayoutStatus.PENDING, "balance_insufficient")
        assert [attempt.status for attempt in sender.attempts] == [AttemptStatus.REFUSED] * tries
    sandbox.fund(600_000_000)
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert sender.payout.failure_code == ""
    assert len(sandbox.transfers()) == 1
    assert len({attempt.idempotency_key for attempt in sender.attempts}) == 4
    assert unsound() == {}


def test_before_a_new_key_stripe_is_asked_what_it_has(sender: Sender, sandbox: Any) -> None:
    """A transfer that turns up for a payout thought unsent holds the creator, and nothing is sent."""
    sandbox.inject({**SEND, "kind": "status", "status": 400, "code": "balance_insufficient", "count": 1})
    sender.send()
    sandbox._client.v1.transfers.create(
        {
            "amount": 80_00,
            "currency": "usd",
            "destination": CreatorPaymentAccount.objects.get().stripe_account_id,
            "transfer_group": str(sender.payout.pk),
        }
    )
    assert sender.send().status == PayoutStatus.ON_HOLD
    hold = sender.payout.creator.holds.get()
    assert hold.source == "system"
    assert sandbox.transfers()[0]["id"] in hold.reason
    assert len(sandbox.transfers()) == 1


def test_before_a_new_key_nothing_is_sent_while_stripe_cannot_be_asked(sender: Sender, sandbox: Any) -> None:
    sandbox.inject({**SEND, "kind": "status", "status": 400, "code": "balance_insufficient", "count": 1})
    sender.send()
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
    sender: Sender, sandbox: Any, status: AccountStatus
) -> None:
    CreatorPaymentAccount.objects.update(account_status=status)
    waiting = sender.send()
    assert (waiting.status, waiting.failure_code) == (PayoutStatus.PENDING, "account_not_payable")
    assert not sender.attempts
    CreatorPaymentAccount.objects.update(account_status=AccountStatus.ACTIVE)
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    assert sender.payout.failure_code == ""


def test_an_account_that_was_replaced_is_never_paid_to(market: Market, sender: Sender, sandbox: Any) -> None:
    old = CreatorPaymentAccount.objects.get()
    CreatorPaymentAccount.objects.update(replaced_at=sender.now)
    assert sender.send().status == PayoutStatus.PENDING
    new = market.onboard(sender.payout.creator)
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    (transfer,) = sandbox.transfers()
    assert transfer["destination"] == new.stripe_account_id != old.stripe_account_id


def test_while_the_outcome_is_unknown_the_destination_stays(
    market: Market, sender: Sender, sandbox: Any
) -> None:
    """An attempt goes where it was first sent, or nowhere."""
    old = CreatorPaymentAccount.objects.get()
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    sender.send()
    CreatorPaymentAccount.objects.update(replaced_at=sender.now)
    market.onboard(sender.payout.creator)
    assert sender.send().status == PayoutStatus.IN_TRANSIT
    (transfer,) = sandbox.transfers()
    assert transfer["destination"] == old.stripe_account_id


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_payout_send_it_once(sender: Sender, sandbox: Any) -> None:
    sandbox.inject({**SEND, "kind": "latency_ms", "latency_ms": 100})
    pk, now = sender.payout.pk, sender.now

    def work() -> None:
        transfers.send_transfer(pk, now=now)

    workers: list[Callable[[], None]] = [work] * 4
    at_once(*workers)
    assert sender.payout.status == PayoutStatus.IN_TRANSIT
    assert requests(sandbox) == 1
    assert PayoutAttempt.objects.filter(kind=AttemptKind.TRANSFER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_workers_that_take_up_an_unknown_outcome_at_once_send_it_once(sender: Sender, sandbox: Any) -> None:
    """Even where both send, one key moves the money once."""
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    sender.send()
    pk, due = sender.payout.pk, sender.payout.next_retry_at
    assert due is not None

    def work(lateness: timedelta) -> Callable[[], None]:
        return lambda: transfers.send_transfer(pk, now=due + lateness)

    at_once(*[work(timedelta(minutes=2 * number)) for number in range(4)])
    assert sender.payout.status == PayoutStatus.IN_TRANSIT
    assert len(sandbox.transfers()) == 1
    assert len(sender.attempts) == 1


def test_an_unresolved_payout_is_looked_up_a_dozen_times_and_not_a_thousand(
    sender: Sender, sandbox: Any
) -> None:
    sandbox.inject({**SEND, "kind": "abort_work", "status": 500, "count": 1})
    sender.send()
    while sender.payout.status != PayoutStatus.PENDING:
        sender.send()
    assert sandbox.state()["requests"]["GET /v1/transfers"] <= 24
