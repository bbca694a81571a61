"""Staff accept a refund whose charge never came; if it comes after all, nothing is taken back twice."""

import json
from collections.abc import Sequence
from datetime import timedelta
from io import StringIO
from itertools import permutations
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from accounts.models import Creator
from database import sql
from database.models import RecordedAct
from database.refusals import Refusal
from database.staff import Act, Right
from earnings.errors import (
    ApiNotNamed,
    ChargeIsKnown,
    LaterCopyWaits,
    NothingTakenBack,
    NotOfUnknownCharge,
    OwnershipTooEarly,
    RateTooEarly,
    RecordNotInQuarantine,
    RecordStillUnusable,
    UnknownApi,
)
from earnings.models import (
    Api,
    BillingBatch,
    BillingRecord,
    BillingSource,
    ChargeTakeback,
    QuarantinedRecord,
    UnlinkedRecord,
)
from earnings.selectors import unlinked_entry
from earnings.services import batches, commission, quarantine, unlinked
from earnings.services.catalog import CatalogEntry, register_apis
from ledger.selectors import payable_balance
from money import Money
from payouts.services.reconciliation import books
from tests.earnings.test_batches import no_row_with, unsound
from tests.factories import OwnershipFactory, UserFactory
from tests.feeding import NOW, earned, feed, held, post, record, refund

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice")]
ACT = Act("dana", "The charge was made before the marketplace kept records")


def waiting(record_id: str) -> int:
    return QuarantinedRecord.objects.get(record_id=record_id, resolved_at=None).pk


def unsound_charges() -> list[str]:
    laws = {"charges_are_taken_back_as_recorded", "records_bear_their_owner_and_rate"}
    return [finding for law in books.validations() if law.stem in laws for finding in books.findings(law)]


def accept(taken: dict[str, Any], api: str | None = "api-a") -> UnlinkedRecord:
    return unlinked.accept_unlinked(waiting(taken["record_id"]), api=api, act=ACT, now=NOW)


def test_an_accepted_refund_takes_from_the_owner_at_the_rate_of_its_own_time(
    source: BillingSource, alice: Creator, bob: Creator
) -> None:
    api = Api.objects.get(external_id="api-a")
    OwnershipFactory.create(api=api, creator=bob, owned_from="2024-02-01T00:00:00Z")
    commission.set_rate(1_000, of=api, effective_from=NOW - timedelta(days=100), act=ACT)
    taken = refund(record(), amount=1000, occurred_at="2024-03-01T00:00:00Z")
    feed(source, taken)
    accepted = accept(taken)
    assert earned() == [("bob", "api-a", "2024-03", -1000, -100, -900)]
    assert payable_balance(bob.pk, currency="USD") == -900
    assert (accepted.actor, accepted.reason) == (ACT.actor, ACT.reason)
    assert QuarantinedRecord.objects.get().resolution == "unlinked"
    assert unsound() == {}


def test_the_preview_says_what_is_booked_to_the_cent(source: BillingSource, alice: Creator) -> None:
    """The earning rounds as a whole: 20 % of 1,002 is 200, and of 1,002 - 1 again."""
    feed(source, record(amount=1002))
    post()
    taken = refund(record(), amount=1)
    feed(source, taken)
    before = payable_balance(alice.pk, currency="USD")
    entry = unlinked_entry(waiting(taken["record_id"]), api="api-a", now=NOW)
    assert (entry.creator, entry.gross, entry.platform_fee) == (alice, Money(-1, "USD"), Money(0, "USD"))
    accept(taken)
    assert payable_balance(alice.pk, currency="USD") - before == entry.net.amount


def test_a_preview_writes_and_locks_nothing(source: BillingSource) -> None:
    taken = refund(record())
    feed(source, taken)
    connection.check_constraints()  # which locks rows
    sql.run("SET TRANSACTION READ ONLY")
    assert unlinked_entry(waiting(taken["record_id"]), api="api-a", now=NOW).net == Money(-800, "USD")


def test_the_preview_says_when_the_charge_waits_in_quarantine_too(source: BillingSource) -> None:
    sold = record(api_id="api-unknown")
    feed(source, sold, refund(sold))
    taken = QuarantinedRecord.objects.get(reason="charge_unknown")
    assert unlinked_entry(taken.pk, api="api-a", now=NOW).charge_waits_as == "api_unknown"


