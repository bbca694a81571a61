"""What the database itself refuses."""

from datetime import date
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from database import sql
from earnings.models import (
    BatchAct,
    BillingBatch,
    BillingRecord,
    BillingSource,
    ChargeTakeback,
    CreatorEarning,
    EarningPosting,
    QuarantinedRecord,
)
from tests.factories import (
    ApiFactory,
    BatchFactory,
    CreatorEarningFactory,
    CreatorFactory,
    PayoutFactory,
    SourceFactory,
)
from tests.feeding import NOW, feed, post, record, refund

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> BillingSource:
    ApiFactory.create(external_id="api-a", owner=CreatorFactory.create(external_id="alice"))
    return SourceFactory.create()


def refused(statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("table", ["billing_records", "postings", "earning_postings"])
def test_records_and_their_traces_are_append_only(source: BillingSource, table: str) -> None:
    feed(source, record())
    post()
    refused(f"UPDATE {table} SET id = id")
    refused(f"DELETE FROM {table}")


def test_a_record_moves_unchanged_and_only_between_unposted_batches_of_its_source(
    source: BillingSource,
) -> None:
    feed(source, record())
    post()
    feed(source, record())
    feed(source, record())
    foreign = BatchFactory.create().pk
    posted, first, second = (
        BillingBatch.objects.filter(source=source).order_by("pk").values_list("pk", flat=True)
    )
    for target in (posted, foreign, 0):
        refused(f"UPDATE billing_records SET batch_id = {target} WHERE batch_id = {first}")
    refused(f"UPDATE billing_records SET batch_id = {first} WHERE batch_id = {posted}")
    refused(f"UPDATE billing_records SET batch_id = {second}, amount = amount + 1 WHERE batch_id = {first}")
    assert BillingRecord.objects.filter(batch=first).update(batch=second) == 1


def test_a_record_leaves_only_a_batch_set_aside_and_only_into_quarantine(source: BillingSource) -> None:
    feed(source, record(record_id="leaving"))
    leave = "DELETE FROM billing_records WHERE record_id = 'leaving'"
    batch = BillingBatch.objects.all()
    held = {"source": source, "batch": batch.get(), "record_id": "leaving", "reason": "unpostable"}
    refused(leave)
    batch.update(set_aside_at=NOW, set_aside_reason="x")
    refused(leave)
    QuarantinedRecord.objects.create(**held, content={"record_id": "leaving"})
    batch.update(set_aside_at=None, set_aside_reason="")
    refused(leave)
    batch.update(set_aside_at=NOW, set_aside_reason="x")
    assert sql.run(leave) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"posted_at": NOW},
        {"set_aside_at": NOW},
        {"set_aside_reason": "x"},
    ],
)
def test_a_batchs_outcome_is_complete(source: BillingSource, wrong: dict[str, object]) -> None:
    feed(source, record())
    with pytest.raises(IntegrityError, match="batch_"), transaction.atomic():
        BillingBatch.objects.update(**wrong)


def test_a_posted_batch_is_not_set_aside(source: BillingSource) -> None:
    feed(source, record())
    post()
    with pytest.raises(IntegrityError, match="set_aside"), transaction.atomic():
        BillingBatch.objects.update(set_aside_at=NOW, set_aside_reason="x")


def test_an_act_on_a_batch_never_changes() -> None:
    BatchAct.objects.create(batch=BatchFactory.create(), kind="retried", actor="dana", reason="x", at=NOW)
    refused("UPDATE batch_acts SET actor = 'erin'")
    refused("DELETE FROM batch_acts")


@pytest.mark.parametrize(
    "change",
    [
        "gross = gross + 1",
        "refunds = 1",
        "transactions = 9",
        "api_calls = 9",
        "commission_bps = 1",
        "currency = 'EUR'",
        "period_start = '2023-12-01'",
        "period_end = '2024-03-01'",
        "description = 'other'",
        "closed_at = NULL",
        "closed_at = now()",
        "api_id = NULL",
        "creator_id = uuid7()",
    ],
)
def test_a_closed_row_never_changes(change: str) -> None:
    row = CreatorEarningFactory.create(closed_at=NOW)
    refused(f"UPDATE creator_earnings SET {change} WHERE id = '{row.pk}'")


