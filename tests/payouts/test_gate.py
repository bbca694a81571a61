"""The gate: no transfer is sent unless Stripe's transfers were checked within the last minute."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts.models import CreatorPaymentAccount
from database import sql
from payouts import tasks
from payouts.models import Payout, PayoutAttempt, SendingPause
from payouts.services import sending
from payouts.services.deciding import gate
from payouts.services.sending import engine
from payouts.states import PayoutStatus
from stripe_io import installation
from stripe_io.models import Installation
from tests.local_stripe import Stripe
from tests.payouts.gate import behind, listings, pay, shut
from tests.payouts.market import Market
from tests.payouts.sending import LIST, REFUSAL, SEND, Sender, requests, send_transfer, work
from tests.threads import at_once

pytestmark = pytest.mark.django_db
LOSES_THE_ANSWER = {**SEND, "kind": "drop_response_after_work", "count": 1}


def test_a_shut_gate_stops_transfers(waiting: Payout, sandbox: Stripe) -> None:
    assert sending.take_due(now=sql.now()) is None
    assert engine.begin(waiting.pk, now=sql.now()) is None
    assert sending.workers_wanted(now=sql.now(), new=True, at_most=10) == 0
    assert requests(sandbox) == 0


def test_a_check_opens_the_gate(waiting: Payout, sandbox: Stripe) -> None:
    pay()
    waiting.refresh_from_db()
    assert waiting.status == PayoutStatus.IN_TRANSIT
    assert (listings(sandbox), len(sandbox.transfers())) == (1, 1)


@pytest.mark.parametrize(("age", "passes"), [(58, True), (61, False)])
def test_a_check_counts_for_a_minute(payout: Payout, sandbox: Stripe, age: int, *, passes: bool) -> None:
    Installation.objects.update(checked_at=sql.now() - timedelta(seconds=age))
    assert (engine.begin(payout.pk, now=sql.now()) is not None) == passes


def test_an_attempt_in_doubt_waits_at_the_gate_too(payout: Payout, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "connection_reset", "count": 1})
    sender = Sender(payout)
    sender.send()
    shut()
    assert sender.send().status == PayoutStatus.PROCESSING
    assert requests(sandbox) == 1
    work(sender.now)
    assert sender.payout.status == PayoutStatus.IN_TRANSIT


def test_the_gate_is_asked_again_after_a_question(payout: Payout, sandbox: Stripe) -> None:
    sandbox.inject({**REFUSAL, "code": "balance_insufficient", "count": 1})
    sender = Sender(payout)
    sender.send()
    SendingPause.objects.all().delete()
    call = engine.begin(payout.pk, now=sql.now())
    assert isinstance(call, engine.Ask)
    shut()
    assert engine.process(call, engine.make(call), now=sql.now()) is None
    assert requests(sandbox) == 1


def test_bank_payouts_and_look_ups_pass_a_shut_gate(sent: Payout, sandbox: Stripe) -> None:
    shut()
    sandbox.inject({**LIST, "kind": "status", "status": 500})
    work(sql.now())
    sent.refresh_from_db()
    assert sent.stripe_payout_id


def test_an_unresolved_transfer_is_looked_up_at_a_shut_gate(payout: Payout, sandbox: Stripe) -> None:
    sandbox.inject(LOSES_THE_ANSWER)
    sender = Sender(payout)
    sender.send()
    Payout.objects.update(status=PayoutStatus.UNRESOLVED)
    shut()
    assert sender.send().status == PayoutStatus.IN_TRANSIT


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "connection_reset"}])
def test_a_check_that_fails_is_no_check(
    waiting: Payout, sandbox: Stripe, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any]
) -> None:
    monkeypatch.setattr("stripe_io.client.READ_PAUSES", ())
    sandbox.inject({**LIST, **fault})
    pay()
    assert requests(sandbox) == 0
    tasks.attend_due(new=True)
    assert requests(sandbox) == 0
    assert installation.remembered().checked_at is None
    sandbox.clear_faults()
    pay()
    assert requests(sandbox) == 1


def test_a_check_that_fails_on_a_later_page_is_no_check(
    market: Market, sandbox: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stripe_io.client.READ_PAUSES", ())
    monkeypatch.setattr("payouts.gateway.listing.PAGE", 1)
    for creator in market.creators(["alice", "bob", "carol"], account=None):
        market.onboard(creator)
        market.sell(creator, 100_00)
    market.run()
    last, *others = Payout.objects.order_by("-pk")
    for payout in others:
        send_transfer(payout.pk, now=sql.now())
    known = installation.remembered().checked_until
    shut()
    sandbox.inject({**LIST, "kind": "status", "status": 500, "after": 1})
    pay()
    assert installation.remembered().checked_until == known
    last.refresh_from_db()
    assert last.status == PayoutStatus.PENDING


def test_a_worker_checks_again_before_the_gate_shuts(payout: Payout, sandbox: Stripe) -> None:
    for age, asked in [(10, 0), (30, 1)]:
        Installation.objects.update(checked_at=sql.now() - timedelta(seconds=age))
        Payout.objects.update(next_retry_at=sql.now(), taken_at=sql.now())
        tasks.attend_due(new=True)
        assert listings(sandbox) == asked
    checked_at = installation.remembered().checked_at
    assert checked_at
    assert sql.now() - checked_at < timedelta(seconds=10)


def test_stripe_is_not_asked_while_nothing_waits_to_be_sent(sent: Payout, sandbox: Stripe) -> None:
    shut()
    for _ in range(3):
        pay()
        tasks.attend_due(new=True)
    assert listings(sandbox) == 0


def test_a_check_lists_from_ten_minutes_before_the_newest_known_transfer(
    payout: Payout, sandbox: Stripe
) -> None:
    """By Stripe's own time, however far it is from ours."""
    sandbox.control("clock", advance=86_400)
    send_transfer(payout.pk, now=sql.now())
    Payout.objects.update(status=PayoutStatus.PENDING)
    shut()
    gate.open_for_due(now=sql.now() + timedelta(days=1))
    (transfer,) = sandbox.transfers()
    checked_until = installation.remembered().checked_until
    assert checked_until is not None
    assert int(checked_until.timestamp()) == transfer["created"]
    assert gate.since() == checked_until - timedelta(minutes=10)
    shut()
    gate.open_for_due(now=sql.now() + timedelta(days=1))
    assert installation.remembered().checked_until == checked_until


