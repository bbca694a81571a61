"""What is left of a charge: refunds and chargebacks are counted separately, and only the final sums have to fit.

Records can arrive in any order; what is valid in the order of occurrence is accepted.
"""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from earnings.models import BillingRecord, BillingSource, ChargeTakeback, Reason
from earnings.services.quarantine import enter_ready
from payouts.services.reconciliation import books
from tests.factories import SourceFactory
from tests.feeding import NOW, earned, feed, held, post, record, refund

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice")]
BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)


def taken(sold: dict[str, Any], kind: str, amount: int, day: int, **fields: Any) -> dict[str, Any]:
    """Make a refund, chargeback or reversal of a charge, some days after the sale."""
    moment = (BEGINNING + timedelta(days=day)).isoformat()
    return refund(sold, kind=kind, amount=str(amount), occurred_at=moment, **fields)


def state_of(sold: dict[str, Any]) -> tuple[int, int]:
    takeback = ChargeTakeback.objects.get(charge__record_id=sold["record_id"])
    return takeback.refunded, takeback.charged_back


def unsound() -> list[str]:
    """Compare what was taken from charges with the records."""
    (law,) = (path for path in books.validations() if path.stem == "charges_are_taken_back_as_recorded")
    return list(books.findings(law))


def months() -> list[tuple[str, int]]:
    return [(month, gross) for _, _, month, gross, _, _ in earned()]


@pytest.mark.parametrize("last", [5000, 10000])
@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_order_of_refunds_and_their_reversals_changes_nothing(
    source: BillingSource, order: tuple[int, ...], last: int
) -> None:
    sold = record(amount="10000", occurred_at=BEGINNING.isoformat())
    events = [
        sold,
        taken(sold, "refund", 10_000, 15),
        taken(sold, "refund_reversal", 10_000, 45),
        taken(sold, "refund", last, 75),
    ]
    for place in order:
        feed(source, events[place])
        post()
    assert held() == []
    assert months() == [("2024-01", 0), ("2024-02", 10_000), ("2024-03", -last)]
    assert unsound() == []


def test_a_reversal_of_a_chargeback_that_never_was_gives_back_no_refund(source: BillingSource) -> None:
    sold = record(amount="100")
    feed(source, sold, refund(sold, amount="60"))
    result = feed(source, refund(sold, kind="chargeback_reversal", amount="60"))
    assert result.refused == {1: Reason.EXCEEDS_CHARGE}
    post()
    assert state_of(sold) == (60, 0)
    assert [gross for _, gross in months()] == [40]


def test_a_reversal_of_a_refund_that_never_was_gives_back_no_chargeback(source: BillingSource) -> None:
    sold = record(amount="100")
    feed(source, sold, refund(sold, kind="chargeback", amount="60"))
    result = feed(source, refund(sold, kind="refund_reversal", amount="60"))
    assert result.refused == {1: Reason.EXCEEDS_CHARGE}
    assert state_of(sold) == (0, 60)


def test_a_chargeback_of_what_was_refunded_enters_together_with_its_reversal(source: BillingSource) -> None:
    sold = record(amount="100")
    charged_back = refund(sold, kind="chargeback", amount="100")
    feed(source, sold, refund(sold, amount="100"), charged_back)
    reversal = refund(sold, kind="chargeback_reversal", amount="100", occurred_at="2024-02-15T00:00:00Z")
    assert feed(source, reversal).refused == {1: Reason.EXCEEDS_CHARGE}
    post()
    assert held() == []
    assert months() == [("2024-01", -100), ("2024-02", 100)]
    assert state_of(sold) == (100, 0)


def test_what_fits_only_together_enters_within_a_batch_too(source: BillingSource) -> None:
    sold = record(amount="100")
    feed(source, sold, taken(sold, "refund", 50, 17))
    assert feed(source, taken(sold, "refund_reversal", 80, 16), taken(sold, "refund", 100, 15)).accepted == 2
    assert state_of(sold) == (70, 0)


def test_records_of_a_batch_are_tried_in_the_order_in_which_they_occurred(source: BillingSource) -> None:
    sold = record(amount="100")
    feed(source, sold)
    result = feed(source, taken(sold, "refund", 60, 3), taken(sold, "refund", 70, 2))
    assert result.refused == {1: Reason.EXCEEDS_CHARGE}


def test_a_refund_that_exceeds_its_charge_keeps_nothing_else_out(source: BillingSource) -> None:
    """It was sent twice, under two ids, before everything that follows it."""
    sold = record(amount="100", occurred_at=BEGINNING.isoformat())
    feed(source, sold, taken(sold, "refund", 50, 17))
    feed(source, taken(sold, "refund", 100, 15))
    feed(source, taken(sold, "refund", 100, 15, record_id="told-twice"))
    post()
    assert len(held()) == 2
    feed(source, taken(sold, "refund_reversal", 80, 16))
    post()
    assert held() == [("told-twice", "exceeds_charge")]
    assert state_of(sold) == (70, 0)
    assert unsound() == []


def test_records_of_one_charge_are_never_taken_apart(
    source: BillingSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earnings.services.quarantine.AT_ONCE", 2)
    sold = record(amount="100")
    others = [record(amount="100") for _ in range(3)]
    feed(source, *(refund(other, amount="1") for other in others))
    feed(source, sold, taken(sold, "refund", 50, 17))
    for held_back in (taken(sold, "refund", 100, 15), taken(sold, "refund_reversal", 80, 16)):
        feed(source, held_back)
    feed(source, *others)
    post()
    assert held() == []


KINDS = ("refund", "refund_reversal", "chargeback", "chargeback_reversal")


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, int]]:
    """Draw a valid history of a charge of 100, in order of occurrence."""
    refunded = charged_back = 0
    events: list[tuple[str, int]] = []
    for _ in range(draw(st.integers(1, 9))):
        room = {
            "refund": 100 - refunded - charged_back,
            "chargeback": 100 - refunded - charged_back,
            "refund_reversal": refunded,
            "chargeback_reversal": charged_back,
        }
        kind = draw(st.sampled_from([kind for kind in KINDS if room[kind]]))
        amount = draw(st.one_of(st.just(room[kind]), st.integers(1, room[kind])))
        change = -amount if kind.endswith("reversal") else amount
        if kind.startswith("refund"):
            refunded += change
        else:
            charged_back += change
        events.append((kind, amount))
    return events


@given(history=histories(), data=st.data())
@settings(max_examples=30, deadline=None)
def test_any_order_of_arrival_gives_the_same_result(
    history: list[tuple[str, int]], data: st.DataObject
) -> None:
    with transaction.atomic():
        source = SourceFactory.create()
        sold = record(amount="100", occurred_at=BEGINNING.isoformat())
        events = [sold, *(taken(sold, kind, amount, day) for day, (kind, amount) in enumerate(history, 1))]
        arriving = data.draw(st.permutations(events))
        while arriving:
            size = data.draw(st.integers(1, len(arriving)))
            feed(source, *arriving[:size])
            arriving = arriving[size:]
            if data.draw(st.booleans()):
                enter_ready(now=NOW)
        enter_ready(now=NOW)
        assert held(source) == []
        assert BillingRecord.objects.filter(source=source).count() == len(events)
        expected = {kind: sum(amount for other, amount in history if other == kind) for kind in KINDS}
        assert state_of(sold) == (
            expected["refund"] - expected["refund_reversal"],
            expected["chargeback"] - expected["chargeback_reversal"],
        )
        assert unsound() == []
        transaction.set_rollback(True)
