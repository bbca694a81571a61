"""Accounts that weren't refreshed for a day are refreshed: a change whose event was lost is found."""

import json
from datetime import timedelta
from io import StringIO
from uuid import UUID

import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts import gateway, selectors, tasks
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, Hold, StripeApi
from accounts.services import opening, payment_accounts, syncing
from database import sql
from database.staff import Act
from tests.factories import CreatorFactory, CreatorPaymentAccountFactory
from tests.local_stripe import Stripe

pytestmark = pytest.mark.django_db


def open_account(name: str, *, refreshed_ago: timedelta) -> CreatorPaymentAccount:
    """Open and complete an account that was last refreshed that long ago."""
    row = opening.open_payment_account(CreatorFactory.create(external_id=name), now=sql.now())
    assert row.stripe_account_id
    gateway.complete_in_sandbox(row.stripe_account_id)
    payment_accounts.refresh_payment_account(row, now=sql.now())
    CreatorPaymentAccount.objects.filter(pk=row.pk).update(synced_at=sql.now() - refreshed_ago)
    return CreatorPaymentAccount.objects.get(pk=row.pk)


@pytest.fixture
def accounts(sandbox: Stripe) -> list[CreatorPaymentAccount]:
    """Alice's, Bob's and Charlie's accounts, refreshed two, three and four days ago."""
    names = ("alice", "bob", "charlie")
    return [
        open_account(name, refreshed_ago=timedelta(days=days)) for days, name in enumerate(names, start=2)
    ]


@pytest.fixture
def many(sandbox: Stripe) -> list[UUID]:
    """120 accounts that Stripe no longer has, least recently heard of first: not in the order of their ids."""
    Creator.objects.bulk_create(Creator(external_id=f"creator-{number}") for number in range(120))
    heard = sql.now() - timedelta(days=30)
    CreatorPaymentAccount.objects.bulk_create(
        CreatorPaymentAccount(
            creator=creator,
            api=StripeApi.V1,
            account_status=AccountStatus.ACTIVE,
            stripe_account_id=f"acct_{number}",
            synced_at=heard - timedelta(minutes=number * 7 % 120),
        )
        for number, creator in enumerate(Creator.objects.all())
    )
    return list(CreatorPaymentAccount.objects.order_by("synced_at").values_list("pk", flat=True))


def stale() -> list[UUID]:
    return [row.pk for row in selectors.stale_accounts(now=sql.now())]


def at_stripe(sandbox: Stripe, row: CreatorPaymentAccount, what: str) -> None:
    sandbox.control(f"accounts/{row.stripe_account_id}/{what}")


def statuses() -> list[str]:
    rows = CreatorPaymentAccount.objects.order_by("creator__external_id")
    return list(rows.values_list("account_status", flat=True))


def sync(*arguments: str) -> dict[str, int]:
    out = StringIO()
    call_command("sync_accounts", *arguments, "--json", stdout=out)
    result: dict[str, int] = json.loads(out.getvalue())
    return result


def test_a_change_without_an_event_is_found(accounts: list[CreatorPaymentAccount], sandbox: Stripe) -> None:
    alice, bob, charlie = accounts
    at_stripe(sandbox, alice, "restrict")
    at_stripe(sandbox, bob, "deauthorize")
    at_stripe(sandbox, charlie, "bank_account")
    tasks.sync_stale()
    assert statuses() == [AccountStatus.RESTRICTED, AccountStatus.DISABLED, AccountStatus.ACTIVE]
    assert Hold.objects.get().creator == charlie.creator
    assert stale() == []


def test_only_live_accounts_not_refreshed_for_a_day_are_stale(
    accounts: list[CreatorPaymentAccount],
) -> None:
    alice, bob, charlie = accounts
    open_account("dora", refreshed_ago=timedelta(hours=23))
    never = CreatorPaymentAccountFactory.create()
    CreatorPaymentAccountFactory.create(stripe_account_id=None, account_status=AccountStatus.NOT_CREATED)
    payment_accounts.replace_payment_account(bob, act=Act("dana", "Moved"), now=sql.now())
    assert stale() == [never.pk, charlie.pk, alice.pk]