def test_the_first_check_starts_a_day_before_the_first_attempt(sent: Payout) -> None:
    Installation.objects.update(checked_until=None, installed_at=sql.now() + timedelta(days=9))
    first = PayoutAttempt.objects.get().first_sent_at
    assert first is not None
    assert gate.since() == first - timedelta(days=1)


def test_without_attempts_it_starts_a_day_before_the_installation(market: Market) -> None:
    Installation.objects.update(checked_until=None)
    assert gate.since() == installation.installed_at() - timedelta(days=1)


def test_other_uses_of_the_stripe_account_stop_nothing(waiting: Payout, sandbox: Stripe) -> None:
    destination = CreatorPaymentAccount.objects.get().stripe_account_id
    assert destination
    others: list[dict[str, Any]] = [
        {},
        {"metadata": {"order": "7"}, "transfer_group": str(uuid4())},
        {"metadata": {"attempt_id": str(uuid4())}, "transfer_group": "order-7"},
    ]
    for facts in others:
        sandbox.client.v1.transfers.create(
            {"amount": 5_00, "currency": "usd", "destination": destination, **facts}  # type: ignore[typeddict-item]
        )
    pay()
    waiting.refresh_from_db()
    assert waiting.status == PayoutStatus.IN_TRANSIT


@pytest.mark.django_db(transaction=True)
def test_what_is_sent_during_a_check_is_no_false_alarm(market: Market, sandbox: Stripe) -> None:
    """An attempt is committed before its transfer is made, and looked for after Stripe showed that."""
    creators = market.creators([f"creator-{number}" for number in range(8)], account=None)
    for creator in creators:
        market.onboard(creator)
    market.sell_all(creators, 100_00)
    market.run()
    payouts = list(Payout.objects.values_list("pk", flat=True))

    def check() -> None:
        for _ in range(10):
            gate.open_for_due(now=sql.now())
            shut()

    def send(pks: list[UUID]) -> None:
        for pk in pks:
            installation.record_check(until=sql.now() - timedelta(hours=1), at=sql.now())
            send_transfer(pk, now=sql.now())

    shut()
    at_once(check, lambda: send(payouts[:4]), lambda: send(payouts[4:]))
    assert behind() is None


@pytest.mark.django_db(transaction=True)
def test_one_check_runs_at_a_time(payout: Payout, sandbox: Stripe) -> None:
    shut()
    sandbox.inject({**LIST, "kind": "latency_ms", "latency_ms": 200})
    at_once(*[lambda: gate.open_for_due(now=sql.now())] * 4)
    assert listings(sandbox) == 1