def test_only_the_claim_of_a_closed_row_may_change() -> None:
    row = CreatorEarningFactory.create(closed_at=NOW)
    payout = PayoutFactory.create(creator=row.creator)
    assert CreatorEarning.objects.filter(pk=row.pk).update(payout=payout) == 1
    assert CreatorEarning.objects.filter(pk=row.pk).update(payout=None) == 1


def test_a_row_is_never_deleted() -> None:
    CreatorEarningFactory.create()
    refused("DELETE FROM creator_earnings")


def test_an_open_row_is_never_claimed() -> None:
    row = CreatorEarningFactory.create()
    with pytest.raises(IntegrityError, match="claimed_or_adjusting_is_closed"), transaction.atomic():
        CreatorEarning.objects.filter(pk=row.pk).update(payout=PayoutFactory.create(creator=row.creator))


def test_a_row_without_an_api_is_closed_from_the_start() -> None:
    with pytest.raises(IntegrityError, match="claimed_or_adjusting_is_closed"), transaction.atomic():
        CreatorEarningFactory.create(api=None)
    CreatorEarningFactory.create(api=None, commission_bps=0, gross=-500, closed_at=NOW)
    assert CreatorEarning.objects.get().net == -500


def test_a_row_has_one_open_copy_and_any_number_of_closed_ones() -> None:
    row = CreatorEarningFactory.create()
    same = {"creator": row.creator, "api": row.api}
    CreatorEarningFactory.create(**same, closed_at=NOW)
    CreatorEarningFactory.create(**same, closed_at=NOW)
    with pytest.raises(IntegrityError, match="one_open_row"), transaction.atomic():
        CreatorEarningFactory.create(**same)


def test_a_period_is_not_empty() -> None:
    with pytest.raises(IntegrityError, match="period_is_not_empty"), transaction.atomic():
        CreatorEarningFactory.create(period_end=date(2024, 1, 1))


@pytest.mark.parametrize(
    ("refunded", "charged_back"), [(-1, 0), (0, -1), (-1, 1), (1, -1), (1001, 0), (0, 1001), (501, 500)]
)
def test_a_charge_is_never_taken_back_by_more_than_its_amount(
    source: BillingSource, refunded: int, charged_back: int
) -> None:
    sold = record()
    feed(source, sold, refund(sold, amount=1))
    with pytest.raises(IntegrityError, match="no_more_than_the_charge"), transaction.atomic():
        ChargeTakeback.objects.update(refunded=refunded, charged_back=charged_back)


@pytest.mark.parametrize("wrong", [{"amount": 0}, {"amount": -1}, {"api_calls": -1}, {"kind": "sale"}])
def test_an_invalid_record_is_refused_without_the_intakes_checks(
    source: BillingSource, wrong: dict[str, object]
) -> None:
    feed(source, record())
    copy = BillingRecord.objects.get()
    copy.pk, copy.record_id = None, "another"
    for name, value in wrong.items():
        setattr(copy, name, value)
    with pytest.raises(IntegrityError, match="sound"), transaction.atomic():
        copy.save(force_insert=True)


@pytest.mark.parametrize("reference", ["api_id", "creator_id", "source_id"])
def test_a_record_refers_only_to_existing_rows(source: BillingSource, reference: str) -> None:
    feed(source, record())
    copy = BillingRecord.objects.get()
    copy.pk, copy.record_id = None, "another"
    setattr(copy, reference, 10**9 if reference == "source_id" else uuid4())
    with pytest.raises(IntegrityError, match="refers to no"), transaction.atomic():
        copy.save(force_insert=True)


@pytest.mark.parametrize("reference", ["earning_id", "posting_id"])
def test_a_trace_refers_only_to_existing_rows(source: BillingSource, reference: str) -> None:
    feed(source, record())
    post()
    known = EarningPosting.objects.get()
    setattr(known, reference, uuid4() if reference == "earning_id" else known.posting_id + 1)
    known.pk = None
    with pytest.raises(IntegrityError, match="refers to no"), transaction.atomic():
        known.save(force_insert=True)


@pytest.mark.parametrize("table", ["apis", "creators", "billing_sources", "billing_batches"])
def test_nothing_that_a_record_refers_to_is_deleted(source: BillingSource, table: str) -> None:
    feed(source, record())
    refused(f"DELETE FROM {table}")
