"""Recovery after a backup was restored: a savepoint is the backup, and the local Stripe forgets nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction
from pytest_django import Settings

from accounts.models import Creator, CreatorPaymentAccount, Hold, StripeApi
from database import sql
from database.staff import Act
from earnings.models import CreatorEarning
from payouts import selectors
from payouts.models import Difference, Payout, PayoutAttempt
from payouts.services import recovery, sending
from payouts.services.recovery import Report
from payouts.services.recovery.placing import How
from payouts.services.staff import interventions
from payouts.states import AttemptKind, PayoutStatus
from stripe_io.models import Installation
from tests.local_stripe import Stripe
from tests.payouts.market import CUTOFF, NEXT_CUTOFF, Market, unsound
from tests.payouts.reconciling import reconcile
from tests.payouts.sending import REFUSAL, SEND, Sender, attend, attend_returned, send_transfer

WHY = Act("dana", "A backup was restored")


@contextmanager
def lost() -> Iterator[None]:
    """Lose everything that the block changes in the database."""
    backup = transaction.savepoint()
    yield
    transaction.savepoint_rollback(backup)


@pytest.fixture
def alice(market: Market, sandbox: Stripe) -> Creator:
    creator = market.creator("alice", account=None)
    market.onboard(creator)
    market.sell(creator, 100_00)
    return creator


def made(market: Market) -> Payout:
    market.run()
    return Payout.objects.latest("created_at")


def recover() -> Report:
    report = recovery.recover(act=WHY, now=sql.now())
    assert not unsound()
    return report


def test_a_payout_that_was_sent_after_the_backup_is_made_again_and_not_sent_again(
    market: Market, alice: Creator, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    with lost():
        market.run()
        settle()
    report = recover()
    assert report.transfers == {How.MADE_AGAIN: 1}
    settle()
    market.run()
    settle()
    payout = Payout.objects.get()
    (transfer,) = sandbox.transfers()
    assert (payout.status, payout.stripe_transfer_id) == (PayoutStatus.PAID, transfer["id"])
    assert len(sandbox.state("payouts")["payouts"]) == 1
    assert not unsound()


def test_a_waiting_payout_takes_the_transfer_that_agrees_with_it(
    market: Market, alice: Creator, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    payout = made(market)
    with lost():
        settle()
    assert recover().transfers == {How.ADOPTED: 1}
    settle()
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PAID
    assert len(sandbox.transfers()) == 1


def test_a_second_recovery_finds_nothing_to_do(
    market: Market, alice: Creator, settle: Callable[[], None]
) -> None:
    with lost():
        market.run()
        settle()
    recover()
    before = list(PayoutAttempt.objects.values())
    assert recover().transfers == {}
    assert list(PayoutAttempt.objects.values()) == before


def test_reconciliation_leaves_what_is_lost_to_recovery(
    market: Market, alice: Creator, settle: Callable[[], None]
) -> None:
    payout = made(market)
    with lost():
        settle()
    Installation.objects.update(checked_at=None)
    sending.prepare(now=sql.now())
    assert selectors.behind_stripe()
    reconcile()
    assert not Hold.objects.exists()
    recover()
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.IN_TRANSIT
    assert not selectors.behind_stripe()


def test_a_preview_changes_nothing(market: Market, alice: Creator, settle: Callable[[], None]) -> None:
    with lost():
        market.run()
        settle()
    assert recovery.preview(act=WHY, now=sql.now()).transfers == {How.MADE_AGAIN: 1}
    assert not Payout.objects.exists()
    assert not PayoutAttempt.objects.exists()


def test_what_was_sent_beyond_the_earnings_is_owed(
    market: Market, alice: Creator, settle: Callable[[], None]
) -> None:
    with lost():
        market.sell(alice, 50_00)
        market.run()
        settle()
    report = recover()
    assert report.owed == {"USD": 40_00}
    assert payable(alice) == -40_00
    market.sell(alice, 50_00)
    assert payable(alice) == 0


def test_what_was_not_sent_of_the_earnings_stays_unclaimed(
    market: Market, alice: Creator, settle: Callable[[], None]
) -> None:
    with lost():
        market.run()
        settle()
    market.sell(alice, 50_00)
    report = recover()
    assert report.carried == {"USD": 40_00}
    assert payable(alice) == 40_00
    market.run(NEXT_CUTOFF)
    settle()
    assert sorted(Payout.objects.values_list("net_amount", flat=True)) == [40_00, 80_00]


def test_a_payout_can_be_made_again_without_any_earnings(
    market: Market, alice: Creator, settle: Callable[[], None]
) -> None:
    with lost():
        market.run()
        settle()
    market.refund(alice, 100_00)
    assert recover().transfers == {How.MADE_AGAIN: 1}
    assert payable(alice) == -80_00


def test_a_waiting_payout_that_disagrees_gives_way(
    market: Market, alice: Creator, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    with lost():
        market.run()
        settle()
    market.sell(alice, 100_00)
    waiting = made(market)
    report = recover()
    assert report.cancelled == 1
    waiting.refresh_from_db()
    assert waiting.status == PayoutStatus.CANCELLED
    assert payable(alice) == 80_00
    settle()
    assert len(sandbox.transfers()) == 1


@pytest.mark.parametrize("hours", [1, 25])
def test_a_bank_payout_made_after_the_backup_is_not_made_again(
    market: Market, alice: Creator, sandbox: Stripe, settle: Callable[[], None], hours: int
) -> None:
    """After a day, Stripe has forgotten the keys."""
    with lost():
        market.run()
        settle()
    sandbox.control("clock", advance=hours * 3600)
    recover()
    settle()
    payout = Payout.objects.get()
    (bank_payout,) = sandbox.state("payouts")["payouts"]
    assert (payout.status, payout.stripe_payout_id) == (PayoutStatus.PAID, bank_payout["id"])
    assert payout.bank_amount == payout.arrival_amount == 80_00
    assert not unsound()


def test_of_several_bank_payouts_the_last_one_counts(
    market: Market, alice: Creator, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    """The first one came back from the bank, and the creator then mended the bank account."""
    with lost():
        market.run()
        settle()
        returned = Payout.objects.get()
        sandbox.control(f"payouts/{returned.stripe_payout_id}/fail", failure_code="could_not_process")
        settle()
        sandbox.control(f"accounts/{sandbox.transfers()[0]['destination']}/bank_account/edit")
        attend_returned(returned.pk, now=sql.now() + timedelta(hours=2))
        settle()
    sandbox.control("clock", advance=25 * 3600)
    recover()
    settle()
    first, last = sandbox.state("payouts")["payouts"]
    assert (first["status"], last["status"]) == ("failed", "paid")
    assert Payout.objects.get(status=PayoutStatus.PAID).stripe_payout_id == last["id"]
    kinds = PayoutAttempt.objects.filter(kind=AttemptKind.BANK_PAYOUT).order_by("idempotency_key")
    assert [attempt.status for attempt in kinds] == ["returned", "succeeded"]


@pytest.mark.parametrize("api", StripeApi)
def test_an_account_and_its_creator_come_back(
    market: Market, sandbox: Stripe, settle: Callable[[], None], settings: Settings, api: StripeApi
) -> None:
    settings.STRIPE_ACCOUNTS = api.value
    with lost():
        bob = market.creator("bob", account=None)
        account = market.onboard(bob).stripe_account_id
        market.payout(bob)
        settle()
    report = recover()
    assert (report.accounts, report.owed) == (1, {"USD": 80_00})
    adopted = CreatorPaymentAccount.objects.get()
    assert (adopted.creator.external_id, adopted.stripe_account_id) == ("bob", account)
    assert adopted.api == api
    assert adopted.payable
    settle()
    assert Payout.objects.get().status == PayoutStatus.PAID


def test_a_retry_made_after_the_backup_comes_back_as_the_second_payout(
    market: Market, alice: Creator, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    first = made(market)
    with lost():
        sandbox.inject({**REFUSAL, "count": 1})
        settle()
        interventions.retry_payout(first.pk, act=WHY, now=sql.now())
        settle()
    recover()
    first.refresh_from_db()
    second = Payout.objects.get(ordinal=2)
    assert (first.status, second.status) == (PayoutStatus.CANCELLED, PayoutStatus.IN_TRANSIT)
    assert second.stripe_transfer_id == sandbox.transfers()[0]["id"]


def test_what_was_taken_back_after_the_backup_is_payable_again(
    market: Market, alice: Creator, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    with lost():
        sent = made(market)
        send_transfer(sent.pk, now=sql.now())
        interventions.reverse_payout(sent.pk, act=WHY, now=sql.now())
    recover()
    assert Payout.objects.get().status == PayoutStatus.REVERSED
    assert payable(alice) == 80_00


def test_a_reversal_of_an_older_transfer_is_recorded(market: Market, alice: Creator, sandbox: Stripe) -> None:
    payout = made(market)
    send_transfer(payout.pk, now=sql.now())
    with lost():
        interventions.reverse_payout(payout.pk, act=WHY, now=sql.now())
    assert recover().reversals == 1
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.REVERSED


def test_what_was_taken_back_and_paid_again_after_the_backup_is_paid_once(
    market: Market, alice: Creator, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    """In the backup, the first bank payout is on its way. The bank returned it, and then staff paid again."""
    first = made(market)
    attend(first.pk, now=sql.now())
    with lost():
        first.refresh_from_db()
        sandbox.control(f"payouts/{first.stripe_payout_id}/fail", failure_code="could_not_process")
        settle()
        interventions.reverse_payout(first.pk, act=WHY, now=sql.now())
        interventions.retry_payout(first.pk, act=WHY, now=sql.now())
        settle()
    report = recover()
    assert (report.reversals, report.transfers) == (1, {How.MADE_AGAIN: 1})
    settle()
    ends = Payout.objects.order_by("ordinal").values_list("status", flat=True)
    assert list(ends) == [PayoutStatus.REVERSED, PayoutStatus.PAID]
    assert payable(alice) == 0


def test_an_attempt_that_came_before_what_was_sent_moved_nothing(
    market: Market, alice: Creator, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    payout = made(market)
    sender = Sender(payout)
    sandbox.inject({**SEND, "kind": "connection_reset", "count": 1})
    sender.send()
    with lost():
        sandbox.inject({**SEND, "kind": "status", "status": 500, "count": 1})
        sender.send(after=timedelta(days=2))
        sender.send_until(PayoutStatus.IN_TRANSIT)
    assert recover().transfers == {How.ADOPTED: 1}
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.IN_TRANSIT
    assert [attempt.status for attempt in sender.attempts] == ["absent", "succeeded"]


def test_a_held_payout_takes_its_transfer_too(
    market: Market, alice: Creator, settle: Callable[[], None]
) -> None:
    payout = made(market)
    with lost():
        settle()
    interventions.hold_creator(alice, act=WHY, now=sql.now())
    assert recover().transfers == {How.ADOPTED: 1}
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.IN_TRANSIT


def test_a_payout_that_staff_cancelled_in_the_restored_database_is_made_again(
    market: Market, alice: Creator, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    """Its reference is taken, so the new payout has the next one, and is still found by the old."""
    payout = made(market)
    with lost():
        settle()
    sandbox.control("clock", advance=25 * 3600)
    interventions.cancel_payout(payout.pk, act=WHY, now=sql.now())
    assert recover().transfers == {How.MADE_AGAIN: 1}
    settle()
    again = Payout.objects.get(ordinal=2)
    assert again.status == PayoutStatus.PAID
    interventions.sync_payout(again.pk, act=WHY, now=sql.now())
    assert not Difference.objects.filter(resolved_at=None).exists()
    assert not unsound()


def test_a_transfer_beside_a_sent_one_is_owed_and_its_creator_held(
    market: Market, alice: Creator, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    payout = made(market)
    settle()
    payout.refresh_from_db()
    forge(sandbox, payout, ordinal=2)
    report = recover()
    assert [placed.how for placed in report.unplaced] == [How.UNEXPECTED]
    assert payable(alice) == -80_00
    assert Hold.objects.get().creator == alice


def test_a_transfer_that_names_nobody_we_know_is_a_difference_and_holds_whoever_has_it(
    market: Market, alice: Creator, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    payout = made(market)
    settle()
    forge(sandbox, payout, ordinal=2, creator_id="mallory")
    assert [placed.how for placed in recover().unplaced] == [How.UNNAMED]
    assert not recover().transfers
    difference = Difference.objects.get()
    assert (difference.creator, difference.amount) == (alice, 80_00)
    assert Hold.objects.get().creator == alice


def test_a_name_that_was_edited_names_nobody(
    market: Market, alice: Creator, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    """The group can't be edited, and is that of another cut-off."""
    payout = made(market)
    settle()
    forge(sandbox, payout, ordinal=2, cutoff="2025-02-01")
    assert [placed.how for placed in recover().unplaced] == [How.UNNAMED]
    assert Hold.objects.get().creator == alice


def forge(sandbox: Stripe, payout: Payout, *, ordinal: int, **metadata: str) -> None:
    """Make a transfer like a payout's own, of another ordinal."""
    payout.refresh_from_db()
    (named,) = sql.rows(
        "SELECT payout_reference('alice', 'USD', %(cutoff)s, %(ordinal)s) AS reference",
        {"cutoff": CUTOFF, "ordinal": ordinal},
    )
    own = sandbox.transfers()[0]
    sandbox.client.v1.transfers.create(
        {
            "amount": own["amount"],
            "currency": own["currency"],
            "destination": own["destination"],
            "transfer_group": own["transfer_group"],
            "metadata": {
                **own["metadata"],
                "ordinal": str(ordinal),
                "reference": named["reference"],
                **metadata,
            },
        }
    )


def payable(creator: Creator) -> int:
    return sum(row.net for row in CreatorEarning.objects.filter(creator=creator, payout=None))
