"""Before leg one, an account that Stripe hasn't told of lately is read: its events may be late."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from accounts.models import Creator, CreatorPaymentAccount, Hold
from database import sql
from payouts import policy
from payouts.models import Payout
from payouts.services.sending import fresh_accounts
from payouts.states import PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.legs import NOW, PAYABLE
from tests.payouts.sending import SEND, work

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("heard_ago", "bank_account_new_for", "due"),
    [
        (HOUR, None, False),
        (HOUR + MINUTE, None, True),
        (MINUTE, timedelta(days=6), True),
        (MINUTE, timedelta(days=7), False),
    ],
)
def test_an_account_is_read_if_it_may_have_changed(
    heard_ago: timedelta, bank_account_new_for: timedelta | None, due: bool
) -> None:
    since = NOW - bank_account_new_for if bank_account_new_for else None
    circumstances = replace(PAYABLE, account_synced_at=NOW - heard_ago, bank_account_since=since)
    assert fresh_accounts.is_due(circumstances, now=NOW) is due


def account_of(creator: Creator) -> str:
    return str(CreatorPaymentAccount.objects.get(creator=creator).stripe_account_id)


def heard_of(ago: timedelta) -> None:
    CreatorPaymentAccount.objects.update(synced_at=sql.now() - ago)


def replace_bank_account(sandbox: Stripe, account: str) -> None:
    """Replace it, and have the event be late."""
    sandbox.control(f"accounts/{account}/bank_account", country="US", currency="usd")


def requests(sandbox: Stripe) -> int:
    """Count the requests to Stripe so far."""
    counts = sandbox.state("requests")["requests"]
    return sum(count for route, count in counts.items() if "_sandbox" not in route)


@pytest.mark.django_db
def test_an_account_not_heard_of_for_an_hour_is_read_before_it_is_paid(
    payout: Payout, sandbox: Stripe
) -> None:
    replace_bank_account(sandbox, account_of(payout.creator))
    heard_of(2 * HOUR)
    work(sql.now())
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.ON_HOLD
    assert Hold.objects.get().expires_at
    assert sandbox.transfers() == []


@pytest.mark.django_db
def test_an_account_that_lost_its_capability_is_not_sent_to(payout: Payout, sandbox: Stripe) -> None:
    sandbox.control(f"accounts/{account_of(payout.creator)}/restrict")
    heard_of(2 * HOUR)
    work(sql.now())
    payout.refresh_from_db()
    assert (payout.status, payout.failure_code) == (PayoutStatus.PENDING, "account_not_payable")
    assert not payout.attempts.exists()


@pytest.mark.django_db
def test_one_heard_of_lately_is_paid_without_another_request(payout: Payout, sandbox: Stripe) -> None:
    before = requests(sandbox)
    work(sql.now())
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.IN_TRANSIT
    assert requests(sandbox) - before == len(["balance", "transfer", "arrival", "bank payout"])


@pytest.mark.django_db
def test_one_not_heard_of_is_read_once_and_paid(payout: Payout, sandbox: Stripe, settings: Settings) -> None:
    settings.ACCOUNT_CHECK_MINUTES = 0
    before = requests(sandbox)
    work(sql.now() + HOUR)
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.IN_TRANSIT
    asked = ["balance", "account", "its bank account", "transfer", "arrival", "bank payout"]
    assert requests(sandbox) - before == len(asked)


@pytest.mark.django_db
def test_while_stripe_does_not_tell_of_the_account_nothing_is_sent(payout: Payout, sandbox: Stripe) -> None:
    sandbox.inject({"method": "GET", "path": "/v1/accounts/.*", "kind": "status", "status": 500})
    heard_of(2 * HOUR)
    start: datetime = sql.now()
    work(start)
    payout.refresh_from_db()
    assert (payout.status, payout.failure_code) == (PayoutStatus.PENDING, "")
    assert payout.next_retry_at
    assert payout.next_retry_at >= start + policy.WAIT_FOR_ANSWER
    sandbox.clear_faults()
    work(payout.next_retry_at)
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.IN_TRANSIT


@pytest.mark.django_db
def test_before_a_second_key_the_account_is_read_too(payout: Payout, sandbox: Stripe) -> None:
    refusal = {"kind": "status", "status": 400, "code": "balance_insufficient", "count": 1}
    sandbox.inject({**SEND, **refusal})
    work(sql.now())
    replace_bank_account(sandbox, account_of(payout.creator))
    heard_of(2 * HOUR)
    work(sql.now() + policy.WAIT_FOR_FUNDS)
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.ON_HOLD
