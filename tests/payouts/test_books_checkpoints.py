"""A nightly check reads what is new since the last checkpoint; a weekly one reads all of the books."""

from datetime import timedelta

import pytest

from database import sql
from database.staff import Act
from payouts import selectors
from payouts.models import BooksCheckpoint, Payout
from payouts.services.reconciliation import books, scope
from payouts.services.reconciliation.scope import FACTS_SETTLED
from payouts.services.staff import interventions
from tests.payouts.corruptions import CORRUPTIONS
from tests.payouts.market import Market
from tests.payouts.tampering import guards_off, undone

pytestmark = pytest.mark.django_db(transaction=True)
VALIDATIONS = {path.stem: path for path in books.validations()}
# These change only the oldest rows.
OF_OLD_ROWS = {
    "a posted record is for more",
    "a charge becomes a refund reversal",
    "fees and receipts are off by the same",
    "entries are in another currency than their accounts",
    "a charge is taken back by nothing",
}


def checkpoint() -> BooksCheckpoint:
    """Check all of the books as if what is in them had settled, so that a later check reads only what comes after."""
    assert not [row for row in books.check_all(now=sql.now() + FACTS_SETTLED) if row.findings]
    return BooksCheckpoint.objects.latest("pk")


@pytest.fixture
def earlier(market: Market) -> BooksCheckpoint:
    """A checkpoint after sales, a refund and a write-off that is partly undone, none of it paid out."""
    zoe = market.creator("zoe", account=None)
    market.sell(zoe, 50_00, subscription_id="s0")
    market.refund(zoe, 90_00)
    market.write_off(zoe)
    market.sell(zoe, 10_00)
    return checkpoint()


def test_what_is_new_and_wrong_is_found(
    earlier: BooksCheckpoint, busier: Market, subtests: pytest.Subtests
) -> None:
    new = scope.since(earlier)
    assert {name: found for name, path in VALIDATIONS.items() if (found := books.findings(path, new))} == {}
    for corruption in CORRUPTIONS:
        if corruption.found_by in VALIDATIONS:
            path = VALIDATIONS[corruption.found_by]
            with subtests.test(corruption.what), undone(), guards_off():
                assert sql.run(corruption.statement)
                assert books.findings(path)
                assert bool(books.findings(path, new)) == (corruption.what not in OF_OLD_ROWS)


def test_a_forged_old_line_is_found_by_the_weekly_check(paid: Payout) -> None:
    first = checkpoint().checked_at
    with guards_off():
        sql.run("UPDATE payout_line_items SET commission_bps = 1000")
    books.check_nightly(now=first + timedelta(days=6))
    with pytest.raises(books.BooksDisagree, match="lines_are_as_their_earnings"):
        books.check_nightly(now=first + timedelta(days=7))


def test_a_forged_new_line_is_found_the_next_night(market: Market, paid: Payout) -> None:
    first = checkpoint().checked_at
    bob = market.creator("bob")
    market.payout(bob)
    with guards_off():
        forged = "UPDATE payout_line_items SET commission_bps = 1000 WHERE payout_id = %(payout)s"
        assert sql.run(forged, {"payout": Payout.objects.get(creator=bob).pk})
    with pytest.raises(books.BooksDisagree, match="lines_are_as_their_earnings"):
        books.check_nightly(now=first + timedelta(days=1))


def test_a_new_payout_without_a_history_is_found_the_next_night(market: Market, paid: Payout) -> None:
    """No event leads to it, so that it is found by its own id."""
    first = checkpoint().checked_at
    bob = market.payout(market.creator("bob"))
    with guards_off():
        assert sql.run("DELETE FROM payout_events WHERE payout_id = %(payout)s", {"payout": bob.pk})
    with pytest.raises(books.BooksDisagree, match="payout_histories_lead_to_their_states"):
        books.check_nightly(now=first + timedelta(days=1))


def test_a_forged_line_of_an_old_payout_is_found_the_night_after_it_moves(market: Market) -> None:
    bob = market.payout(market.creator("bob"))
    first = checkpoint().checked_at
    with guards_off():
        assert sql.run("UPDATE payout_line_items SET commission_bps = 1000")
    books.check_nightly(now=first + timedelta(days=1))
    interventions.hold_creator(bob.creator, act=Act("dana", "Looks odd"), now=sql.now())
    with pytest.raises(books.BooksDisagree, match="lines_are_as_their_earnings"):
        books.check_nightly(now=first + timedelta(days=2))


def test_books_that_do_not_hold_are_no_checkpoint(paid: Payout) -> None:
    first = checkpoint()
    with guards_off():
        sql.run("UPDATE payouts SET gross_amount = gross_amount + 1, platform_fee = platform_fee + 1")
    assert [row.name for row in books.check_all(now=sql.now()) if row.findings]
    assert BooksCheckpoint.objects.get() == first


def test_one_check_a_week_is_whole(paid: Payout) -> None:
    begun = sql.now()
    nights = [begun + timedelta(days=night) for night in range(15)]
    for night in nights:
        books.check_nightly(now=night)
    whole = BooksCheckpoint.objects.filter(is_whole=True).values_list("checked_at", flat=True)
    assert sorted(whole) == [nights[0], nights[7], nights[14]]


def test_what_a_transaction_wrote_that_was_open_at_the_last_check_is_checked_by_the_next(
    market: Market,
) -> None:
    """Its ids are lower than those which the check saw."""
    zoe = market.creator("zoe")
    market.sell(zoe, 10_00)
    open_until = sql.now()
    assert books.check_new(now=open_until)
    reached = BooksCheckpoint.objects.latest("pk")
    assert (reached.last_batch, reached.last_posting, reached.last_transaction) == (0, 0, 0)
    later = scope.FACTS_SETTLED + timedelta(seconds=1)
    assert books.check_new(now=open_until + later)
    assert BooksCheckpoint.objects.latest("pk").last_batch > 0


def test_how_long_ago_the_books_were_found_to_hold_is_known(paid: Payout) -> None:
    assert selectors.books_unchecked_for(now=sql.now()) == timedelta()
    now = sql.now()
    books.check_nightly(now=now)
    assert selectors.books_unchecked_for(now=now + timedelta(days=2)) == timedelta(days=2)
