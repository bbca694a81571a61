"""Write-offs are undone first by what the creator earns afterwards, and by nothing else."""

from datetime import datetime

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from accounts.models import Creator
from database import sql
from database.staff import Act
from earnings.errors import NothingToWriteOff
from earnings.models import Adjustment, AdjustmentKind, EarnedSince
from earnings.services import adjustments, posting
from ledger.selectors import payable_balance
from money import Money
from payouts.models import Payout, RunDecision
from payouts.services.sending.unexpected import record_reversal
from payouts.services.staff import interventions
from tests.payouts.market import CUTOFF, NEXT_CUTOFF, Market, unsound

pytestmark = pytest.mark.django_db

UNDONE, RESTORED = AdjustmentKind.WRITE_OFF_UNDONE, AdjustmentKind.WRITE_OFF_RESTORED
OCTOBER, NOVEMBER = "2025-10-10T12:00:00Z", "2025-11-10T12:00:00Z"


@pytest.fixture
def alice(market: Market) -> Creator:
    return market.creator("alice")


def owed(creator: Creator) -> int:
    assert unsound() == {}
    return payable_balance(creator.pk, currency="USD")


def booked(creator: Creator) -> list[tuple[str, int]]:
    """List what write-offs gave up and what was undone of them, in the order of booking."""
    rows = Adjustment.objects.filter(creator=creator, kind__in=[AdjustmentKind.WRITE_OFF, UNDONE, RESTORED])
    return [(row.kind, row.amount) for row in rows.exclude(earning=None).order_by("decided_at", "pk")]


def undone(write_off: Adjustment) -> int:
    return -(write_off.undoings.aggregate(amount=Sum("amount"))["amount"] or 0)


def paid(creator: Creator) -> list[int]:
    payouts = Payout.objects.filter(creator=creator).exclude(status="cancelled")
    return list(payouts.order_by("run__cutoff").values_list("net_amount", flat=True))


def in_september() -> datetime:
    return sql.now().replace(year=2025, month=9, day=20)


def test_only_what_is_owed_to_the_platform_is_written_off(alice: Creator, market: Market) -> None:
    with pytest.raises(NothingToWriteOff):
        market.write_off(alice)
    market.sell(alice, 10_00)
    with pytest.raises(NothingToWriteOff):
        market.write_off(alice)
    market.refund(alice, 60_00)
    assert market.write_off(alice).amount == 40_00
    assert owed(alice) == 0


def test_a_write_off_is_refused_once_the_creator_owes_less(alice: Creator, market: Market) -> None:
    market.refund(alice, 50_00)
    proposal = adjustments.propose_write_off(alice, currency="USD", act=Act("dana", "Gone"))
    market.sell(alice, 10_00)
    with pytest.raises(NothingToWriteOff):
        adjustments.approve_adjustment(proposal.pk, act=Act("erin", "Agreed"), now=sql.now())
    assert owed(alice) == -32_00


def test_later_earnings_first_undo_what_was_written_off(alice: Creator, market: Market) -> None:
    market.refund(alice, 100_00)
    market.write_off(alice)
    market.sell(alice, 50_00)
    assert owed(alice) == 0
    market.sell(alice, 100_00)
    assert owed(alice) == 40_00
    market.sell(alice, 10_00)
    assert owed(alice) == 48_00
    assert booked(alice) == [("write_off", 80_00), (UNDONE, -40_00), (UNDONE, -40_00)]


def test_a_run_pays_only_what_is_left_after_undoing(alice: Creator, market: Market) -> None:
    """Even though the undoing is booked after the cut-off of the run that would pay the sale."""
    market.refund(alice, 100_00, at="2025-08-12T12:00:00Z")
    market.write_off(alice)
    market.arrive("charge", alice, 200_00)
    market.arrive("charge", alice, 100_00, at=OCTOBER)
    market.run(CUTOFF)
    assert RunDecision.objects.get(run__cutoff=CUTOFF).amount == 160_00 - 80_00
    assert owed(alice) == 80_00


@pytest.mark.parametrize("bob_sells", [False, True])
@pytest.mark.parametrize(("counts_as_earned", "pays"), [(True, 100_00), (False, 200_00)])
def test_a_correction_undoes_a_write_off_if_it_says_so(
    market: Market, bob_sells: bool, counts_as_earned: bool, pays: int
) -> None:
    alice, bob = market.creators(["alice", "bob"])
    market.refund(alice, 125_00)
    market.write_off(alice)
    market.adjust(alice, 200_00, counts_as_earned=counts_as_earned, booked_at=in_september())
    assert owed(alice) == pays
    if bob_sells:
        market.arrive("charge", bob, 1)
    market.run()
    assert paid(alice) == [pays]


def test_goodwill_stays_with_the_creator(market: Market) -> None:
    alice, bob = market.creators(["alice", "bob"])
    market.refund(alice, 125_00)
    market.write_off(alice)
    market.adjust(alice, 50_00, booked_at=sql.now())
    for seller in (bob, alice):
        market.sell(seller, 50_00)
    assert owed(alice) == 50_00
    assert booked(alice) == [("write_off", 100_00), (UNDONE, -40_00)]