def test_an_account_that_fails_does_not_stop_the_others(
    accounts: list[CreatorPaymentAccount], sandbox: Stripe
) -> None:
    *others, charlie = accounts
    for row in others:
        at_stripe(sandbox, row, "restrict")
    path = f"/v1/accounts/{charlie.stripe_account_id}"
    sandbox.inject({"method": "GET", "path": path, "kind": "status", "status": 500})
    out, errors = StringIO(), StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("sync_accounts", "--json", stdout=out, stderr=errors)
    assert json.loads(out.getvalue()) == {"synced": 2, "changed": 2, "failed": 1}
    assert str(charlie) in errors.getvalue()
    assert statuses() == [AccountStatus.RESTRICTED, AccountStatus.RESTRICTED, AccountStatus.ACTIVE]
    assert stale() == [charlie.pk]


def test_while_stripe_is_down_nobody_loses_their_account(
    accounts: list[CreatorPaymentAccount], sandbox: Stripe, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.inject({"kind": "connection_reset"})
    tasks.sync_stale()
    assert statuses() == [AccountStatus.ACTIVE] * 3
    assert "3 accounts could not be refreshed" in caplog.text
    assert len(stale()) == 3


def test_each_task_refreshes_a_share_and_the_next_one_other_accounts_even_if_one_failed(
    accounts: list[CreatorPaymentAccount], sandbox: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, int]] = []
    monkeypatch.setattr(tasks, "SHARE", 1)
    monkeypatch.setattr(current_app, "send_task", lambda name, kwargs: sent.append(kwargs))
    for row in accounts:
        at_stripe(sandbox, row, "restrict")
    *_, charlie = accounts
    path = f"/v1/accounts/{charlie.stripe_account_id}"
    sandbox.inject({"method": "GET", "path": path, "kind": "status", "status": 500})
    tasks.sync_stale(budget=10)
    for _ in range(3):
        tasks.sync_stale(**sent[-1])
    assert sent == [{"budget": 9}, {"budget": 8}, {"budget": 7}]
    assert stale() == [charlie.pk]


@pytest.mark.full
def test_a_pass_makes_as_many_calls_as_its_budget_and_all_accounts_are_reached_in_some_passes(
    many: list[UUID], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.SYNC_ACCOUNTS_PER_HOUR = 50
    sent: list[dict[str, int]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, kwargs: sent.append(kwargs))
    for reached in (50, 100, 120):
        tasks.sync_stale()
        while sent:
            tasks.sync_stale(**sent.pop())
        # Those of which nothing was heard for longest came first.
        assert stale() == many[reached:]


def test_an_account_that_can_not_be_read_is_tried_again_after_an_hour(
    accounts: list[CreatorPaymentAccount],
) -> None:
    now = sql.now()
    assert len(syncing.take_stale(now=now, at_most=10)) == 3
    assert syncing.take_stale(now=now + timedelta(minutes=59), at_most=10) == []
    assert len(syncing.take_stale(now=now + timedelta(minutes=61), at_most=10)) == 3


def test_one_creators_account_is_refreshed_however_fresh_it_is(sandbox: Stripe) -> None:
    row = open_account("alice", refreshed_ago=timedelta())
    assert sync()["synced"] == 0
    at_stripe(sandbox, row, "restrict")
    assert sync("--creator", "alice") == {"synced": 1, "changed": 1, "failed": 0}
    assert statuses() == [AccountStatus.RESTRICTED]


@pytest.mark.parametrize(
    ("creator", "refusal"), [("nobody", "no creator 'nobody'"), ("bob", "no Stripe account")]
)
def test_a_creator_without_an_account_is_refused(creator: str, refusal: str) -> None:
    CreatorFactory.create(external_id="bob")
    with pytest.raises(CommandError, match=refusal):
        sync("--creator", creator)
