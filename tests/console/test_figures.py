"""What the console says of money is what the books say."""

from html import unescape

import pytest
from django.db.models import Model
from django.test import Client

from accounts.models import Creator
from database import sql
from database.admin import Figure, Panel, anchor, list_of, page_of, show
from earnings import selectors as earnings
from ledger import selectors as ledger
from money import Money
from payouts import selectors as payouts
from payouts.models import Payout, PayoutRun
from payouts.states import DecisionReason, PayoutStatus
from stripe_io import selectors as inbox
from tests.console.marketplace import Marketplace, pages_of
from tests.factories import CreatorFactory


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def panels_of(client: Client, obj: Model) -> dict[str, Panel]:
    """Return the panels of an object's page, of all its tabs, by title."""
    sections = [each for address in pages_of(obj) for each in client.get(address).context["sections"]]
    return {section.title: section for section in sections if isinstance(section, Panel)}


def test_the_overview_tells_what_is_owed_and_what_is_owed_back(marketplace: Marketplace) -> None:
    assert ledger.owed() == [ledger.Owed(to_creators=usd(800), by_creators=usd(4_000), reserved=usd(0))]


def test_the_overview_sums_up_payouts_by_status(marketplace: Marketplace) -> None:
    assert payouts.totals_by_status(now=sql.now()) == [
        payouts.PayoutTotals(PayoutStatus.PAID, 1, usd(96_000), 1, usd(96_000))
    ]


def test_the_overview_tells_why_the_last_run_did_not_pay(marketplace: Marketplace) -> None:
    run = payouts.last_run()
    assert run == PayoutRun.objects.get()
    assert {total.reason: (total.count, total.amount) for total in payouts.decisions_by_reason(run)} == {
        DecisionReason.PAID: (1, usd(96_000)),
        DecisionReason.BELOW_MINIMUM: (1, usd(800)),
        DecisionReason.NEGATIVE_BALANCE: (1, usd(-4_000)),
    }


@pytest.mark.parametrize("status", [PayoutStatus.RETURNED, PayoutStatus.FAILED])
def test_what_a_run_came_to_is_told_by_the_status_of_its_payouts(
    marketplace: Marketplace, superuser: Client, status: PayoutStatus
) -> None:
    """A payout that was made is not called paid: its bank may have sent it back."""
    payout = Payout.objects.get()
    assert payout.run
    assert payouts.outcomes_by_status(payout.run) == [
        payouts.OutcomeTotals(PayoutStatus.PAID, 1, usd(96_000))
    ]
    Payout.objects.update(status=status, paid_at=None)
    assert payouts.outcomes_by_status(payout.run) == [payouts.OutcomeTotals(status, 1, usd(96_000))]
    address = list_of(Payout, run=payout.run.pk, standing="current", status__exact=status, currency="USD")

    headlines = superuser.get(page_of(payout.run)).context["headlines"]
    assert Figure(status.label, usd(96_000), anchor(address, "1 creator")) in headlines
    assert "Paid" not in [figure.title for figure in headlines]

    panels = panels_of(superuser, payout)
    ((_, decision, *_),) = panels["Run decisions"].rows
    assert show(decision) == show(DecisionReason.PAID)
    assert "Payout made" in show(decision)
    assert "bg-green" not in show(decision)


def test_the_overview_counts_what_waits_for_staff(marketplace: Marketplace) -> None:
    assert [(str(reason), count) for reason, count in earnings.open_quarantine_by_reason()] == [
        ("api_unknown", 1)
    ]
    assert inbox.unhandled_events(now=sql.now()).count == 0
    assert not earnings.unposted().lag


def test_the_earnings_lag_is_the_age_of_the_oldest_batch_not_posted(marketplace: Marketplace) -> None:
    marketplace.receive("late", "r-10,charge,api-weather,500,USD,2024-03-20T12:00:00Z,\n")
    assert earnings.unposted().lag