def test_a_negative_correction_is_paid_off_before_write_offs(alice: Creator, market: Market) -> None:
    market.refund(alice, 125_00)
    market.write_off(alice)
    market.adjust(alice, -30_00, booked_at=in_september())
    market.sell(alice, 50_00)
    assert owed(alice) == 0
    assert booked(alice)[1:] == [(UNDONE, -10_00)]


def test_rows_released_by_a_dead_payout_do_not_count_as_earned(market: Market) -> None:
    alice, bob = market.creators(["alice", "bob"])
    payout = market.payout(alice, gross=100_00)
    market.refund(alice, 125_00)
    market.write_off(alice)
    interventions.cancel_payout(payout.pk, act=Act("dana", "Wrong bank"), now=sql.now())
    market.sell(bob, 1)
    assert owed(alice) == 80_00
    market.run(NEXT_CUTOFF)
    assert paid(alice) == [80_00]
    assert booked(alice) == [("write_off", 100_00)]


def test_an_unexpected_transfer_that_was_written_off_and_comes_back_undoes_it(
    alice: Creator, market: Market
) -> None:
    adjustments.book_automatic_adjustment(
        alice.pk,
        amount=Money(-80_00, "USD"),
        kind=AdjustmentKind.UNEXPECTED_TRANSFER,
        reason="tr_1",
        source_key="transfer:tr_1:unexpected",
        now=sql.now(),
    )
    market.write_off(alice)
    assert owed(alice) == 0
    assert record_reversal(transfer_id="tr_1", amount_reversed=30_00, now=sql.now())
    assert owed(alice) == 0
    assert record_reversal(transfer_id="tr_1", amount_reversed=80_00, now=sql.now())
    assert owed(alice) == 0
    assert booked(alice) == [("write_off", 80_00), (UNDONE, -30_00), (UNDONE, -50_00)]


def test_a_refund_that_is_reversed_undoes_what_was_written_off_for_it(alice: Creator, market: Market) -> None:
    sold = market.sell(alice, 100_00)
    market.run()
    market.refund(alice, 100_00, related_record_id=sold)
    market.write_off(alice)
    market.record("refund_reversal", alice, 100_00, at=OCTOBER, related_record_id=sold)
    assert owed(alice) == 0
    assert booked(alice) == [("write_off", 80_00), (UNDONE, -80_00)]


@pytest.mark.parametrize("posted_together", [True, False])
def test_a_sale_that_is_refunded_leaves_the_write_off_as_it_was(
    alice: Creator, market: Market, posted_together: bool
) -> None:
    market.refund(alice, 125_00)
    written = market.write_off(alice)
    sold = market.arrive("charge", alice, 50_00)
    if not posted_together:
        posting.post_due(now=sql.now())
        assert (owed(alice), undone(written)) == (0, 40_00)
    market.refund(alice, 50_00, related_record_id=sold)
    assert (owed(alice), undone(written)) == (0, 0)


def test_losses_after_a_payout_are_owed_except_for_what_was_written_off(
    alice: Creator, market: Market
) -> None:
    market.refund(alice, 125_00, at="2025-08-12T12:00:00Z")
    market.write_off(alice)
    sold = market.sell(alice, 250_00)
    market.run()
    assert paid(alice) == [100_00]
    market.refund(alice, 250_00, at=OCTOBER, related_record_id=sold)
    assert owed(alice) == -100_00
    assert booked(alice)[1:] == [(UNDONE, -100_00), (RESTORED, 100_00)]


@pytest.mark.parametrize("first", ["2025-09-10T12:00:00Z", OCTOBER])
def test_runs_pay_the_same_in_whichever_order_months_arrive(
    alice: Creator, market: Market, first: str
) -> None:
    market.refund(alice, 125_00, at="2025-08-12T12:00:00Z")
    market.write_off(alice)
    for at in sorted(["2025-09-10T12:00:00Z", OCTOBER], key=lambda at: at != first):
        market.sell(alice, 250_00, at=at)
    for cutoff in (CUTOFF, NEXT_CUTOFF):
        market.run(cutoff)
    decided = RunDecision.objects.order_by("run__cutoff").values_list("amount", flat=True)
    assert list(decided) == [100_00, 200_00]


def test_two_write_offs_are_undone_separately_the_older_one_first(alice: Creator, market: Market) -> None:
    written = []
    for amount, reason in [(50_00, "Fraud on her card"), (25_00, "She is ill")]:
        market.refund(alice, amount)
        written.append(market.write_off(alice, reason=reason))
    market.sell(alice, 55_00)
    assert [(each.amount, undone(each)) for each in written] == [(40_00, 40_00), (20_00, 4_00)]
    older, newer = (each.undoings.get() for each in written)
    assert "Fraud on her card" in older.reason
    assert "She is ill" in newer.reason
    market.sell(alice, 100_00)
    assert [undone(each) for each in written] == [40_00, 20_00]
    assert owed(alice) == 64_00