# What arrives of a charge of $100: two refunds, one of which is reversed.
SOLD = record(record_id="c", amount=10_000)
FIRST, SECOND = (
    refund(SOLD, record_id=name, amount=4_000, occurred_at=f"2024-01-{day}T00:00:00Z")
    for name, day in (("r1", 20), ("r2", 21))
)
BACK = refund(SOLD, record_id="b1", kind="refund_reversal", amount=4_000, occurred_at="2024-01-22T00:00:00Z")
EVENTS = {"charge": SOLD, "first": FIRST, "second": SECOND, "back": BACK}


@pytest.mark.parametrize("order", list(permutations(["charge", "first", "second"])), ids="-".join)
def test_whenever_the_charge_comes_figures_are_as_if_it_had_always_been_there(
    source: BillingSource, order: tuple[str, ...]
) -> None:
    arrive(source, [*order, "back"])


@pytest.mark.full
@pytest.mark.parametrize("order", list(permutations(EVENTS)), ids="-".join)
def test_whenever_a_reversal_comes_figures_are_as_if_the_charge_had_always_been_there(
    source: BillingSource, order: tuple[str, ...]
) -> None:
    arrive(source, order)


def arrive(source: BillingSource, order: Sequence[str]) -> None:
    """Staff accept the first refund as soon as it waits for its charge."""
    for name in order:
        feed(source, EVENTS[name])
        post()
        if name == "first" and ("r1", "charge_unknown") in held():
            accept(FIRST)
    assert held() == []
    assert earned() == [("alice", "api-a", "2024-01", 6_000, 1_200, 4_800)]
    takeback = ChargeTakeback.objects.get()
    assert (takeback.refunded, takeback.charged_back) == (4_000, 0)
    assert unsound_charges() == []
    for content in EVENTS.values():
        assert len(feed(source, content).duplicates) == 1


@pytest.mark.parametrize("amounts", [(6_000, 4_001), (10_000, 1), (12_000, 1)])
def test_no_more_than_the_charge_is_taken_back_once_it_comes(
    source: BillingSource, amounts: tuple[int, int]
) -> None:
    first, second = (refund(SOLD, amount=amount) for amount in amounts)
    feed(source, first)
    accept(first)
    feed(source, SOLD)
    assert feed(source, second).refused == {1: "exceeds_charge"}
    post()
    assert earned()[0][3] == 10_000 - amounts[0]
    assert unsound_charges() == []


def test_what_was_taken_beyond_the_charge_can_be_given_back(source: BillingSource) -> None:
    taken = refund(SOLD, amount=12_000)
    feed(source, taken)
    accept(taken)
    feed(source, SOLD)
    feed(source, refund(SOLD, kind="refund_reversal", amount=3_000))
    post()
    assert held() == []
    assert ChargeTakeback.objects.get().refunded == 7_000
    assert unsound_charges() == []


def test_a_reversal_without_its_charge_gives_back_only_what_was_taken(source: BillingSource) -> None:
    taken, back = refund(SOLD, amount=500), refund(SOLD, kind="refund_reversal", amount=501)
    feed(source, taken, back)
    with pytest.raises(NothingTakenBack):
        accept(back)
    accept(taken)
    with pytest.raises(NothingTakenBack, match=r"\$5\.00 of c"):
        accept(back)
    fitting = refund(SOLD, kind="refund_reversal", amount=500)
    feed(source, fitting)
    accept(fitting)
    assert earned()[0][3] == 0
    with pytest.raises(NothingTakenBack):
        accept(back)


def test_a_record_is_accepted_once(source: BillingSource) -> None:
    taken = refund(SOLD)
    feed(source, taken)
    waited = waiting(taken["record_id"])
    accept(taken)
    with pytest.raises(RecordNotInQuarantine):
        unlinked.accept_unlinked(waited, api="api-a", act=ACT, now=NOW)
    assert BillingRecord.objects.count() == UnlinkedRecord.objects.count() == 1
    assert feed(source, taken).duplicates == [1]
    assert feed(source, taken | {"amount": "999"}).refused == {1: "conflict"}


def test_the_latest_copy_is_accepted_and_supersedes_the_others(source: BillingSource) -> None:
    taken = refund(SOLD)
    feed(source, taken)
    earlier = waiting(taken["record_id"])
    feed(source, taken | {"amount": "0"})
    with pytest.raises(LaterCopyWaits):
        unlinked.accept_unlinked(earlier, api="api-a", act=ACT, now=NOW)
    feed(source, taken | {"amount": "700"})
    accept(taken)
    assert earned()[0][3] == -700
    assert held() == []


def refused(kind: type[Refusal], taken: dict[str, Any], api: str | None = "api-a") -> None:
    with pytest.raises(kind):
        accept(taken, api)
    assert not BillingRecord.objects.filter(record_id=taken["record_id"]).exists()