def test_a_creators_page_says_where_all_that_they_earned_is(
    marketplace: Marketplace, superuser: Client
) -> None:
    marketplace.sell("late", "r-10,charge,api-weather,500,USD,2024-03-20T12:00:00Z,\n")
    alice = Creator.objects.get(external_id="alice")
    figures = payouts.standing_of("alice", now=sql.now()).totals["USD"]
    assert (figures.unclaimed_net, figures.lifetime_net, figures.lifetime_payouts) == (400, 96_400, 96_000)
    (summary,) = superuser.get(page_of(alice)).context["summaries"]
    (balance,) = summary.balances
    assert balance.earned.amount == usd(96_400)
    parts = [(part.sign, part.title, part.amount) for part in balance.parts]
    assert parts == [
        ("=", "Paid", usd(96_000)),
        ("+", "On its way", usd(0)),
        ("+", "Available", usd(400)),
    ]
    assert balance.adds_up


def test_what_a_creator_owes_is_taken_from_their_balance(marketplace: Marketplace, superuser: Client) -> None:
    page = superuser.get(page_of(Creator.objects.get(external_id="bob")))
    (balance,) = page.context["summaries"][0].balances
    assert (balance.earned.amount, balance.parts[-1].sign, balance.parts[-1].amount) == (
        usd(-4_000),
        "-",
        usd(4_000),
    )
    assert "Owes the platform" in page.content.decode()


def test_a_creators_next_payout_is_what_they_are_told(marketplace: Marketplace, superuser: Client) -> None:
    charlie = Creator.objects.get(external_id="charlie")
    upcoming = payouts.upcoming_of(charlie.pk, requested=None, now=sql.now())
    page = superuser.get(page_of(charlie))
    (summary,) = page.context["summaries"]
    (shown,) = summary.next_payouts
    assert (shown.amount, shown.upcoming.blockers, shown.is_made) == (usd(800), upcoming.blockers, False)
    assert upcoming.blockers == ("below_minimum", "on_hold")
    written = unescape(page.content.decode())
    for blocker in upcoming.explained_blockers:
        assert f"{blocker.message} {blocker.action}" in written
    assert "$17.00 short of $25.00." in written


def test_a_creators_page_says_what_the_last_run_did(marketplace: Marketplace, superuser: Client) -> None:
    payout, charlie, dave = (
        Payout.objects.get(),
        Creator.objects.get(external_id="charlie"),
        CreatorFactory.create(external_id="dave"),
    )
    Payout.objects.update(status=PayoutStatus.RETURNED, failure_code="account_closed", paid_at=None)
    pages = [superuser.get(page_of(creator)) for creator in (charlie, dave, payout.creator)]
    of_charlie, of_dave, of_alice = [page.context["summaries"][0] for page in pages]

    (told,) = of_charlie.in_last_run
    assert (told.state, told.of) == (DecisionReason.BELOW_MINIMUM, usd(800))
    assert not of_dave.in_last_run
    assert "nothing to be paid" in pages[1].content.decode()
    (told,) = of_alice.in_last_run
    assert (told.state, told.of) == (PayoutStatus.RETURNED, payout)
    assert "refused it (account closed)." in told.sentences
    assert not of_alice.under_way, "it is told once"


def test_what_each_api_earned_adds_up_to_all_that_was_earned(
    marketplace: Marketplace, superuser: Client
) -> None:
    marketplace.live_through_april()
    alice = Creator.objects.get(external_id="alice")
    rows = panels_of(superuser, alice)["Net by API and month"].rows
    assert [row[-1] for row in rows] == [usd(112_000), usd(56_000), usd(168_000)]
    for _, *months, lifetime in rows:
        assert sum((month for month in months if isinstance(month, Money)), usd(0)) == lifetime
    assert payouts.standing_of("alice", now=sql.now()).totals["USD"].lifetime_net == 168_000


def test_a_payouts_lines_are_shown_with_their_sum(marketplace: Marketplace, superuser: Client) -> None:
    marketplace.live_through_april()
    shown = superuser.get(page_of(Payout.objects.latest("pk"))).content.decode()
    assert "Total of 2" in shown
    assert shown.count("$720.00") >= 2
