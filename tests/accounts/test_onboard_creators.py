"""`manage.py onboard_creators`."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.backends.signals import connection_created

from accounts.management.commands.onboard_creators import CALLS_AT_ONCE
from accounts.models import AccountStatus, CreatorPaymentAccount
from accounts.services import opening
from database import sql
from tests.factories import CreatorFactory, CreatorPaymentAccountFactory
from tests.local_stripe import Stripe

pytestmark = pytest.mark.django_db(transaction=True)


def onboard() -> tuple[dict[str, Any], str]:
    """Return the command's result, and its errors."""
    out, errors = StringIO(), StringIO()
    call_command("onboard_creators", "--json", stdout=out, stderr=errors)
    return json.loads(out.getvalue().splitlines()[-1]), errors.getvalue()


def statuses() -> list[str]:
    return list(CreatorPaymentAccount.objects.values_list("account_status", flat=True))


def test_creators_without_an_account_get_one_and_the_others_keep_theirs(sandbox: Stripe) -> None:
    CreatorFactory.create_batch(5)
    theirs = CreatorPaymentAccountFactory.create()
    assert onboard() == ({"onboarded": 5, "failed": 0}, "")
    assert statuses() == [AccountStatus.ACTIVE] * 6
    assert CreatorPaymentAccount.objects.get(pk=theirs.pk).synced_at is None
    assert onboard() == ({"onboarded": 0, "failed": 0}, "")


def test_creators_share_the_database_connections(sandbox: Stripe) -> None:
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


def test_a_failure_is_reported_and_does_not_stop_the_others(sandbox: Stripe) -> None:
    CreatorFactory.create_batch(3)
    sandbox.inject({"method": "POST", "path": "/v1/accounts", "kind": "status", "status": 500, "count": 1})
    result, errors = onboard()
    assert result == {"onboarded": 2, "failed": 1}
    assert "500" in errors
    assert onboard()[0] == {"onboarded": 1, "failed": 0}
    assert statuses() == [AccountStatus.ACTIVE] * 3


def test_an_unknown_account_does_not_stop_the_others(sandbox: Stripe) -> None:
    CreatorFactory.create_batch(3)
    gone = {"kind": "status", "status": 403, "code": "account_invalid"}
    sandbox.inject({"method": "GET", "path": "/v1/accounts/.*", "count": 1, **gone})
    result, errors = onboard()
    assert result == {"onboarded": 2, "failed": 1}
    assert "can no longer access Stripe account" in errors


def test_an_interrupted_onboarding_is_completed(sandbox: Stripe) -> None:
    """The command died after it created the account, before the sandbox completed it."""
    opening.open_payment_account(CreatorFactory.create(), now=sql.now())
    assert statuses() == [AccountStatus.PENDING]
    assert onboard()[0] == {"onboarded": 1, "failed": 0}
    assert statuses() == [AccountStatus.ACTIVE]