def test_only_records_whose_charge_never_came_can_be_accepted(source: BillingSource) -> None:
    sold = record(amount=100)
    excessive, foreign, useless = (
        refund(sold, amount=200),
        refund(sold, api_id="api-b"),
        refund(sold, amount=0),
    )
    feed(source, sold, excessive, foreign, useless)
    refused(NotOfUnknownCharge, excessive)
    refused(ChargeIsKnown, foreign)
    refused(NotOfUnknownCharge, useless)


def test_the_api_is_named_by_the_record_or_by_staff(source: BillingSource, bob: Creator) -> None:
    silent, speaking, others = refund(SOLD), refund(SOLD, api_id="api-b"), refund(SOLD, creator_id="bob")
    feed(source, silent, speaking, others)
    refused(ApiNotNamed, silent, None)
    refused(UnknownApi, silent, "api-z")
    refused(RecordStillUnusable, speaking, "api-a")
    refused(RecordStillUnusable, others, "api-a")
    accept(speaking, None)
    accept(others, "api-b")
    assert [row[:2] for row in earned()] == [("bob", "api-b")]


def test_neither_owner_nor_rate_can_change_before_an_accepted_record(
    source: BillingSource, bob: Creator
) -> None:
    taken = refund(SOLD, occurred_at="2024-03-01T00:00:00Z")
    feed(source, taken)
    accept(taken)
    api = Api.objects.get(external_id="api-a")
    early = NOW - timedelta(days=110)
    with pytest.raises(RateTooEarly):
        commission.set_rate(500, of=api, effective_from=early, act=ACT)
    with pytest.raises(OwnershipTooEarly):
        register_apis([CatalogEntry("api-a", "", "bob", owned_from=early)], now=NOW)


def test_an_accepted_record_that_cant_be_posted_goes_back_to_quarantine(source: BillingSource) -> None:
    taken = refund(SOLD)
    feed(source, taken)
    with no_row_with("gross = -1000"):
        accept(taken)
        batches.quarantine_batch(BillingBatch.objects.get(set_aside_at__isnull=False).pk, act=ACT, now=NOW)
    assert held() == [(taken["record_id"], "unpostable")]
    assert not UnlinkedRecord.objects.exists()
    corrected = taken | {"amount": "700"}
    feed(source, corrected)
    accept(corrected)
    assert earned()[0][3] == -700
    assert unsound() == {}


def test_an_acceptance_is_never_changed_or_taken_back(source: BillingSource) -> None:
    taken = refund(SOLD)
    feed(source, taken)
    accept(taken)
    for statement in ("UPDATE unlinked_records SET reason = 'another'", "DELETE FROM unlinked_records"):
        with pytest.raises(IntegrityError, match="is history"), transaction.atomic():
            sql.run(statement)


def test_a_record_is_tried_again_when_staff_ask(source: BillingSource) -> None:
    sold = record()
    taken = refund(sold)
    feed(source, taken)
    assert not quarantine.try_again(waiting(taken["record_id"]), act=ACT, now=NOW)
    feed(source, sold)
    assert quarantine.try_again(waiting(taken["record_id"]), act=ACT, now=NOW)
    post()
    assert held() == []
    assert [row.after for row in RecordedAct.objects.order_by("at")] == [
        {"entered": False},
        {"entered": True},
    ]


def command(*arguments: object) -> dict[str, Any]:
    out = StringIO()
    call_command("quarantine", *map(str, arguments), "--json", stdout=out)
    return dict(json.loads(out.getvalue()))


def test_the_command_lists_previews_retries_and_accepts(source: BillingSource) -> None:
    UserFactory.create(username="dana", rights=[Right.ACCEPT_UNLINKED, Right.RETRY_QUARANTINE])
    taken = refund(SOLD)
    feed(source, taken)
    signed = ["--reason", ACT.reason, "--actor", "dana"]
    listed = command("list", "--reason", "charge_unknown")
    number = listed["oldest"][0]["number"]
    assert (listed["reasons"], number) == ({"charge_unknown": 1}, waiting(taken["record_id"]))
    with pytest.raises(CommandError, match=f"still can't enter: #{number}: Unknown charge"):
        command("retry", number, *signed)
    told = command("preview-unlinked", number, "--api", "api-a")
    assert (told["creator"], told["gross"], told["net"]) == ("alice", -1000, -800)
    accepted = command("accept-unlinked", number, "--api", "api-a", *signed)
    assert accepted == {"accepted": taken["record_id"], "creator": "alice"}
    act = RecordedAct.objects.latest("at")
    assert (act.actor, act.kind, act.subject_id) == ("dana via cli", "accept_unlinked", str(number))
    assert act.after["gross"] == -1000
