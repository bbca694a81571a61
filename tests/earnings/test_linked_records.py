"""Refunds, chargebacks and reversals that name a charge: they never take more than is left of it."""

from functools import partial
from itertools import permutations
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Creator
from earnings.models import BillingRecord, BillingSource, ChargeTakeback, Reason
from earnings.services.quarantine import enter_ready
from tests.factories import CommissionRateFactory, CreatorFactory, OwnershipFactory, SourceFactory
from tests.feeding import NOW, earned, feed, held, post, record, refund
from tests.threads import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice", "bob")]


def left_of(sold: dict[str, Any]) -> int:
    takeback = ChargeTakeback.objects.get(charge__record_id=sold["record_id"])
    return takeback.amount - takeback.refunded - takeback.charged_back


def test_a_refund_takes_owner_api_and_rate_from_its_charge(source: BillingSource, alice: Creator) -> None:
    sold = record()
    feed(source, sold)
    OwnershipFactory.create(
        api__external_id="api-later", creator=CreatorFactory.create(), api__name="unrelated"
    )
    CommissionRateFactory.create(bps=3_000, effective_from="2024-02-01T00:00:00Z")
    feed(source, refund(sold, occurred_at="2024-03-01T00:00:00Z"))
    taken = BillingRecord.objects.get(kind="refund")
    assert (taken.creator, taken.api.external_id, taken.commission_bps) == (alice, "api-a", 2_000)


def test_a_refund_of_a_charge_goes_to_who_owned_it_then_whoever_owns_it_now(
    source: BillingSource, alice: Creator, bob: Creator
) -> None:
    sold = record()
    feed(source, sold)
    OwnershipFactory.create(
        api=BillingRecord.objects.get().api, creator=bob, owned_from="2024-02-01T00:00:00Z"
    )
    assert feed(source, refund(sold, occurred_at="2024-03-01T00:00:00Z")).accepted == 1
    assert BillingRecord.objects.get(kind="refund").creator == alice


def test_refunds_take_all_of_a_charge_and_not_a_cent_more(source: BillingSource) -> None:
    sold = record(amount=1000)
    feed(source, sold)
    assert feed(source, refund(sold, amount=999)).accepted == 1
    assert feed(source, refund(sold, amount=2)).refused == {1: Reason.EXCEEDS_CHARGE}
    assert feed(source, refund(sold, amount=1)).accepted == 1
    assert left_of(sold) == 0


def test_several_refunds_of_one_charge_in_one_batch_are_taken_in_their_order(source: BillingSource) -> None:
    sold = record(amount=1000)
    result = feed(
        source,
        refund(sold, amount=600),  # before its charge, in the same batch
        sold,
        refund(sold, amount=500),
        refund(sold, amount=300),
        refund(sold, amount=101),
        refund(sold, amount=100),
    )
    assert result.accepted == 4
    assert result.refused == {3: Reason.EXCEEDS_CHARGE, 5: Reason.EXCEEDS_CHARGE}
    assert left_of(sold) == 0


def test_refunds_of_many_charges_do_not_mix(source: BillingSource) -> None:
    charges = [record(amount=100 + number) for number in range(20)]
    result = feed(source, *charges, *(refund(sold, amount=100) for sold in charges for _ in range(2)))
    assert result.accepted == 40
    assert [left_of(sold) for sold in charges] == list(range(20))


def test_a_refund_before_its_charge_waits_and_enters_when_it_comes(source: BillingSource) -> None:
    sold = record()
    early = refund(sold, amount=400)
    assert feed(source, early).refused == {1: Reason.CHARGE_UNKNOWN}
    feed(source, sold)
    assert post().records == 2
    assert held() == []
    assert left_of(sold) == 600
    assert feed(source, early).duplicates == [1]


def test_a_reversal_before_its_refund_waits_too(source: BillingSource) -> None:
    sold = record()
    reversal = refund(sold, kind="refund_reversal", amount=300)
    assert feed(source, sold, reversal).refused == {2: Reason.EXCEEDS_CHARGE}
    feed(source, refund(sold, amount=500))
    post()
    assert held() == []
    assert left_of(sold) == 800
    assert earned()[0][3:] == (800, 160, 640)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_charge_and_its_refunds_give_the_same_result_in_any_order(
    source: BillingSource, order: tuple[int, ...]
) -> None:
    sold = record(amount=1000)
    parts = [
        sold,
        refund(sold, amount=700),
        refund(sold, kind="refund_reversal", amount=700),
        refund(sold, kind="chargeback", amount=300),
    ]
    for place in order:
        feed(source, parts[place])
        enter_ready(now=NOW)
    assert held() == []
    post()
    assert earned() == [("alice", "api-a", "2024-01", 700, 140, 560)]


def test_what_a_reversal_gives_back_can_be_taken_again(source: BillingSource) -> None:
    sold = record(amount=100)
    feed(source, sold, refund(sold, amount=100))
    feed(source, refund(sold, kind="refund_reversal", amount=40))
    assert feed(source, refund(sold, kind="chargeback", amount=41)).refused == {1: Reason.EXCEEDS_CHARGE}
    assert feed(source, refund(sold, kind="chargeback", amount=40)).accepted == 1


def test_a_dispute_won_gives_the_money_back(source: BillingSource) -> None:
    sold = record(amount=1000)
    feed(source, sold, refund(sold, kind="chargeback", amount=1000))
    post()
    assert earned()[0][3:] == (0, 0, 0)
    feed(source, refund(sold, kind="chargeback_reversal", amount=1000))
    post()
    assert earned()[0][3:] == (1000, 200, 800)


