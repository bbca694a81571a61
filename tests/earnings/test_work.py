"""The work of intake and quarantine is proportional to the records, whatever the planner's statistics."""

import pytest

from database import sql
from earnings.models import BillingRecord, BillingSource, QuarantinedRecord
from earnings.services.catalog import CatalogEntry, register_apis
from earnings.services.quarantine import enter_ready
from tests.feeding import NOW, feed, held, record, refund
from tests.plans import explained, rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice")]
TABLES = ("billing_records", "quarantined_records", "charge_takebacks", "billing_batches")
COUNT = 1_000
# Rows that PostgreSQL returns, scans and filters per record, over all statements.
EACH = 150


def analyze() -> None:
    for table in TABLES:
        sql.run(f"ANALYZE {table}")


@pytest.mark.parametrize("statistics", ["none", "of nothing", "of one", "fresh"])
def test_records_that_waited_for_their_api_are_checked_once(source: BillingSource, statistics: str) -> None:
    if statistics == "of nothing":
        analyze()
    feed(source, record(api_id="api-other"), record())
    if statistics == "of one":
        analyze()
    feed(source, *(record(api_id="api-new") for _ in range(COUNT)))
    feed(source, *(record(api_id="api-new") for _ in range(COUNT)))
    register_apis([CatalogEntry("api-new", "", "alice")], now=NOW)
    if statistics == "fresh":
        analyze()
    with explained() as plans:
        assert enter_ready(now=NOW) == 2 * COUNT
    assert sum(rows(plan) for plan in plans) < EACH * 2 * COUNT


@pytest.mark.parametrize("statistics", ["of one", "fresh"])
def test_refunds_that_waited_for_their_charges_are_checked_once(
    source: BillingSource, statistics: str
) -> None:
    first = record()
    feed(source, refund({"record_id": "gone"}), first, refund(first))
    if statistics == "of one":
        analyze()
    sold = [record(amount=1) for _ in range(COUNT)]
    feed(source, *(refund(one, amount=1) for one in sold))
    enter_ready(now=NOW)
    feed(source, *sold)
    if statistics == "fresh":
        analyze()
    with explained() as plans:
        assert enter_ready(now=NOW) == COUNT
    assert sum(rows(plan) for plan in plans) < EACH * COUNT


@pytest.mark.parametrize("statistics", ["none", "of one", "fresh"])
def test_records_that_come_again_are_checked_once(source: BillingSource, statistics: str) -> None:
    first = record()
    feed(source, first, refund(first))
    if statistics == "of one":
        analyze()
    sold = [record(amount=1) for _ in range(COUNT)]
    told = [*sold, *(refund(one, amount=1) for one in sold)]
    feed(source, *told)
    if statistics == "fresh":
        analyze()
    with explained() as plans:
        assert len(feed(source, *told).duplicates) == len(told)
    assert sum(rows(plan) for plan in plans) < EACH * len(told)


@pytest.mark.parametrize("statistics", ["none", "fresh"])
def test_refunds_of_one_charge_are_as_much_work_as_refunds_of_many(
    source: BillingSource, statistics: str
) -> None:
    first = record()
    feed(source, first, refund(first))
    one, many = record(amount=COUNT), [record(amount=1) for _ in range(COUNT)]
    feed(source, one, *many)
    if statistics == "fresh":
        analyze()
    with explained() as of_one:
        assert feed(source, *(refund(one, amount=1) for _ in many)).accepted == COUNT
    with explained() as of_many:
        assert feed(source, *(refund(sold, amount=1) for sold in many)).accepted == COUNT
    assert len(of_one) == len(of_many)
    assert sum(rows(plan) for plan in of_one) <= sum(rows(plan) for plan in of_many)


def test_refunds_that_exceed_one_charge_are_no_more_work(source: BillingSource) -> None:
    sold = record(amount=COUNT)
    feed(source, sold)
    with explained() as plans:
        result = feed(source, *(refund(sold, amount=2) for _ in range(COUNT)))
    assert (result.accepted, result.quarantined.total()) == (COUNT // 2, COUNT // 2)
    assert sum(rows(plan) for plan in plans) < EACH * COUNT


@pytest.mark.parametrize("statistics", ["none", "fresh"])
def test_waiting_records_are_not_checked_if_nothing_has_changed(
    source: BillingSource, statistics: str
) -> None:
    sold = record(amount=1)
    feed(source, sold, *(refund(sold, amount=2) for _ in range(COUNT)))
    feed(source, *(refund({"record_id": f"gone-{number}"}) for number in range(COUNT)))
    feed(source, *(record(api_id=f"api-{number}") for number in range(COUNT)))
    feed(source, *(record(creator_id="bob") for _ in range(COUNT)))
    feed(source, *(record(occurred_at="2024-07-01T00:00:00Z") for _ in range(COUNT)))
    feed(source, *(record(currency="CHF") for _ in range(COUNT)))
    feed(source, *(record(amount="?") for _ in range(COUNT)))
    enter_ready(now=NOW)
    assert len(held()) == 7 * COUNT
    if statistics == "fresh":
        analyze()
    with explained() as plans:
        assert enter_ready(now=NOW) == 0
    # Without statistics, the planner may scan the whole index of one reason.
    assert sum(rows(plan) for plan in plans) < (20 if statistics == "fresh" else 2 * COUNT + 20)

    feed(source, record(), refund(sold, amount=1))
    with explained() as plans:
        assert enter_ready(now=NOW) == 0
    # Refunds that exceed the same charge.
    assert sum(rows(plan) for plan in plans) < EACH * COUNT
    assert BillingRecord.objects.count() == 3
    assert QuarantinedRecord.objects.filter(resolved_at=None).count() == 7 * COUNT
