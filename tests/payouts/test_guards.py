"""What the database itself refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Model

from database import sql
from payouts.models import Payout, PayoutAttempt, PayoutEvent, PayoutLineItem
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from tests.payouts.market import Market

pytestmark = pytest.mark.django_db


@contextmanager
def refused(kind: type[DatabaseError] = DatabaseError, *, match: str = "") -> Iterator[None]:
    with pytest.raises(kind, match=match), transaction.atomic():
        yield


@pytest.fixture
def payout(market: Market) -> Payout:
    return market.payout(market.creator("alice"))


def attempt(payout: Payout, **facts: Any) -> PayoutAttempt:
    number = PayoutAttempt.objects.count()
    defaults: dict[str, Any] = {
        "kind": AttemptKind.TRANSFER,
        "idempotency_key": f"key-{number}",
        "destination": "acct_alice",
        "amount": payout.net_amount,
        "currency": "USD",
    }
    return PayoutAttempt.objects.create(payout=payout, **defaults | facts)


@pytest.mark.parametrize(
    "change",
    [
        {"net_amount": 80_01, "gross_amount": 100_01},
        {"gross_amount": 100_01, "platform_fee": 20_01},
        {"currency": "EUR"},
        {"run": None},
        {"creator": None},
        {"ordinal": 2},
        {"reference": "another"},
        {"transfer_group": "another"},
    ],
)
def test_a_payout_keeps_its_amounts_and_its_creator(
    payout: Payout, market: Market, change: dict[str, Any]
) -> None:
    if "creator" in change:
        change = {"creator": market.creator("mallory")}
    with refused(match="is history"):
        Payout.objects.update(**change)


def test_a_payout_is_never_deleted(payout: Payout) -> None:
    with refused(match="is history"):
        sql.run("DELETE FROM payouts")


@pytest.mark.parametrize("model", [PayoutLineItem, PayoutEvent])
def test_lines_and_events_are_append_only(payout: Payout, model: type[Model]) -> None:
    with refused(match="is history"):
        sql.run(f"UPDATE {model._meta.db_table} SET payout_id = payout_id")
    with refused(match="is history"):
        sql.run(f"DELETE FROM {model._meta.db_table}")


def twin(payout: Payout) -> dict[str, Any]:
    return {
        "creator": payout.creator,
        "run": payout.run,
        "currency": payout.currency,
        "ordinal": payout.ordinal + Payout.objects.count(),
        "reference": f"another-{Payout.objects.count()}",
        "transfer_group": payout.transfer_group,
        "gross_amount": 100_00,
        "platform_fee": 20_00,
        "net_amount": 80_00,
        "period_start": payout.period_start,
        "period_end": payout.period_end,
    }


@pytest.mark.parametrize("net", [0, -1])
def test_a_payout_is_at_least_one_cent(payout: Payout, net: int) -> None:
    with refused(IntegrityError, match="payout_is_positive"):
        Payout.objects.create(**twin(payout) | {"gross_amount": net, "platform_fee": 0, "net_amount": net})


def test_a_payout_adds_up(payout: Payout) -> None:
    with refused(IntegrityError, match="adds_up"):
        Payout.objects.create(**twin(payout) | {"net_amount": 80_01})


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        (PayoutStatus.PENDING, False),
        (PayoutStatus.PROCESSING, False),
        (PayoutStatus.PAID, False),
        (PayoutStatus.RETURNED, False),
        (PayoutStatus.FAILED, True),
        (PayoutStatus.CANCELLED, True),
        (PayoutStatus.REVERSED, True),
    ],
)
def test_a_creator_has_one_live_payout_in_a_run_and_currency(
    payout: Payout, status: PayoutStatus, allowed: bool
) -> None:
    came_back = payout.net_amount if status == PayoutStatus.REVERSED else 0
    Payout.objects.update(status=status, amount_reversed=came_back, paid_at=sql.now())
    Payout.objects.create(**twin(payout) | {"currency": "EUR"})
    if allowed:
        Payout.objects.create(**twin(payout))
    else:
        with refused(IntegrityError, match="one_live_payout"):
            Payout.objects.create(**twin(payout))


def test_a_payout_has_one_open_attempt_of_any_kind(payout: Payout) -> None:
    first = attempt(payout)
    with refused(IntegrityError, match="one_open_attempt"):
        attempt(payout, kind=AttemptKind.BANK_PAYOUT)
    first.status, first.ended_at = AttemptStatus.REFUSED, sql.now()
    first.save(update_fields=["status", "ended_at"])
    attempt(payout, kind=AttemptKind.BANK_PAYOUT)


def test_a_key_is_used_by_one_attempt(payout: Payout) -> None:
    attempt(payout, status=AttemptStatus.REFUSED, ended_at=sql.now(), idempotency_key="the same")
    with refused(IntegrityError, match="idempotency_key"):
        attempt(payout, idempotency_key="the same")


def test_what_stripe_made_belongs_to_one_attempt(payout: Payout) -> None:
    ended = {"ended_at": sql.now()}
    attempt(payout, status=AttemptStatus.RETURNED, stripe_id="po_1", **ended)
    for _ in range(2):
        attempt(payout, status=AttemptStatus.REFUSED, stripe_id="", **ended)
    with refused(IntegrityError, match="attempt_is_alone_with_its_stripe_id"):
        attempt(payout, status=AttemptStatus.SUCCEEDED, stripe_id="po_1", **ended)


@pytest.mark.parametrize(
    "change",
    [
        {"destination": "acct_mallory"},
        {"amount": 80_01},
        {"currency": "EUR"},
        {"idempotency_key": "another"},
        {"metadata": {"reference": "another"}},
        {"kind": AttemptKind.BANK_PAYOUT},
    ],
)
def test_an_attempt_keeps_what_it_sends_and_where_to(payout: Payout, change: dict[str, Any]) -> None:
    attempt(payout)
    with refused(match="is history"):
        PayoutAttempt.objects.update(**change)


def test_an_attempt_is_never_deleted(payout: Payout) -> None:
    attempt(payout)
    with refused(match="is history"):
        sql.run("DELETE FROM payout_attempts")


def test_an_attempt_moves_something(payout: Payout) -> None:
    with refused(IntegrityError, match="moves_something"):
        attempt(payout, amount=0)


def test_an_ended_attempt_has_its_time(payout: Payout) -> None:
    with refused(IntegrityError, match="ended_has_its_time"):
        attempt(payout, status=AttemptStatus.SUCCEEDED)


def test_a_line_explains_an_earning_once(payout: Payout) -> None:
    line = payout.line_items.get()
    line.pk = uuid4()
    with refused(IntegrityError, match="earning_once"):
        line.save(force_insert=True)


def test_a_claimed_row_is_never_edited(payout: Payout) -> None:
    with refused(match="is history"):
        payout.claimed_earnings.update(gross=1)