def test_a_reversal_gives_back_no_more_than_was_taken(source: BillingSource) -> None:
    sold = record(amount=1000)
    feed(source, sold, refund(sold, amount=300))
    assert feed(source, refund(sold, kind="refund_reversal", amount=301)).refused == {
        1: Reason.EXCEEDS_CHARGE
    }


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"currency": "EUR"}, Reason.CHARGE_UNKNOWN),
        ({"api_id": "api-b"}, Reason.CHARGE_UNKNOWN),
        ({"creator_id": "bob"}, Reason.OWNER_MISMATCH),
    ],
)
def test_a_refund_that_contradicts_its_charge_never_enters_automatically(
    source: BillingSource, settings: Settings, fields: dict[str, str], reason: Reason
) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 2500, "EUR": 2500}
    sold = record()
    feed(source, sold)
    assert feed(source, refund(sold, **fields)).refused == {1: reason}
    assert enter_ready(now=NOW) == 0


def test_a_refund_that_contradicts_its_charge_is_not_looked_at_again_each_time(
    source: BillingSource, settings: Settings, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 2500, "EUR": 2500}
    sold = record()
    feed(source, sold, refund(sold, currency="EUR"), refund(sold, api_id="api-b"))
    enter_ready(now=NOW)
    with django_assert_max_num_queries(5):  # only the look for changes; no record is taken in again
        enter_ready(now=NOW)


@pytest.mark.parametrize("fields", [{}, {"api_id": "api-a"}, {"creator_id": "alice"}])
def test_a_refund_can_repeat_the_fields_of_its_charge(source: BillingSource, fields: dict[str, str]) -> None:
    sold = record()
    taken = refund(sold)
    assert feed(source, sold, taken | fields).accepted == 2
    assert feed(source, taken).duplicates == [1]


def test_a_refund_names_a_charge_and_not_another_refund(source: BillingSource) -> None:
    sold = record()
    taken = refund(sold, amount=100)
    feed(source, sold, taken)
    assert feed(source, refund(taken, kind="refund_reversal", amount=100)).refused == {
        1: Reason.CHARGE_UNKNOWN
    }


def test_a_refund_takes_from_no_charge_of_another_source(source: BillingSource) -> None:
    sold = record()
    feed(source, sold)
    assert feed(SourceFactory.create(), refund(sold)).refused == {1: Reason.CHARGE_UNKNOWN}


def test_a_refund_is_known_to_its_own_source_only(source: BillingSource) -> None:
    other = SourceFactory.create()
    sold = record()
    taken = refund(sold)
    assert feed(source, sold, taken).accepted == 2
    assert feed(other, sold, taken).accepted == 2


def test_a_refund_that_names_no_charge_has_no_cap_and_its_own_owner_and_rate(
    source: BillingSource, bob: Creator
) -> None:
    CommissionRateFactory.create(bps=3_000, effective_from="2024-01-10T00:00:00Z")
    feed(source, record(kind="refund", api_id="api-b", amount=5_000))
    post()
    assert earned() == [("bob", "api-b", "2024-01", -5_000, -1_500, -3_500)]
    assert not ChargeTakeback.objects.exists()


def test_the_same_refund_twice_in_one_batch_counts_once(source: BillingSource) -> None:
    sold = record()
    taken = refund(sold, amount=600)
    result = feed(source, sold, taken, taken)
    assert (result.accepted, result.duplicates) == (2, [3])
    assert left_of(sold) == 400


def test_a_corrected_copy_of_a_refund_enters_beside_the_bad_one(
    source: BillingSource, settings: Settings
) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 2500, "EUR": 2500}
    sold = record()
    wrong = refund(sold, currency="EUR")
    result = feed(source, sold, wrong, wrong | {"currency": "USD"})
    assert (result.accepted, result.refused) == (2, {2: Reason.CONFLICT})


def test_a_refund_sent_again_with_another_amount_is_a_conflict(source: BillingSource) -> None:
    sold = record()
    taken = refund(sold, amount=100)
    feed(source, sold, taken)
    assert feed(source, taken | {"amount": 200}).refused == {1: Reason.CONFLICT}
    assert feed(source, taken | {"related_record_id": "other"}).refused == {1: Reason.CONFLICT}
    assert left_of(sold) == 900


@pytest.mark.django_db(transaction=True)
def test_refunds_of_one_charge_in_parallel_take_no_more_than_it_has(source: BillingSource) -> None:
    sold = record(amount=1000)
    feed(source, sold)
    refunds = [refund(sold, amount=300) for _ in range(8)]

    results = at_once(*(partial(feed, source, taken) for taken in refunds))
    assert sum(result.accepted for result in results) == 3
    assert sum(result.quarantined[Reason.EXCEEDS_CHARGE] for result in results) == 5
    assert left_of(sold) == 100


@pytest.mark.django_db(transaction=True)
def test_the_same_refund_in_parallel_counts_once(source: BillingSource) -> None:
    sold = record(amount=1000)
    feed(source, sold)
    taken = refund(sold, amount=300)
    results = at_once(*[lambda: feed(source, taken)] * 6)
    assert sorted(result.accepted for result in results) == [0, 0, 0, 0, 0, 1]
    assert sum(len(result.duplicates) for result in results) == 5
    assert left_of(sold) == 700
