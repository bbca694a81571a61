"""A creator replaces their account: what is owed stays owed, and nothing goes to the old account."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts import selectors
from accounts.models import CreatorPaymentAccount, Hold, HoldSource
from accounts.services import holds, onboarding, payment_accounts
from database import sql
from database.staff import Act
from ledger.models import AccountKind
from payouts.models import Payout
from payouts.services import sending
from payouts.states import AttemptStatus, PayoutStatus
from stripe_io import tasks as inbox
from stripe_io.models import InboxEvent
from tests.local_stripe import Stripe
from tests.payouts.market import Market, balance, unsound
from tests.payouts.sending import SEND, Sender, requests, send_bank_payout

pytestmark = pytest.mark.django_db


def deauthorize(sandbox: Stripe, account: CreatorPaymentAccount) -> None:
    sandbox.control(f"accounts/{account.stripe_account_id}/deauthorize")
    payment_accounts.refresh_payment_account(account, now=sql.now())


def live(payout: Payout) -> CreatorPaymentAccount:
    return CreatorPaymentAccount.objects.get(creator=payout.creator, replaced_at=None)


def move_out(payout: Payout) -> None:
    """Have staff let the creator use another account; the old one still works at Stripe."""
    payment_accounts.replace_payment_account(live(payout), act=Act("dana", "Moved"), now=sql.now())


def sit_out_the_cool_down(payout: Payout) -> None:
    until = selectors.cooling_down_until(payout.creator_id)
    assert until
    holds.lift_expired(now=until)
    sending.release_unheld(now=sql.now())


def test_earnings_stay_owed_after_the_account_is_gone(payout: Payout, sandbox: Stripe) -> None:
    deauthorize(sandbox, live(payout))
    waiting = Sender(payout).send()
    assert (waiting.status, waiting.failure_code) == (PayoutStatus.PENDING, "account_not_payable")
    assert balance(payout.creator_id, AccountKind.PAYOUTS_RESERVED) == payout.net_amount
    assert requests(sandbox) == 0
    assert unsound() == {}


def test_a_waiting_payout_goes_to_the_new_account(payout: Payout, market: Market, sandbox: Stripe) -> None:
    old = live(payout)
    deauthorize(sandbox, old)
    onboarding.start_onboarding(payout.creator, country="", business_type="", now=sql.now())
    new = market.onboard(payout.creator)
    assert Sender(payout).send().status == PayoutStatus.ON_HOLD
    sit_out_the_cool_down(payout)
    assert Sender(payout).send().status == PayoutStatus.IN_TRANSIT
    assert [transfer["destination"] for transfer in sandbox.transfers()] == [new.stripe_account_id]
    assert unsound() == {}


@pytest.mark.parametrize("kind", ["drop_response_after_work", "connection_reset"])
def test_a_transfer_in_doubt_to_a_replaced_account_is_only_looked_up(
    payout: Payout, market: Market, sandbox: Stripe, kind: str
) -> None:
    old = live(payout).stripe_account_id
    sender = Sender(payout)
    sandbox.inject({**SEND, "kind": kind, "count": 1})
    assert sender.send().status == PayoutStatus.PROCESSING
    move_out(payout)
    new = market.onboard(payout.creator)
    sender.send()
    assert requests(sandbox) == 1
    settled = sender.send(after=timedelta(hours=2))
    if kind == "connection_reset":  # proved absent
        assert sender.attempts[0].status == AttemptStatus.ABSENT
        assert sender.send().status == PayoutStatus.ON_HOLD
        sit_out_the_cool_down(payout)
        settled = sender.send()
    assert settled.status == PayoutStatus.IN_TRANSIT
    (transfer,) = sandbox.transfers()
    assert transfer["destination"] == (new.stripe_account_id if kind == "connection_reset" else old)
    assert unsound() == {}


def test_an_attempt_that_did_nothing_is_not_sent_to_the_old_account_again(
    payout: Payout, market: Market, sandbox: Stripe
) -> None:
    sandbox.inject({**SEND, "kind": "status", "status": 429, "code": "rate_limit", "count": 1})
    sender = Sender(payout)
    sender.send()
    move_out(payout)
    new = market.onboard(payout.creator)
    sender.send()
    assert requests(sandbox) == 1
    sender.send(after=timedelta(hours=2))
    assert sender.send().status == PayoutStatus.ON_HOLD
    sit_out_the_cool_down(payout)
    sender.send()
    assert [transfer["destination"] for transfer in sandbox.transfers()] == [new.stripe_account_id]


def change_bank(sandbox: Stripe, payout: Payout, **said: str) -> None:
    account = live(payout)
    sandbox.control(f"accounts/{account.stripe_account_id}/bank_account", **said)
    payment_accounts.refresh_payment_account(account, now=sql.now())


def test_after_a_change_of_bank_account_a_payout_waits_and_is_sent_once(
    payout: Payout, sandbox: Stripe
) -> None:
    change_bank(sandbox, payout)
    assert Sender(payout).send().status == PayoutStatus.ON_HOLD
    assert balance(payout.creator_id, AccountKind.PAYOUTS_RESERVED) == payout.net_amount
    holds.lift_expired(now=sql.now() + timedelta(hours=47))
    sending.release_unheld(now=sql.now())
    assert Sender(payout).send().status == PayoutStatus.ON_HOLD
    holds.lift_expired(now=sql.now() + timedelta(hours=48))
    for _ in range(2):
        sending.release_unheld(now=sql.now())
        assert Sender(payout).send().status == PayoutStatus.IN_TRANSIT
    assert requests(sandbox) == 1
    assert unsound() == {}


def test_a_payout_made_during_a_cool_down_waits(market: Market, sandbox: Stripe) -> None:
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    holds.cool_down(alice, reason="another bank account", now=sql.now())
    payout = market.payout(alice)
    assert Sender(payout).send().status == PayoutStatus.ON_HOLD
    sit_out_the_cool_down(payout)
    assert Sender(payout).send().status == PayoutStatus.IN_TRANSIT


def test_the_end_of_a_cool_down_releases_nothing_that_staff_hold(payout: Payout, sandbox: Stripe) -> None:
    change_bank(sandbox, payout)
    holds.place_hold(payout.creator, source=HoldSource.STAFF, act=Act("eve", "looks odd"))
    Sender(payout).send()
    sit_out_the_cool_down(payout)
    assert Payout.objects.get().status == PayoutStatus.ON_HOLD


def test_arrived_money_does_not_go_to_a_new_bank_account_during_the_cool_down(
    payout: Payout, sandbox: Stripe
) -> None:
    assert Sender(payout).send().status == PayoutStatus.IN_TRANSIT
    change_bank(sandbox, payout)
    now = sql.now()
    send_bank_payout(payout.pk, now=now)
    waiting = Payout.objects.get()
    assert waiting.next_retry_at
    assert waiting.next_retry_at > now
    assert not sandbox.state()["payouts"]
    holds.end_cool_down(payout.creator, act=Act("dana", "She called"), now=now)
    for _ in range(2):
        send_bank_payout(payout.pk, now=waiting.next_retry_at)
    assert len(sandbox.state()["payouts"]) == 1


def test_the_events_of_one_change_start_one_cool_down(
    payout: Payout, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    account = live(payout).stripe_account_id
    sandbox.control(f"accounts/{account}/bank_account")
    sandbox.deliver_webhooks()
    inbox.sweep_inbox()
    settle()
    told = set(InboxEvent.objects.values_list("type", flat=True))
    assert "account.external_account.created" in told
    assert any(each.startswith("v2.core.account") for each in told)
    assert not InboxEvent.objects.filter(handled_at=None).exists()
    assert Hold.objects.count() == 1
    assert Payout.objects.get().status == PayoutStatus.ON_HOLD
    assert sandbox.transfers() == []
