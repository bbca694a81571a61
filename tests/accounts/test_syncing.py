"""Accounts of which Stripe told nothing for a day are asked for: a change whose event was lost is found."""

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


def open_account(name: str, *, heard_of: timedelta) -> CreatorPaymentAccount:
    """Open and complete an account at Stripe, which last told of it so long ago."""
    row = payment_accounts.open_payment_account(CreatorFactory.create(external_id=name), now=sql.now())
    assert row.stripe_account_id
    gateway.complete_in_sandbox(row.stripe_account_id)
    payment_accounts.refresh_payment_account(row, now=sql.now())
    CreatorPaymentAccount.objects.filter(pk=row.pk).update(synced_at=sql.now() - heard_of)
    return CreatorPaymentAccount.objects.get(pk=row.pk)


@pytest.fixture
def accounts(sandbox: Stripe) -> list[CreatorPaymentAccount]:
    """Alice's, Bob's and Charlie's, of which nothing was heard for two, three and four days."""
    names = ("alice", "bob", "charlie")
    return [open_account(name, heard_of=timedelta(days=days)) for days, name in enumerate(names, start=2)]


def at_stripe(sandbox: Stripe, row: CreatorPaymentAccount, what: str) -> None:
    sandbox.control(f"accounts/{row.stripe_account_id}/{what}")


def statuses() -> list[str]:
    rows = CreatorPaymentAccount.objects.order_by("creator__external_id")
    return list(rows.values_list("account_status", flat=True))


def sync(*arguments: str) -> dict[str, int]:
    out = StringIO()
    call_command("sync_accounts", *arguments, "--json", stdout=out)
    told: dict[str, int] = json.loads(out.getvalue())
    return told


def test_what_changed_without_an_event_is_found(
    accounts: list[CreatorPaymentAccount], sandbox: Stripe
) -> None:
    alice, bob, charlie = accounts
    at_stripe(sandbox, alice, "restrict")
    at_stripe(sandbox, bob, "deauthorize")
    at_stripe(sandbox, charlie, "bank_account")
    tasks.sync_stale()
    assert statuses() == [AccountStatus.RESTRICTED, AccountStatus.DISABLED, AccountStatus.ACTIVE]
    assert Hold.objects.get().creator == charlie.creator
    assert selectors.stale_accounts(now=sql.now()) == []


def test_only_live_accounts_not_heard_of_for_a_day_are_asked_for(
    accounts: list[CreatorPaymentAccount],
) -> None:
    alice, bob, charlie = accounts
    open_account("dora", heard_of=timedelta(hours=23))
    never = CreatorPaymentAccountFactory.create()
    CreatorPaymentAccountFactory.create(stripe_account_id=None, account_status=AccountStatus.NOT_CREATED)
    payment_accounts.replace_payment_account(bob, act=Act("dana", "Moved"), now=sql.now())
    assert selectors.stale_accounts(now=sql.now()) == sorted([never.pk, charlie.pk, alice.pk])


def test_one_that_can_not_be_had_stops_only_itself(
    accounts: list[CreatorPaymentAccount], sandbox: Stripe
) -> None:
    *others, charlie = accounts
    for row in others:
        at_stripe(sandbox, row, "restrict")
    path = f"/v1/accounts/{charlie.stripe_account_id}"
    sandbox.inject({"method": "GET", "path": path, "kind": "status", "status": 500})
    out, complaints = StringIO(), StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("sync_accounts", "--json", stdout=out, stderr=complaints)
    assert json.loads(out.getvalue()) == {"synced": 2, "changed": 2, "failed": 1}
    assert str(charlie) in complaints.getvalue()
    assert statuses() == [AccountStatus.RESTRICTED, AccountStatus.RESTRICTED, AccountStatus.ACTIVE]
    assert selectors.stale_accounts(now=sql.now()) == [charlie.pk]


def test_while_stripe_is_down_nobody_loses_their_account(
    accounts: list[CreatorPaymentAccount], sandbox: Stripe, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.inject({"kind": "connection_reset"})
    tasks.sync_stale()
    assert statuses() == [AccountStatus.ACTIVE] * 3
    assert "told nothing of 3 accounts" in caplog.text
    assert len(selectors.stale_accounts(now=sql.now())) == 3


def test_each_task_asks_for_a_share_and_the_next_goes_on_behind_it_whatever_became_of_it(
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


def test_one_creators_account_is_asked_for_however_lately_it_was_heard_of(sandbox: Stripe) -> None:
    row = open_account("alice", heard_of=timedelta())
    assert sync()["synced"] == 0
    at_stripe(sandbox, row, "restrict")
    assert sync("--creator", "alice") == {"synced": 1, "changed": 1, "failed": 0}
    assert statuses() == [AccountStatus.RESTRICTED]


@pytest.mark.parametrize(
    ("creator", "refusal"), [("nobody", "no creator 'nobody'"), ("bob", "no Stripe account")]
)
def test_a_creator_without_an_account_is_named(creator: str, refusal: str) -> None:
    CreatorFactory.create(external_id="bob")
    with pytest.raises(CommandError, match=refusal):
        sync("--creator", creator)
