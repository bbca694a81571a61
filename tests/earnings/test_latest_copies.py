"""Of several waiting copies of one record, the latest counts."""

from threading import Thread

import pytest
from django.db import transaction

from accounts.models import Creator
from database import sql
from database.commands import close_connections_after
from earnings.models import BillingBatch, BillingRecord, BillingSource, QuarantinedRecord
from earnings.services.quarantine import enter_ready
from tests.factories import ApiFactory
from tests.feeding import NOW, feed, held, post, record, refund
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice")]


def copies() -> list[tuple[str, str, str]]:
    """List everything that was ever quarantined: amount, reason, resolution."""
    rows = QuarantinedRecord.objects.order_by("pk")
    return list(rows.values_list("content__amount", "reason", "resolution"))


@pytest.mark.parametrize("together", [True, False])
def test_the_corrected_copy_enters_where_both_waited(
    source: BillingSource, bob: Creator, together: bool
) -> None:
    wrong = record(api_id="api-new", amount="1000000")
    right = wrong | {"amount": "10000"}
    batches = [[wrong, right]] if together else [[wrong], [right]]
    for batch in batches:
        feed(source, *batch)
    assert copies() == [("1000000", "api_unknown", "superseded"), ("10000", "api_unknown", "")]
    ApiFactory.create(external_id="api-new", owner=bob)
    post()
    assert BillingRecord.objects.get().amount == 10_000
    assert copies() == [("1000000", "api_unknown", "superseded"), ("10000", "api_unknown", "entered")]


def test_a_corrected_copy_that_waits_for_something_else_supersedes_too(source: BillingSource) -> None:
    wrong = record(api_id="api-new")
    feed(source, wrong)
    feed(source, wrong | {"api_id": "api-newer"})
    ApiFactory.create(external_id="api-new", owner=Creator.objects.get())
    assert enter_ready(now=NOW) == 0
    ApiFactory.create(external_id="api-newer", owner=Creator.objects.get())
    assert enter_ready(now=NOW) == 1
    assert BillingRecord.objects.get().api.external_id == "api-newer"


def test_of_copies_that_wait_side_by_side_only_the_newest_enters(source: BillingSource, bob: Creator) -> None:
    """An older version left such copies."""
    wrong = record(api_id="api-new", amount="1000000")
    feed(source, wrong, wrong | {"amount": "10000"})
    QuarantinedRecord.objects.update(resolved_at=None, resolution="")
    ApiFactory.create(external_id="api-new", owner=bob)
    assert enter_ready(now=NOW) == 1
    assert copies() == [("1000000", "api_unknown", "superseded"), ("10000", "api_unknown", "entered")]


def test_a_superseded_copy_that_comes_again_is_ignored(source: BillingSource, bob: Creator) -> None:
    wrong = record(api_id="api-new", amount="1000000")
    right = wrong | {"amount": "10000"}
    for batch in ([wrong], [right], [wrong], [wrong, right], [right, wrong]):
        feed(source, *batch)
    assert copies() == [("1000000", "api_unknown", "superseded"), ("10000", "api_unknown", "")]
    assert BillingBatch.objects.count() == 2
    ApiFactory.create(external_id="api-new", owner=bob)
    post()
    assert BillingRecord.objects.get().amount == 10_000


def test_a_correction_that_cannot_be_used_keeps_what_it_corrects_out(
    source: BillingSource, bob: Creator
) -> None:
    sold = record(api_id="api-new", amount="100")
    feed(source, sold)
    feed(source, sold | {"amount": "1.5"})
    assert copies() == [("100", "api_unknown", ""), ("1.5", "amount_not_integer", "")]
    ApiFactory.create(external_id="api-new", owner=bob)
    assert enter_ready(now=NOW) == 0
    feed(source, sold | {"amount": "150"})
    assert BillingRecord.objects.get().amount == 150
    assert held() == []


