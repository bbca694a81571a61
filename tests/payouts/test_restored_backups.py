"""A database that is behind Stripe, as after a restored backup, pays nobody twice, and says what to do."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from accounts.models import CreatorPaymentAccount
from database import sql
from database.staff import Act
from payouts import tasks
from payouts.errors import BehindStripe, OwnInstallation
from payouts.identity import Identity
from payouts.models import IgnoredInstallation, Payout, PayoutAttempt
from payouts.services.deciding import gate, pauses, runs
from payouts.services.sending import engine
from payouts.services.staff import interventions
from payouts.states import AttemptKind, PayoutStatus
from stripe_io import installation
from stripe_io import services as inbox
from tests.local_stripe import Stripe
from tests.payouts.gate import behind, lose, pay, shut
from tests.payouts.market import CUTOFF, Market
from tests.payouts.sending import REFUSAL, Sender, requests, send_transfer, work

pytestmark = pytest.mark.django_db
DANA = Act("dana", "a test")


def test_a_backup_from_before_the_run_pays_nobody_twice(market: Market, sandbox: Stripe) -> None:
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    market.sell(alice, 100_00)
    shut()
    lose(market.run, pay)
    market.run()
    pay()
    assert len(sandbox.transfers()) == 1
    assert behind() is not None


@pytest.mark.parametrize("hours", [0, 25, 40 * 24])
def test_a_backup_from_before_the_sending_pays_nobody_twice(
    waiting: Payout, sandbox: Stripe, hours: int
) -> None:
    lose(pay)
    if hours:
        sandbox.control("clock", advance=hours * 3_600)
    pay()
    (transfer,) = sandbox.transfers()
    pause = behind()
    assert pause is not None
    assert transfer["id"] in pause.detail
    assert "manage.py recover" in pause.detail
    waiting.refresh_from_db()
    assert waiting.status == PayoutStatus.PENDING


def test_while_the_database_is_behind_nothing_moves_and_no_run_is_made(
    waiting: Payout, market: Market, sandbox: Stripe
) -> None:
    lose(pay)
    pay()
    for _ in range(3):
        work(sql.now() + timedelta(hours=1))
        tasks.attend_due(new=True)
    assert requests(sandbox) == 1
    for act in (
        lambda: runs.make_run(cutoff=CUTOFF, now=sql.now()),
        lambda: runs.preview_run(cutoff=CUTOFF, now=sql.now()),
        lambda: pauses.resume_sending(act=DANA, now=sql.now()),
        lambda: interventions.retry_payout(waiting.pk, act=DANA, now=sql.now()),
    ):
        with pytest.raises(BehindStripe, match=r"manage\.py recover"):
            act()
    with pytest.raises(CommandError, match="behind Stripe"):
        call_command("run_payouts")
    assert behind() is not None


def test_resuming_lifts_other_pauses_and_not_this_one(waiting: Payout, sandbox: Stripe) -> None:
    lose(pay)
    pay()
    pauses.pause_sending(act=DANA, now=sql.now())
    assert pauses.resume_sending(act=DANA, now=sql.now()) == 1
    assert behind() is not None


def test_after_recovery_the_gate_stays_shut_until_a_check_finds_nothing_more(
    waiting: Payout, sandbox: Stripe
) -> None:
    lose(pay)
    pay()
    gate.end_recovery(act=DANA, now=sql.now())
    assert engine.begin(waiting.pk, now=sql.now()) is None
    pay()
    assert behind() is not None
    assert len(sandbox.transfers()) == 1


def test_a_transfer_left_to_staff_no_longer_pauses(waiting: Payout, market: Market, sandbox: Stripe) -> None:
    lose(pay)
    pay()
    (transfer,) = sandbox.transfers()
    interventions.cancel_payout(waiting.pk, act=DANA, now=sql.now())
    gate.end_recovery(unplaced=[transfer["id"]], act=DANA, now=sql.now())
    bob = market.creator("bob", account=None)
    market.onboard(bob)
    other = market.payout(bob)
    shut()
    pay()
    other.refresh_from_db()
    assert other.status == PayoutStatus.IN_TRANSIT


def test_another_installations_transfers_pause_until_it_is_ignored(waiting: Payout, sandbox: Stripe) -> None:
    destination = CreatorPaymentAccount.objects.get().stripe_account_id
    assert destination
    other = uuid4()
    named = Identity(
        installation=other,
        creator="zoe",
        currency="USD",
        cutoff=CUTOFF,
        ordinal=1,
        reference="of-another",
        kind=AttemptKind.TRANSFER,
        number=1,
    )
    sandbox.client.v1.transfers.create(
        {"amount": 5_00, "currency": "usd", "destination": destination, "metadata": named.metadata}
    )
    pay()
    pause = behind()
    assert pause is not None
    assert f"recover --ignore-installation {other}" in pause.detail
    gate.ignore_installation(other, act=DANA, now=sql.now())
    gate.end_recovery(act=DANA, now=sql.now())
    pay()
    waiting.refresh_from_db()
    assert waiting.status == PayoutStatus.IN_TRANSIT


def test_this_installation_can_never_be_ignored(waiting: Payout, sandbox: Stripe) -> None:
    ours = installation.remembered().uuid
    with pytest.raises(OwnInstallation):
        gate.ignore_installation(ours, act=DANA, now=sql.now())
    IgnoredInstallation.objects.create(uuid=ours, ignored_by="dana", reason="by an earlier version")
    lose(pay)
    sandbox.control("clock", advance=25 * 3_600)
    pay()
    assert len(sandbox.transfers()) == 1
    assert behind() is not None


def test_after_a_recovery_nothing_is_sent_before_a_new_check(waiting: Payout, sandbox: Stripe) -> None:
    installation.record_check(until=sql.now(), at=sql.now())
    gate.end_recovery(act=DANA, now=sql.now())
    send_transfer(waiting.pk, now=sql.now())
    assert sandbox.transfers() == []


def test_another_installation_that_pays_the_same_is_not_this_one(payout: Payout, sandbox: Stripe) -> None:
    send_transfer(payout.pk, now=sql.now())
    (transfer,) = sandbox.transfers()
    twin = Identity.of(transfer["metadata"])
    assert twin
    twin = replace(twin, installation=uuid4())
    sandbox.client.v1.transfers.update(transfer["id"], {"metadata": twin.metadata})
    Payout.objects.update(status=PayoutStatus.PENDING)
    shut()
    gate.open_for_due(now=sql.now() + timedelta(days=1))
    assert behind() is not None


def test_within_a_day_the_same_payment_is_sent_under_the_same_key(market: Market, sandbox: Stripe) -> None:
    """A replica that lags takes over before the gate shuts."""
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    market.sell(alice, 100_00)
    lose(market.run, pay)
    market.run()
    pay()
    assert len(sandbox.transfers()) == len(sandbox.state("payouts")["payouts"]) == 1
    assert Payout.objects.get().stripe_payout_id
    assert behind() is None


def test_a_key_that_stripe_knows_with_other_parameters_before_its_first_send_pauses(
    market: Market, sandbox: Stripe
) -> None:
    """A replica that lags takes over before the gate shuts, and more was sold in the meantime."""
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    market.sell(alice, 100_00)
    lose(market.run, pay)
    market.sell(alice, 50_00)
    market.run()
    pay()
    assert len(sandbox.transfers()) == 1
    pause = behind()
    assert pause is not None
    assert Payout.objects.get().reference in pause.detail
    assert Payout.objects.get().status == PayoutStatus.UNRESOLVED


def test_a_look_up_that_finds_a_lost_retry_pauses(payout: Payout, sandbox: Stripe) -> None:
    """Its group shows what the check hasn't seen."""
    sandbox.inject({**REFUSAL, "count": 1})
    Sender(payout).send()
    lose(
        lambda: interventions.retry_payout(payout.pk, act=DANA, now=sql.now()),
        lambda: send_transfer(Payout.objects.latest("ordinal").pk, now=sql.now()),
    )
    interventions.sync_payout(payout.pk, act=DANA, now=sql.now())
    assert behind() is not None
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.FAILED


def test_an_event_of_a_lost_transfer_pauses(payout: Payout, sandbox: Stripe) -> None:
    lose(pay)
    sandbox.deliver_webhooks()
    inbox.handle_due(at_most=100)
    assert behind() is not None


def test_the_status_of_sending_says_what_to_do(
    waiting: Payout, sandbox: Stripe, capsys: pytest.CaptureFixture[str]
) -> None:
    lose(pay)
    pay()
    call_command("sending", "status")
    shown = capsys.readouterr().out
    assert "behind_stripe" in shown
    assert "manage.py recover" in shown


def test_an_attempt_that_was_not_sent_from_here_is_not_known(waiting: Payout, sandbox: Stripe) -> None:
    lose(pay)
    (transfer,) = sandbox.transfers()
    named = Identity.of(transfer["metadata"])
    assert named
    PayoutAttempt.objects.create(
        payout=waiting,
        kind=AttemptKind.TRANSFER,
        idempotency_key=named.key,
        destination=transfer["destination"],
        amount=waiting.net_amount,
        currency="USD",
    )
    gate.open_for_due(now=sql.now())
    assert behind() is not None
