"""`manage.py onboard_creators`."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.backends.signals import connection_created

from accounts.management.commands.onboard_creators import CALLS_AT_ONCE
from accounts.models import AccountStatus, CreatorPaymentAccount
from accounts.services import payment_accounts
from database import sql
from tests.factories import CreatorFactory, CreatorPaymentAccountFactory
from tests.local_stripe import Stripe

pytestmark = pytest.mark.django_db(transaction=True)


def onboard() -> tuple[dict[str, Any], str]:
    """Return what it tells, and its complaints."""
    out, complaints = StringIO(), StringIO()
    call_command("onboard_creators", "--json", stdout=out, stderr=complaints)
    return json.loads(out.getvalue().splitlines()[-1]), complaints.getvalue()


def statuses() -> list[str]:
    return list(CreatorPaymentAccount.objects.values_list("account_status", flat=True))


def test_all_without_an_account_get_one_and_the_others_keep_theirs(sandbox: Stripe) -> None:
    CreatorFactory.create_batch(5)
    theirs = CreatorPaymentAccountFactory.create()
    assert onboard() == ({"onboarded": 5, "failed": 0}, "")
    assert statuses() == [AccountStatus.ACTIVE] * 6
    assert CreatorPaymentAccount.objects.get(pk=theirs.pk).synced_at is None
    assert onboard() == ({"onboarded": 0, "failed": 0}, "")


def test_no_connection_to_the_database_is_opened_for_each(sandbox: Stripe) -> None:
    CreatorFactory.create_batch(2 * CALLS_AT_ONCE)
    opened: list[object] = []

    def note(**signal: object) -> None:
        opened.append(signal["connection"])

    connection_created.connect(note)
    try:
        onboard()
    finally:
        connection_created.disconnect(note)
    assert len(opened) <= CALLS_AT_ONCE


def test_one_that_fails_is_told_and_stops_only_itself(sandbox: Stripe) -> None:
    CreatorFactory.create_batch(3)
    sandbox.inject({"method": "POST", "path": "/v1/accounts", "kind": "status", "status": 500, "count": 1})
    told, complaints = onboard()
    assert told == {"onboarded": 2, "failed": 1}
    assert "500" in complaints
    assert onboard()[0] == {"onboarded": 1, "failed": 0}
    assert statuses() == [AccountStatus.ACTIVE] * 3


def test_an_account_that_stripe_does_not_know_stops_only_itself(sandbox: Stripe) -> None:
    CreatorFactory.create_batch(3)
    gone = {"kind": "status", "status": 403, "code": "account_invalid"}
    sandbox.inject({"method": "GET", "path": "/v1/accounts/.*", "count": 1, **gone})
    told, complaints = onboard()
    assert told == {"onboarded": 2, "failed": 1}
    assert "Stripe has no account" in complaints


def test_what_was_left_half_done_is_completed(sandbox: Stripe) -> None:
    """It died after the account was made, before the sandbox had completed it."""
    payment_accounts.open_payment_account(CreatorFactory.create(), now=sql.now())
    assert statuses() == [AccountStatus.PENDING]
    assert onboard()[0] == {"onboarded": 1, "failed": 0}
    assert statuses() == [AccountStatus.ACTIVE]