@pytest.mark.parametrize("together", [True, False])
def test_a_copy_that_waits_supersedes_those_that_could_not_be_used(
    source: BillingSource, together: bool
) -> None:
    sold = record(api_id="api-new", amount="100")
    bad = sold | {"amount": "1.5"}
    for batch in [[bad, sold]] if together else [[bad], [sold]]:
        feed(source, *batch)
    assert copies() == [("1.5", "amount_not_integer", "superseded"), ("100", "api_unknown", "")]


def test_only_records_that_entered_are_reported_as_entered(source: BillingSource, bob: Creator) -> None:
    sold = record(api_id="api-new", amount="100")
    feed(source, sold)
    feed(source, sold | {"amount": "1.5"})
    feed(source, sold | {"amount": "200"})
    ApiFactory.create(external_id="api-new", owner=bob)
    enter_ready(now=NOW)
    assert list(QuarantinedRecord.objects.filter(resolution="entered").values_list("content__amount")) == [
        ("200",)
    ]


def test_an_id_that_is_too_long_is_not_confused_with_its_beginning(source: BillingSource) -> None:
    feed(source, record(record_id="x" * 256, amount="777"))
    feed(source, record(record_id="x" * 255, api_id="api-new"))
    feed(source, record(record_id="x" * 255))
    assert [(len(record_id), reason) for record_id, reason in held()] == [(255, "syntax")]
    assert QuarantinedRecord.objects.get(resolution="").content["record_id"] == "x" * 256


def test_of_copies_in_one_batch_the_first_enters_whether_it_names_a_charge_or_not(
    source: BillingSource,
) -> None:
    sold = record(amount="100")
    feed(source, sold)
    linked = refund(sold, record_id="r", amount="30")
    unlinked = record(record_id="r", kind="refund", amount="90")
    result = feed(source, linked, unlinked)
    assert (result.accepted, result.duplicates, result.conflicts) == (1, [], 1)
    assert BillingRecord.objects.get(record_id="r").amount == 30

    unlinked |= {"record_id": "s"}
    result = feed(source, unlinked, linked | {"record_id": "s"})
    assert (result.accepted, result.duplicates, result.conflicts) == (1, [], 1)
    assert BillingRecord.objects.get(record_id="s").amount == 90


def test_a_copy_behind_one_whose_charge_is_unknown_enters(source: BillingSource) -> None:
    result = feed(
        source,
        refund({"record_id": "gone"}, record_id="r", amount="30"),
        record(record_id="r", kind="refund", amount="90"),
        refund({"record_id": "gone"}, record_id="r", amount="40"),
    )
    assert (result.accepted, result.conflicts) == (1, 2)
    assert BillingRecord.objects.get().amount == 90


def test_a_copy_behind_one_that_exceeds_its_charge_enters_with_the_next_posting(
    source: BillingSource,
) -> None:
    sold = record(amount="100")
    feed(source, sold)
    feed(source, refund(sold, record_id="r", amount="130"), record(record_id="r", kind="refund", amount="90"))
    post()
    assert BillingRecord.objects.get(record_id="r").amount == 90
    assert held() == []


@pytest.mark.django_db(transaction=True)
def test_a_copy_that_comes_while_the_older_one_is_about_to_enter_counts(
    source: BillingSource, bob: Creator
) -> None:
    wrong = record(api_id="api-new")
    feed(source, wrong)
    ApiFactory.create(external_id="api-new", owner=bob)
    entered: list[int] = []

    def mend() -> None:
        entered.append(enter_ready(now=NOW))

    mending = Thread(target=close_connections_after(mend), daemon=True)

    def waits_for_the_source() -> bool:
        return bool(list(sql.rows("SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")))

    with transaction.atomic():
        BillingSource.objects.select_for_update(no_key=True).get(pk=source.pk)
        mending.start()
        wait_until(waits_for_the_source, seconds=30)
        feed(source, wrong | {"api_id": "api-newer"})
    mending.join(30)
    assert entered == [0]
    assert [(reason, resolution) for _, reason, resolution in copies()] == [
        ("api_unknown", "superseded"),
        ("api_unknown", ""),
    ]
