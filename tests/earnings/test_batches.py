"""Batches that can't be posted: staff list them, retry them, or quarantine their records."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts.models import User
from database import sql
from database.display import list_of, page_of
from database.staff import Act, Right
from earnings.errors import BatchHasReversals, BatchNotSetAside
from earnings.models import (
    BatchAct,
    BillingBatch,
    BillingRecord,
    BillingSource,
    ChargeTakeback,
    CreatorEarning,
    QuarantinedRecord,
)
from earnings.selectors import unposted
from earnings.services import batches, posting
from revenue import services as revenue
from tests.factories import UserFactory
from tests.feeding import NOW, earned, feed, held, post, record, refund
from tests.payouts import market

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice", "bob")]

LAW = "accepted_records_reach_their_earnings"
SIX = "gross = 666"
FEBRUARY = "period_start = '2024-02-01'"
WHO = Act("dana via cli", "a broken meter")


def unsound() -> dict[str, list[str]]:
    """Refresh the revenue figures, and check the books."""
    months = CreatorEarning.objects.values_list("period_start", flat=True).distinct()
    revenue.refresh_months(list(months), now=sql.now())
    return market.unsound()


@contextmanager
def no_row_with(check: str) -> Iterator[None]:
    """Make the database refuse some rows, like a bug that a new version fixes."""
    connection.check_constraints()  # pending deferred checks would block ALTER TABLE
    sql.run(f"ALTER TABLE creator_earnings ADD CONSTRAINT no_such_row CHECK (NOT ({check}))")
    try:
        yield
    finally:
        connection.check_constraints()
        sql.run("ALTER TABLE creator_earnings DROP CONSTRAINT no_such_row")


def aside() -> BillingBatch:
    return BillingBatch.objects.get(set_aside_at__isnull=False)


def acts(batch: BillingBatch) -> list[tuple[str, str]]:
    return list(batch.acts.order_by("pk").values_list("kind", "actor"))


def test_a_batch_that_cannot_be_posted_is_set_aside_with_its_reason(source: BillingSource) -> None:
    with no_row_with(SIX):
        feed(source, record(amount=666))
        feed(source, record(api_id="api-b", amount=100))
        assert post() == posting.Posted(batches=1, records=1, rows=1, set_aside=1)
    batch = aside()
    assert batch.set_aside_at == NOW
    assert 'violates check constraint "no_such_row"' in batch.set_aside_reason
    assert batch.posted_at is None
    assert acts(batch) == [("set_aside", "system")]
    assert earned() == [("bob", "api-b", "2024-01", 100, 20, 80)]
    assert unposted().batches == 0
    assert set(unsound()) == {LAW}


def test_a_retry_posts_what_can_be_posted_now(source: BillingSource) -> None:
    with no_row_with(SIX):
        feed(source, record(amount=666))
        post()
    number = aside().pk
    assert post() == posting.Posted()  # only staff can retry it
    (batch,) = batches.retry_batches([number], act=WHO, now=NOW)
    assert batch.posted_at == NOW
    assert acts(batch) == [("set_aside", "system"), ("retried", "dana via cli")]
    assert earned() == [("alice", "api-a", "2024-01", 666, 133, 533)]
    assert unsound() == {}


def test_a_retry_that_fails_sets_aside_again(source: BillingSource) -> None:
    with no_row_with(SIX):
        feed(source, record(amount=666))
        post()
        (batch,) = batches.retry_batches([aside().pk], act=WHO, now=NOW)
    assert batch.set_aside_at == NOW
    assert [kind for kind, _ in acts(batch)] == ["set_aside", "retried", "set_aside"]


def test_a_batch_that_is_not_set_aside_cannot_be_retried(source: BillingSource) -> None:
    feed(source, record())
    post()
    number = BillingBatch.objects.get().pk
    with pytest.raises(BatchNotSetAside, match=f"#{number} is not set aside"):
        batches.retry_batches([number], act=WHO, now=NOW)


def test_quarantined_records_leave_the_books_and_a_corrected_copy_replaces_them(
    source: BillingSource,
) -> None:
    spoiled = record(amount=666, subscription_id="s-1", customer_id="c-1")
    with no_row_with(SIX):
        feed(source, spoiled, record(api_id="api-b", amount=100))
        post()
        batch = aside()
        assert batches.quarantine_batch(batch.pk, act=WHO, now=NOW) == 1
    assert held() == [(spoiled["record_id"], "unpostable")]
    kept = QuarantinedRecord.objects.get()
    assert kept.batch == batch
    assert kept.content == {
        "record_id": spoiled["record_id"],
        "kind": "charge",
        "api_id": "api-a",
        "creator_id": "alice",
        "subscription_id": "s-1",
        "customer_id": "c-1",
        "amount": "666",
        "currency": "USD",
        "occurred_at": "2024-01-15T12:00:00+00:00",
        "api_calls": "1",
    }
    batch.refresh_from_db()
    assert (batch.accepted, batch.quarantined, batch.posted_at, batch.set_aside_at) == (0, 1, NOW, None)
    assert [kind for kind, _ in acts(batch)] == ["set_aside", "retried", "set_aside", "quarantined"]
    assert unsound() == {}
    assert feed(source, spoiled | {"amount": "667"}).accepted == 1
    assert held() == []
    post()
    assert [row[3] for row in earned()] == [667, 100]
    assert unsound() == {}


def test_what_can_be_posted_now_is_not_quarantined(source: BillingSource) -> None:
    with no_row_with(SIX):
        feed(source, record(amount=666))
        post()
    assert batches.quarantine_batch(aside().pk, act=WHO, now=NOW) == 0
    assert held() == []
    assert [row[3] for row in earned()] == [666]


def test_a_refund_of_a_charge_that_is_set_aside_waits_for_it(source: BillingSource) -> None:
    sold = record(amount=666)
    taken = refund(sold, amount=66)
    with no_row_with(SIX):
        feed(source, sold)
        post()
        feed(source, taken)
        assert held() == [(taken["record_id"], "charge_unknown")]
        post()
        assert earned() == []
    batches.retry_batches([aside().pk], act=WHO, now=NOW)
    post()
    assert [row[3] for row in earned()] == [600]
    assert held() == []
    assert unsound() == {}


def test_refunds_are_quarantined_with_their_charge_and_enter_with_its_corrected_copy(
    source: BillingSource,
) -> None:
    """The refund is in another month, so it is set aside separately."""
    sold = record(amount=666)
    taken = refund(sold, amount=60, occurred_at="2024-02-15T12:00:00Z")
    with no_row_with(f"{SIX} OR {FEBRUARY}"):
        feed(source, sold)
        feed(source, taken)
        post()
        charge, other = BillingBatch.objects.filter(set_aside_at__isnull=False).order_by("pk")
        assert batches.quarantine_batch(charge.pk, act=WHO, now=NOW) == 2
    assert held() == [(sold["record_id"], "unpostable"), (taken["record_id"], "charge_unknown")]
    assert not BillingRecord.objects.exists()
    assert not ChargeTakeback.objects.exists()
    other.refresh_from_db()
    assert other.accepted == 0
    feed(source, sold | {"amount": "600"})
    post()
    assert [row[3] for row in earned()] == [600, -60]
    assert held() == []
    assert set(unsound()) == set()


def test_a_quarantined_refund_gives_back_what_it_took_from_its_charge(source: BillingSource) -> None:
    sold = record(amount=1000)
    feed(source, sold)
    post()
    with no_row_with(FEBRUARY):
        feed(source, refund(sold, amount=1000, occurred_at="2024-02-15T12:00:00Z"))
        post()
        batches.quarantine_batch(aside().pk, act=WHO, now=NOW)
    assert ChargeTakeback.objects.get().refunded == 0
    assert unsound() == {}
    assert feed(source, refund(sold, amount=1000, record_id="another")).accepted == 1


def test_a_charge_that_enters_again_keeps_its_refunds(source: BillingSource) -> None:
    sold = record(amount=666)
    taken = refund(sold, amount=600, occurred_at="2024-02-15T12:00:00Z")
    with no_row_with(SIX):
        feed(source, sold, taken)
        post()
        assert [row[3] for row in earned()] == [-600]  # February, which can be posted
        batches.quarantine_batch(aside().pk, act=WHO, now=NOW)
    assert unsound() == {}
    feed(source, sold | {"amount": "1000"})
    more = refund(sold, amount=401)
    feed(source, more)
    assert held() == [(more["record_id"], "exceeds_charge")]
    assert feed(source, refund(sold, amount=400)).accepted == 1
    post()
    assert sum(row[3] for row in earned()) == 0
    assert unsound() == {}


def test_a_refund_whose_reversal_is_in_the_earnings_cannot_be_quarantined(source: BillingSource) -> None:
    sold = record(amount=1000)
    taken = refund(sold, amount=600, occurred_at="2024-02-15T12:00:00Z")
    feed(source, sold)
    post()
    with no_row_with(FEBRUARY):
        feed(source, taken)
        feed(source, refund(sold, kind="refund_reversal", amount=600, occurred_at="2024-03-15T12:00:00Z"))
        post()
        with pytest.raises(BatchHasReversals, match="adjustment"):
            batches.quarantine_batch(aside().pk, act=WHO, now=NOW)
    assert aside().accepted == 1
    assert set(unsound()) == {LAW}


@pytest.fixture
def dana(db: None) -> User:
    return UserFactory.create(username="dana", rights=list(Right))


def command(*arguments: object) -> dict[str, Any]:
    out = StringIO()
    call_command("batches", *map(str, arguments), "--json", stdout=out)
    return dict(json.loads(out.getvalue()))


def test_the_command_lists_retries_and_quarantines(source: BillingSource, dana: User) -> None:
    signed = ["--reason", "a broken meter", "--actor", "dana"]
    assert command("list") == {"set_aside": []}
    with no_row_with(SIX):
        feed(source, record(amount=666))
        post()
        number = aside().pk
        (listed,) = command("list")["set_aside"]
        assert (listed["batch"], listed["source"], listed["records"]) == (number, "billing", 1)
        assert "no_such_row" in listed["reason"]
        with pytest.raises(CommandError, match=f"still can't be posted, .* #{number}: .*no_such_row"):
            command("retry", number, *signed)
        assert command("quarantine", number, *signed) == {"quarantined": 1}
    assert set(BatchAct.objects.exclude(actor="system").values_list("actor", "reason")) == {
        ("dana via cli", "a broken meter")
    }
    with pytest.raises(CommandError, match="is not set aside"):
        command("retry", number, *signed)


@pytest.mark.parametrize(
    ("act", "right"), [("retry", Right.RETRY_BATCH), ("quarantine", Right.QUARANTINE_BATCH)]
)
def test_the_command_asks_for_a_reason_and_for_the_right(
    source: BillingSource, act: str, right: Right
) -> None:
    User.objects.create_user("sam", is_staff=True)
    with pytest.raises(CommandError, match=right.value):
        command(act, 1, "--reason", "x", "--actor", "sam")
    UserFactory.create(username="dana", rights=list(Right))
    with pytest.raises(CommandError, match="reason"):
        command(act, 1, "--reason", " ", "--actor", "dana")


def test_the_console_shows_what_is_set_aside_and_why(source: BillingSource, client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))
    with no_row_with(SIX):
        feed(source, record(amount=666))
        feed(source, record(api_id="api-b"))
        post()
    assert "1 batch set aside" in unescape(client.get("/admin/").content.decode())
    listed = client.get(list_of(BillingBatch, set_aside_at__isempty=0))
    assert list(listed.context["cl"].queryset) == [aside()]
    assert "no_such_row" in listed.content.decode()
    page = client.get(page_of(aside())).content.decode()
    assert "Failing row contains" in page
    assert "Set aside" in page
