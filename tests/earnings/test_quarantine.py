"""Quarantined records enter automatically, in a new batch, once the cause is gone."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from accounts.models import Creator
from earnings.models import Api, BillingBatch, BillingRecord, BillingSource, QuarantinedRecord
from earnings.services import quarantine
from earnings.services.quarantine import enter_ready
from tests.factories import ApiFactory, OwnershipFactory, SourceFactory
from tests.feeding import NOW, feed, held, post, record, refund

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice")]


def test_a_record_of_an_unknown_api_enters_once_the_catalogue_knows_it(
    source: BillingSource, bob: Creator
) -> None:
    sold = record(api_id="api-new")
    feed(source, sold)
    assert enter_ready(now=NOW) == 0
    ApiFactory.create(external_id="api-new", owner=bob)
    assert enter_ready(now=NOW) == 1
    entered = BillingRecord.objects.get()
    assert (entered.record_id, entered.creator) == (sold["record_id"], bob)
    assert entered.batch != QuarantinedRecord.objects.get().batch
    kept = QuarantinedRecord.objects.get()
    assert (kept.resolution, kept.reason) == ("entered", "api_unknown")
    assert kept.resolved_at is not None


def test_a_record_of_an_api_without_owner_enters_once_it_has_one(source: BillingSource, bob: Creator) -> None:
    api = ApiFactory.create(external_id="api-new")
    feed(source, record(api_id="api-new"))
    assert held()[0][1] == "owner_unknown"
    OwnershipFactory.create(api=api, creator=bob, owned_from=NOW)
    assert enter_ready(now=NOW) == 1


def test_a_record_of_the_new_owner_enters_once_the_catalogue_knows_of_the_change(
    source: BillingSource, bob: Creator
) -> None:
    feed(
        source,
        record(creator_id="bob", occurred_at="2024-01-15T00:00:00Z"),
        record(creator_id="bob", occurred_at="2024-01-14T23:59:59Z"),
    )
    assert enter_ready(now=NOW) == 0
    OwnershipFactory.create(
        api=Api.objects.get(external_id="api-a"), creator=bob, owned_from="2024-01-15T00:00:00Z"
    )
    assert enter_ready(now=NOW) == 1
    assert BillingRecord.objects.get().creator == bob
    assert [reason for _, reason in held()] == ["owner_mismatch"]


def test_a_record_from_the_future_enters_when_its_time_has_come(source: BillingSource) -> None:
    feed(source, record(occurred_at=(NOW + timedelta(hours=2)).isoformat()))
    assert enter_ready(now=NOW + timedelta(hours=2, microseconds=-1)) == 0
    assert enter_ready(now=NOW + timedelta(hours=2)) == 1


def test_a_record_in_a_currency_without_a_minimum_enters_once_it_has_one(
    source: BillingSource, settings: Settings
) -> None:
    feed(source, record(currency="CHF", occurred_at="20240115T120000,5Z"))
    assert held()[0][1] == "currency_not_paid"
    settings.MINIMUM_PAYOUT = {"USD": 2500, "CHF": 2500}
    assert enter_ready(now=NOW) == 1


def test_a_refund_that_exceeded_its_charge_enters_once_there_is_room(source: BillingSource) -> None:
    sold = record(amount=100)
    first, second = refund(sold, amount=100), refund(sold, amount=50)
    feed(source, sold, first, second)
    assert enter_ready(now=NOW) == 0
    feed(source, refund(sold, kind="refund_reversal", amount=60))
    assert enter_ready(now=NOW) == 1
    assert held() == []


def test_one_record_that_enters_lets_those_enter_that_waited_for_it(source: BillingSource) -> None:
    sold = record(api_id="api-new", amount=100)
    feed(source, refund(sold, kind="refund_reversal", amount=30))
    feed(source, refund(sold, amount=100))
    feed(source, sold)
    ApiFactory.create(external_id="api-new", owner=OwnershipFactory.create().creator)
    assert enter_ready(now=NOW) == 3
    assert held() == []


def test_more_records_than_fit_into_one_part_all_enter(
    source: BillingSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "AT_ONCE", 3)
    feed(source, *(record(api_id="api-new") for _ in range(10)))
    ApiFactory.create(external_id="api-new", owner=OwnershipFactory.create().creator)
    assert enter_ready(now=NOW) == 10


def test_records_of_each_source_enter_into_a_batch_of_that_source(source: BillingSource) -> None:
    other = SourceFactory.create()
    sold = record(api_id="api-new")
    feed(source, sold)
    feed(other, sold)
    ApiFactory.create(external_id="api-new", owner=OwnershipFactory.create().creator)
    assert enter_ready(now=NOW) == 2
    assert set(BillingBatch.objects.filter(accepted=1).values_list("source", flat=True)) == {
        source.pk,
        other.pk,
    }


def test_a_cause_that_changes_is_reported_as_the_new_one(source: BillingSource, bob: Creator) -> None:
    later = (NOW + timedelta(hours=1)).isoformat()
    sold = record(occurred_at=later, creator_id="bob")
    feed(source, sold)
    assert held() == [(sold["record_id"], "time_in_future")]
    assert enter_ready(now=NOW + timedelta(hours=1)) == 0
    assert held() == [(sold["record_id"], "owner_mismatch")]
    assert QuarantinedRecord.objects.count() == 1


def test_all_bad_copies_are_closed_when_one_good_one_enters(source: BillingSource) -> None:
    sold = record(amount="?")
    feed(source, sold)
    feed(source, sold | {"amount": "1.5"})
    feed(source, sold | {"amount": "5"})
    assert held() == []
    assert QuarantinedRecord.objects.filter(resolution="superseded").count() == 2


def test_posting_enters_ready_records_first(source: BillingSource) -> None:
    feed(source, record(api_id="api-new"))
    ApiFactory.create(external_id="api-new", owner=OwnershipFactory.create().creator)
    assert post().records == 1
