"""Passes raise no false alarms, find nothing twice, and aren't stopped by a single object."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from threading import Thread
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from database import sql
from database.staff import Act
from payouts import policy, tasks
from payouts.errors import ReconciliationUnderWay
from payouts.models import Difference, DifferenceKind, Payout, PayoutAttempt, ReconciliationPass
from payouts.services import differences, reconciliation
from payouts.services.reconciliation.staging import OVERLAP
from payouts.states import AttemptKind
from stripe_io.client import client
from stripe_io.errors import StripeCallFailed
from stripe_io.models import InboxEvent
from tests.local_stripe import Stripe
from tests.payouts.market import Market
from tests.payouts.reconciling import SETTLED, account_of, forget, kinds, only, reconcile, reverse, tamper
from tests.payouts.sending import send_bank_payout, send_transfer
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db
TRANSFERS = {"method": "GET", "path": "/v1/transfers"}
BANK_PAYOUTS = {"method": "GET", "path": "/v1/payouts"}


def test_while_money_moves_nothing_is_reported(payout: Payout, sandbox: Stripe) -> None:
    assert reconcile(after=timedelta()).made.found == 0
    sandbox.inject(
        {"method": "POST", "path": "/v1/transfers", "kind": "drop_response_after_work", "count": 1}
    )
    send_transfer(payout.pk, now=sql.now())
    assert reconcile(after=timedelta()).made.found == 0
    send_transfer(payout.pk, now=sql.now() + policy.LONGEST_RETRY)
    assert reconcile(after=timedelta()).made.found == 0
    send_bank_payout(payout.pk, now=sql.now() + policy.LONGEST_RETRY)
    assert reconcile(after=timedelta()).made.found == 0
    reverse(sandbox.transfers()[0]["id"], amount=1_00)
    assert reconcile(after=timedelta()).made.found == 0
    assert not Difference.objects.exists()


def test_an_object_of_an_unhandled_event_is_no_difference(paid: Payout, sandbox: Stripe) -> None:
    client().raw_request("post", f"/_sandbox/payouts/{paid.stripe_payout_id}/fail")
    (failed,) = [each for each in sandbox.state()["events"] if each["type"] == "payout.failed"]
    sandbox.post_event(failed)
    InboxEvent.objects.filter(event=failed["id"]).update(received_at=sql.now() + SETTLED)
    assert reconcile().made.found == 0


def test_a_mismatch_that_is_gone_on_a_second_read_is_no_difference(paid: Payout, sandbox: Stripe) -> None:
    def change_back() -> None:
        wait_until(lambda: "GET /v1/balance_transactions" in sandbox.state()["requests"], seconds=10)
        tamper(paid.stripe_transfer_id, amount=80_00)

    tamper(paid.stripe_transfer_id, amount=79_00)
    sandbox.inject({**BANK_PAYOUTS, "kind": "latency_ms", "latency_ms": 1_000})
    meanwhile = Thread(target=change_back)
    meanwhile.start()
    assert reconcile().made.found == 0
    meanwhile.join()


def test_one_pass_runs_at_a_time(paid: Payout) -> None:
    with psycopg.connect(
        connection.connection.info.dsn, password=connection.settings_dict["PASSWORD"]
    ) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('payouts.reconcile', 0))")
        with pytest.raises(ReconciliationUnderWay):
            reconcile()
        tasks.reconcile()
        with pytest.raises(CommandError, match="is running"):
            run("reconcile")
        assert not ReconciliationPass.objects.exists()
        other.execute("SELECT pg_advisory_unlock_all()")
        assert reconcile().made.finished_at


def test_a_difference_explained_by_staff_is_not_reopened_unless_it_changes(paid: Payout) -> None:
    made = client().v1.transfers.create({"amount": 5_00, "currency": "usd", "destination": account_of(paid)})
    reconcile()
    differences.resolve_difference(
        Difference.objects.get().pk, act=Act("dana", "a refund by hand"), now=sql.now()
    )
    assert reconcile().open == {}
    reverse(made.id, amount=1_00)
    assert reconcile().open == {DifferenceKind.UNKNOWN_TRANSFER: 1}


def test_an_open_difference_stays_open_after_its_window(paid: Payout) -> None:
    client().v1.transfers.create({"amount": 5_00, "currency": "usd", "destination": account_of(paid)})
    reconcile()
    later = sql.now() + timedelta(days=60)
    reconciliation.reconcile(now=later, since=later - timedelta(days=1))
    assert kinds() == {DifferenceKind.UNKNOWN_TRANSFER}


def test_a_pass_overlaps_the_last_completed_pass(paid: Payout) -> None:
    first = reconcile().made
    assert first.since + OVERLAP == paid.attempts.earliest("first_sent_at").first_sent_at
    ReconciliationPass.objects.create(since=sql.now(), started_at=sql.now() + timedelta(days=1), error="died")
    assert reconcile().made.since == first.started_at - OVERLAP


def test_an_unreadable_object_does_not_stop_the_others(sent: Payout) -> None:
    made = client().v1.transfers.create({"amount": 5_00, "currency": "usd", "destination": account_of(sent)})
    reverse(sent.stripe_transfer_id)
    tamper(made.id, without=["amount"])
    assert reconcile().made.mended == 1
    found = Difference.objects.get(resolved_at=None)
    assert (found.kind, found.subject) == (DifferenceKind.UNREADABLE, made.id)


def test_an_inaccessible_account_is_reported_and_does_not_stop_the_others(
    paid: Payout, market: Market, settle: Callable[[], None]
) -> None:
    account = account_of(paid)
    client().raw_request("post", f"/_sandbox/accounts/{account}/deauthorize")
    reconcile()
    found = only()
    assert (found.kind, found.subject, found.creator) == (DifferenceKind.UNREADABLE, account, paid.creator)


def test_an_account_that_does_not_answer_is_no_difference_and_is_read_next_time(
    paid: Payout, sandbox: Stripe
) -> None:
    forget(paid.stripe_payout_id)
    sandbox.inject({**BANK_PAYOUTS, "path": "/v1/payouts.*", "kind": "status", "status": 500})
    assert (reconcile().made.unread, Difference.objects.count()) == (1, 0)
    client().raw_request("delete", "/_sandbox/faults")
    reconcile()
    assert kinds() == {DifferenceKind.MISSING_BANK_PAYOUT}


def test_when_stripe_is_down_the_pass_records_the_error_and_finds_nothing(
    paid: Payout, sandbox: Stripe
) -> None:
    sandbox.inject({**TRANSFERS, "kind": "status", "status": 500})
    with pytest.raises(StripeCallFailed):
        reconcile()
    made = ReconciliationPass.objects.get()
    assert made.finished_at is None
    assert "500" in made.error
    assert not Difference.objects.exists()


def run(*arguments: str) -> Any:
    out = StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_command_lists_open_differences_and_fails_while_there_are_any(paid: Payout) -> None:
    told = run("reconcile")
    assert (told["open"], told["totals"]["USD"]) == ({}, {"at_stripe": 80_00, "in_books": 80_00})
    out = StringIO()
    call_command("reconcile", stdout=out)
    assert "USD: at stripe $80.00, in books $80.00" in out.getvalue()
    Payout.objects.update(stripe_payout_id="po_other")
    PayoutAttempt.objects.filter(kind=AttemptKind.BANK_PAYOUT).update(stripe_id="po_other")
    reconcile()
    with pytest.raises(SystemExit):
        run("reconcile", "--since", "2025-01-01T00:00:00Z")
    with pytest.raises(CommandError, match="ISO 8601"):
        run("reconcile", "--since", "yesterday")


@pytest.mark.usefixtures("dana_and_erin")
def test_staff_list_own_and_resolve_differences(paid: Payout) -> None:
    client().v1.transfers.create({"amount": 5_00, "currency": "usd", "destination": account_of(paid)})
    reconcile()
    (listed,) = run("differences", "list")
    run("differences", "own", listed["id"], "--actor", "dana")
    assert run("differences", "list", "--kind", "unknown_transfer")[0]["owner"] == "dana via cli"
    with pytest.raises(CommandError, match="reason"):
        run("differences", "resolve", listed["id"], "--actor", "dana", "--reason", " ")
    run("differences", "resolve", listed["id"], "--actor", "dana", "--reason", "a refund by hand")
    assert run("differences", "list") == []
    with pytest.raises(CommandError, match="no open difference"):
        run("differences", "own", listed["id"], "--actor", "erin")
