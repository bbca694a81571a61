"""Accounts that weren't refreshed for a day are refreshed: a change whose event was lost is found."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from celery import current_app
from django.core.management import CommandError, call_command

from accounts import gateway, selectors, tasks
from accounts.models import AccountStatus, CreatorPaymentAccount, Hold
from accounts.services import payment_accounts
from database import sql
from database.staff import Act
from tests.factories import CreatorFactory, CreatorPaymentAccountFactory
from tests.local_stripe import Stripe

pytestmark = pytest.mark.django_db


def open_account(name: str, *, refreshed_ago: timedelta) -> CreatorPaymentAccount:
    """Open and complete an account that was last refreshed that long ago."""
    row = payment_accounts.open_payment_account(CreatorFactory.create(external_id=name), now=sql.now())
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
    assert selectors.stale_accounts(now=sql.now()) == []


def test_only_live_accounts_not_refreshed_for_a_day_are_stale(
    accounts: list[CreatorPaymentAccount],
) -> None:
    alice, bob, charlie = accounts
    open_account("dora", refreshed_ago=timedelta(hours=23))
    never = CreatorPaymentAccountFactory.create()
    CreatorPaymentAccountFactory.create(stripe_account_id=None, account_status=AccountStatus.NOT_CREATED)
    payment_accounts.replace_payment_account(bob, act=Act("dana", "Moved"), now=sql.now())
    assert selectors.stale_accounts(now=sql.now()) == sorted([never.pk, charlie.pk, alice.pk])


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
    assert selectors.stale_accounts(now=sql.now()) == [charlie.pk]


def test_while_stripe_is_down_nobody_loses_their_account(
    accounts: list[CreatorPaymentAccount], sandbox: Stripe, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.inject({"kind": "connection_reset"})
    tasks.sync_stale()
    assert statuses() == [AccountStatus.ACTIVE] * 3
    assert "3 accounts could not be refreshed" in caplog.text
    assert len(selectors.stale_accounts(now=sql.now())) == 3


def test_each_task_refreshes_a_share_and_the_next_continues_after_it_even_if_one_failed(
    accounts: list[CreatorPaymentAccount], sandbox: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, str]] = []
    monkeypatch.setattr(tasks, "SHARE", 1)
    monkeypatch.setattr(current_app, "send_task", lambda name, kwargs: sent.append(kwargs))
    first, second, third = sorted(accounts, key=lambda row: row.pk)
    for row in (first, third):
        at_stripe(sandbox, row, "restrict")
    path = f"/v1/accounts/{second.stripe_account_id}"
    sandbox.inject({"method": "GET", "path": path, "kind": "status", "status": 500})
    tasks.sync_stale()
    for _ in accounts:
        tasks.sync_stale(**sent[-1])
    assert sent == [{"after": str(row.pk)} for row in (first, second, third)]
    assert selectors.stale_accounts(now=sql.now()) == [second.pk]


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
