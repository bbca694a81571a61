"""Events about accounts, in whatever order they arrive."""

import copy
from typing import Any

import pytest

from accounts import gateway
from accounts.errors import StripeUnavailable
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, HoldSource
from accounts.services import holds, opening
from database import sql
from database.staff import Act
from stripe_io import services as inbox
from stripe_io.models import InboxEvent, InboxOutcome
from tests.factories import CreatorFactory
from tests.local_stripe import Stripe

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(sandbox: Stripe) -> CreatorPaymentAccount:
    return opening.open_payment_account(CreatorFactory.create(), now=sql.now())


@pytest.fixture
def creator() -> Creator:
    return CreatorFactory.create()


def status() -> str:
    return CreatorPaymentAccount.objects.get().account_status


def deliver(sandbox: Stripe, event: dict[str, Any]) -> InboxEvent:
    assert sandbox.post_event(event).status_code == 200
    inbox.handle_event(event_id=event["id"], now=sql.now())
    return InboxEvent.objects.get(event=event["id"])


def updates(sandbox: Stripe) -> list[dict[str, Any]]:
    return [event for event in sandbox.state()["events"] if event["type"] == "account.updated"]


def complete(account: CreatorPaymentAccount) -> None:
    assert account.stripe_account_id
    gateway.complete_in_sandbox(account.stripe_account_id)


def two_changes(sandbox: Stripe, account: CreatorPaymentAccount) -> list[dict[str, Any]]:
    """Complete an account, then stop its transfers; return Stripe's events, in order."""
    complete(account)
    assert account.stripe_account_id
    sandbox.stop_transfers(account.stripe_account_id)
    return updates(sandbox)


def test_an_account_that_is_completed_becomes_active(account: CreatorPaymentAccount, sandbox: Stripe) -> None:
    complete(account)
    assert deliver(sandbox, updates(sandbox)[-1]).outcome == InboxOutcome.HANDLED
    assert status() == AccountStatus.ACTIVE


def test_an_older_event_that_arrives_later_does_not_enable_payouts_again(
    account: CreatorPaymentAccount, sandbox: Stripe
) -> None:
    older, newer = two_changes(sandbox, account)
    for event in (newer, older):
        deliver(sandbox, event)
        assert status() != AccountStatus.ACTIVE


def test_the_events_own_content_is_not_trusted(account: CreatorPaymentAccount, sandbox: Stripe) -> None:
    complete(account)
    event = copy.deepcopy(updates(sandbox)[-1])
    event["data"]["object"]["payouts_enabled"] = False
    deliver(sandbox, event)
    assert status() == AccountStatus.ACTIVE


def test_an_event_that_arrives_while_stripe_is_down_is_tried_again(
    account: CreatorPaymentAccount, sandbox: Stripe
) -> None:
    complete(account)
    sandbox.inject({"method": "GET", "path": "/v1/accounts/.*", "kind": "connection_reset", "count": 1})
    row = deliver(sandbox, updates(sandbox)[-1])
    assert row.handled_at is None
    assert row.error.startswith("StripeUnavailable")
    assert status() == AccountStatus.PENDING
    assert inbox.handle_event(event_id=row.pk, now=row.next_try_at)
    assert status() == AccountStatus.ACTIVE


def retrievals(sandbox: Stripe) -> int:
    counts: dict[str, int] = sandbox.state()["requests"]
    return sum(count for route, count in counts.items() if route.startswith("GET /v1/accounts/"))


def test_the_events_of_one_change_refresh_the_account_once(
    account: CreatorPaymentAccount, sandbox: Stripe
) -> None:
    earlier, later = two_changes(sandbox, account)
    for event in (earlier, later):
        sandbox.post_event(event)
    assert inbox.handle_event(event_id=earlier["id"], now=sql.now())
    times = retrievals(sandbox)
    assert deliver(sandbox, later).outcome == InboxOutcome.SET_ASIDE
    assert retrievals(sandbox) == times > 0
    inbox.ask_for_replay(event_id=later["id"], act=Act("dana", "To be sure"), now=sql.now())
    assert inbox.handle_event(event_id=later["id"], now=sql.now())
    assert retrievals(sandbox) == times + 1


def test_an_account_from_a_replayed_answer_is_refreshed_again(creator: Creator, sandbox: Stripe) -> None:
    """For a key that was sent before, Stripe repeats its first answer."""
    sandbox.inject({"method": "POST", "path": "/v1/accounts", "kind": "drop_response_after_work", "count": 1})
    with pytest.raises(StripeUnavailable):
        opening.open_payment_account(creator, now=sql.now())
    state = sandbox.state()
    (created,) = {account["id"] for account in state["accounts"]} - {state["platform"]}
    gateway.complete_in_sandbox(created)
    event = updates(sandbox)[-1]
    sandbox.post_event(event)
    opening.open_payment_account(creator, now=sql.now())
    assert deliver(sandbox, event).outcome == InboxOutcome.HANDLED
    assert status() == AccountStatus.ACTIVE


