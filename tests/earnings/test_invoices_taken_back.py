"""Invoices that are refunded, or paid again: our records follow them."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from database import sql
from earnings.models import BillingRecord, BillingSource
from earnings.reading.invoices import PAID, TAKEN_BACK
from earnings.services.shared_tables import read_shared_tables
from tests.earnings.marketplace import Marketplace, read
from tests.feeding import earned, feed, held, post, refund

pytestmark = pytest.mark.django_db
NUMBERS = count(100)


def gross() -> int:
    """Post, and return the total gross."""
    post(now=sql.now())
    return sum(row[3] for row in earned())


def record_ids() -> list[str]:
    return list(BillingRecord.objects.order_by("pk").values_list("record_id", flat=True))


def hand_in(marketplace: Marketplace, **said: Any) -> None:
    """Take in a record of invoice 1 that finance submits separately."""
    charge = {"record_id": marketplace.record(1)}
    result = feed(BillingSource.objects.get(), refund(charge, **said), now=sql.now())
    assert result.accepted == 1


@pytest.mark.parametrize("status", TAKEN_BACK)
def test_what_is_no_longer_paid_is_taken_back(marketplace: Marketplace, status: str) -> None:
    marketplace.sell(1)
    read(marketplace)
    marketplace.change(1, status=status, updated_at=datetime(2024, 3, 1, tzinfo=UTC))
    since = datetime(2024, 1, 1, tzinfo=UTC)
    assert read(marketplace, since=since).accepted == 1
    assert read(marketplace, since=since).accepted == 0
    assert gross() == 0
    assert [row[2:4] for row in earned()] == [("2024-01", 1000), ("2024-03", -1000)]
    assert held() == []


@pytest.mark.parametrize("amount", ["12.00", "8.00", "0.00", "10.005", None])
@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_what_is_taken_back_is_the_charge_as_it_was_counted(
    marketplace: Marketplace, amount: str | None, currency: str
) -> None:
    marketplace.sell(1)
    read(marketplace)
    marketplace.change(1, amount=amount, currency=currency, status="refunded")
    read(marketplace)
    assert (gross(), held()) == (0, [])


def test_a_refund_submitted_before_is_not_taken_back_again(marketplace: Marketplace) -> None:
    marketplace.sell(1)
    read(marketplace)
    hand_in(marketplace, amount="300")
    marketplace.change(1, status="refunded")
    read(marketplace)
    assert (gross(), held()) == (0, [])
    assert BillingRecord.objects.latest("pk").amount == 700


@pytest.mark.parametrize("status", PAID)
def test_what_is_paid_again_is_given_back(marketplace: Marketplace, status: str) -> None:
    marketplace.sell(1, status="refunded")
    read(marketplace)
    marketplace.change(1, status=status)
    read(marketplace)
    assert (gross(), held()) == (1000, [])
    marketplace.change(1, status="void")
    read(marketplace)
    assert (gross(), held()) == (0, [])
    name = marketplace.record(1)
    assert record_ids() == [name, f"{name}:refund", f"{name}:refund_reversal", f"{name}:refund:2"]


def test_a_refund_that_was_given_back_by_hand_is_not_given_back_again(marketplace: Marketplace) -> None:
    marketplace.sell(1, status="refunded")
    read(marketplace)
    hand_in(marketplace, kind="refund_reversal", amount="1000", occurred_at=sql.now().isoformat())
    marketplace.change(1, status="paid")
    read(marketplace)
    assert (gross(), held()) == (1000, [])


@pytest.mark.parametrize("status", ["disputed", "partially_refunded"])
def test_what_is_paid_in_part_or_in_dispute_is_a_charge(marketplace: Marketplace, status: str) -> None:
    marketplace.sell(1, status=status)
    read(marketplace)
    assert gross() == 1000


def test_a_pass_with_an_older_snapshot_changes_nothing_that_a_newer_one_recorded(
    marketplace: Marketplace,
) -> None:
    """Two concurrent passes: the older snapshot is taken in after the newer one."""
    marketplace.sell(1)
    read(marketplace)
    looked_at = sql.now() - timedelta(days=1)
    marketplace.change(1, status="refunded")
    read(marketplace)
    marketplace.change(1, status="paid")
    read_shared_tables(marketplace.parameters, now=looked_at)
    assert gross() == 0
    read(marketplace)
    assert gross() == 1000


@given(statuses=st.lists(st.sampled_from([*PAID, *TAKEN_BACK, "open", "draft"]), min_size=1, max_size=6))
@examples(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_last_state_of_the_tables_counts(marketplace: Marketplace, statuses: list[str]) -> None:
    """For any history of an invoice, however often it is read; statuses that mean neither change nothing."""
    number = next(NUMBERS)
    marketplace.sell(number, status="draft")
    left = 0
    for status in statuses:
        marketplace.change(number, status=status)
        read(marketplace)
        read(marketplace)
        if status in PAID or status in TAKEN_BACK:
            left = 1000 * (status in PAID)
        about = BillingRecord.objects.filter(record_id__startswith=marketplace.record(number))
        assert sum(-each.amount if each.kind == "refund" else each.amount for each in about) == left
    assert held() == []