def test_undoings_before_a_second_write_off_stay_until_they_are_restored(
    alice: Creator, market: Market
) -> None:
    market.refund(alice, 125_00, at="2025-08-12T12:00:00Z")
    older = market.write_off(alice)
    market.sell(alice, 250_00)
    market.run()
    assert paid(alice) == [100_00]
    market.refund(alice, 125_00, at=OCTOBER)
    newer = market.write_off(alice)
    assert (owed(alice), undone(older), undone(newer)) == (0, 100_00, 0)
    market.sell(alice, 50_00, at=OCTOBER)
    assert (owed(alice), undone(older), undone(newer)) == (0, 100_00, 40_00)
    market.refund(alice, 75_00, at=OCTOBER)
    assert (owed(alice), undone(older), undone(newer)) == (0, 80_00, 0)


def test_debt_beyond_a_write_off_is_paid_first(alice: Creator, market: Market) -> None:
    market.refund(alice, 50_00)
    proposal = adjustments.propose_write_off(alice, currency="USD", act=Act("dana", "Gone"))
    market.refund(alice, 25_00)
    adjustments.approve_adjustment(proposal.pk, act=Act("erin", "Agreed"), now=sql.now())
    assert owed(alice) == -20_00
    market.sell(alice, 50_00)
    assert owed(alice) == 0
    assert booked(alice) == [("write_off", 40_00), (UNDONE, -20_00)]


def test_an_undoing_names_its_write_off_and_says_what_it_is(alice: Creator, market: Market) -> None:
    market.refund(alice, 100_00)
    written = market.write_off(alice, reason="Too small to ask for")
    sold = market.sell(alice, 50_00)
    market.refund(alice, 50_00, related_record_id=sold)
    undoing, restoring = Adjustment.objects.filter(kind__in=[UNDONE, RESTORED]).order_by("pk")
    assert undoing.write_off == restoring.write_off == written
    of = f"the write-off of {written.decided_at:%Y-%m-%d} (Too small to ask for)"
    assert undoing.reason == f"Later earnings undo {of}"
    assert restoring.reason == f"Refunds, or earnings in an earlier month, restore {of}"
    assert undoing.earning
    assert restoring.earning
    assert undoing.earning.description == "Write-off undone by later earnings"
    assert restoring.earning.description == "Write-off restored"


def test_a_run_settles_what_somebody_else_has_changed(alice: Creator, market: Market) -> None:
    market.refund(alice, 125_00)
    market.write_off(alice)
    market.adjust(alice, 150_00, booked_at=in_september())
    EarnedSince.objects.create(
        write_off=Adjustment.objects.get(kind="write_off"), period_end=CUTOFF, earned=60_00
    )
    market.run()
    assert paid(alice) == [90_00]


def test_a_write_off_that_cannot_be_settled_does_not_stop_the_run(market: Market) -> None:
    alice, bob = market.creators(["alice", "bob"])
    for creator in (alice, bob):
        market.refund(creator, 125_00)
        written = market.write_off(creator)
        EarnedSince.objects.create(write_off=written, period_end=CUTOFF, earned=60_00)
        market.adjust(creator, 150_00, booked_at=in_september())
    sql.run(
        "CREATE FUNCTION refuse_alice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation; END $$"
    )
    sql.run(
        "CREATE TRIGGER refuse_alice BEFORE INSERT ON adjustments FOR EACH ROW"
        f" WHEN (NEW.kind = 'write_off_undone' AND NEW.creator_id = '{alice.pk}') EXECUTE FUNCTION refuse_alice()"
    )
    market.run()
    assert (paid(alice), paid(bob)) == ([150_00], [90_00])


def test_posting_looks_only_at_its_own_creators(market: Market) -> None:
    """However many other creators have write-offs."""
    creators = market.creators([f"creator-{number:02}" for number in range(40)])
    for creator in creators[:-1]:
        market.refund(creator, 10_00)
        market.write_off(creator)
    EarnedSince.objects.all().delete()
    market.sell(creators[-1], 10_00)
    with CaptureQueriesContext(connection) as queries:
        market.sell(creators[0], 10_00)
    assert Adjustment.objects.filter(kind=UNDONE).values_list("creator", flat=True).get() == creators[0].pk
    assert sum("earned_since_write_offs" in query["sql"] for query in queries) == 2


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_undoings_without_a_write_off_stay_undone(alice: Creator, market: Market) -> None:
    written = []
    for amount in (50_00, 25_00):
        market.refund(alice, amount)
        written.append(market.write_off(alice))
    market.adjust(alice, -5_00, booked_at=sql.now())
    market.sell(alice, 60_00)
    try:
        call_command("migrate", "earnings", "0029", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    for each in written:
        each.refresh_from_db()
    assert [each.undone_before for each in written] == [40_00, 3_00]
    assert owed(alice) == 0
    sold = market.sell(alice, 15_00)
    assert (owed(alice), [undone(each) for each in written]) == (0, [0, 12_00])
    market.refund(alice, 15_00, related_record_id=sold)
    market.sell(alice, 100_00)
    assert (owed(alice), [undone(each) for each in written]) == (63_00, [0, 17_00])