def test_an_event_of_an_unknown_account_is_set_aside(account: CreatorPaymentAccount, sandbox: Stripe) -> None:
    complete(account)
    event = copy.deepcopy(updates(sandbox)[-1])
    event["account"] = event["data"]["object"]["id"] = "acct_unknown"
    assert deliver(sandbox, event).outcome == InboxOutcome.SET_ASIDE


@pytest.mark.parametrize(
    ("control", "event_type"),
    [
        ("capabilities", "capability.updated"),
        ("bank_account", "account.external_account.created"),
        ("bank_account", "account.external_account.deleted"),
        ("bank_account/edit", "account.external_account.updated"),
    ],
)
def test_every_change_of_an_account_refreshes_it(
    account: CreatorPaymentAccount, sandbox: Stripe, control: str, event_type: str
) -> None:
    complete(account)
    params = {"transfers": "inactive"} if control == "capabilities" else {}
    if control == "bank_account/edit":
        params = {"last4": "1234"}
    sandbox.control(f"accounts/{account.stripe_account_id}/{control}", **params)
    (event,) = [event for event in sandbox.state()["events"] if event["type"] == event_type]
    before = sql.now()
    assert deliver(sandbox, event).outcome == InboxOutcome.HANDLED
    synced_at = CreatorPaymentAccount.objects.get().synced_at
    assert synced_at
    assert synced_at > before


def test_a_deauthorized_account_is_no_longer_paid(account: CreatorPaymentAccount, sandbox: Stripe) -> None:
    complete(account)
    deliver(sandbox, updates(sandbox)[-1])
    sandbox.control(f"accounts/{account.stripe_account_id}/deauthorize")
    (event,) = [
        event for event in sandbox.state()["events"] if event["type"] == "account.application.deauthorized"
    ]
    assert deliver(sandbox, event).outcome == InboxOutcome.HANDLED
    row = CreatorPaymentAccount.objects.get()
    assert (row.account_status, row.payable, row.gone_at is None) == (AccountStatus.DISABLED, False, False)


def test_a_deauthorization_that_was_undone_before_its_event_arrived_changes_nothing(
    account: CreatorPaymentAccount, sandbox: Stripe
) -> None:
    complete(account)
    event = copy.deepcopy(updates(sandbox)[-1]) | {
        "id": "evt_late",
        "type": "account.application.deauthorized",
        "data": {"object": {"id": "ca_1", "object": "application"}},
    }
    assert deliver(sandbox, event).outcome == InboxOutcome.HANDLED
    assert status() == AccountStatus.ACTIVE


def test_an_account_that_is_connected_again_is_refreshed(
    account: CreatorPaymentAccount, sandbox: Stripe
) -> None:
    complete(account)
    gone = {
        "method": "GET",
        "path": "/v1/accounts/.*",
        "kind": "status",
        "status": 403,
        "code": "account_invalid",
    }
    sandbox.inject({**gone, "count": 1})
    application = {"data": {"object": {"id": "ca_1", "object": "application"}}}
    event = copy.deepcopy(updates(sandbox)[-1]) | application
    deliver(sandbox, event | {"id": "evt_left", "type": "account.application.deauthorized"})
    assert status() == AccountStatus.DISABLED
    deliver(sandbox, event | {"id": "evt_back", "type": "account.application.authorized"})
    assert status() == AccountStatus.ACTIVE


@pytest.mark.parametrize("reason", ["requirements.past_due", "under_review", "rejected.fraud"])
def test_an_account_that_stripe_restricts_is_no_longer_paid(
    account: CreatorPaymentAccount, sandbox: Stripe, reason: str
) -> None:
    complete(account)
    sandbox.control(f"accounts/{account.stripe_account_id}/restrict", disabled_reason=reason)
    deliver(sandbox, updates(sandbox)[-1])
    expected = AccountStatus.DISABLED if reason == "rejected.fraud" else AccountStatus.RESTRICTED
    assert status() == expected


def test_an_event_that_arrives_before_its_new_account_is_recorded_waits_for_it(
    sandbox: Stripe,
) -> None:
    opened = opening.open_payment_account(CreatorFactory.create(), now=sql.now())
    complete(opened)
    CreatorPaymentAccount.objects.update(
        stripe_account_id=None, account_status=AccountStatus.NOT_CREATED, opening_since=sql.now()
    )
    row = deliver(sandbox, updates(sandbox)[-1])
    assert row.error.startswith("not yet")
    CreatorPaymentAccount.objects.update(
        stripe_account_id=opened.stripe_account_id, account_status=AccountStatus.PENDING, opening_since=None
    )
    assert inbox.handle_event(event_id=row.pk, now=row.next_try_at)
    assert status() == AccountStatus.ACTIVE


def test_a_hold_by_staff_is_not_lifted_by_stripe(account: CreatorPaymentAccount, sandbox: Stripe) -> None:
    hold = holds.place_hold(account.creator, source=HoldSource.STAFF, act=Act("eve", "looks odd"))
    complete(account)
    deliver(sandbox, updates(sandbox)[-1])
    hold.refresh_from_db()
    assert hold.lifted_at is None
