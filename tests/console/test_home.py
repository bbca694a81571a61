"""The home page tells what needs people, and its figures are the sums of the rows that they lead to."""

from datetime import date, timedelta
from html import unescape
from http import HTTPStatus

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from console.home import records
from console.home.concerns import Concern
from console.home.figures import figures
from database import sql
from database.staff import Act, Right
from earnings.services import adjustments
from ledger.models import LedgerAccount
from money import Money
from payouts.models import Difference, Forecast, Payout, PayoutEvent
from payouts.selectors import latest_due_cutoff
from payouts.services.deciding import pauses, runs
from payouts.services.reconciliation import books
from payouts.states import PayoutStatus
from revenue.models import PlatformRevenue
from tests.console.marketplace import APRIL, Marketplace
from tests.factories import CreatorFactory, UserFactory

HOME = "/admin/"
# The home page asks each question once. What it costs doesn't grow with what was paid.
QUERIES = 45
AMOUNTS = {Payout: "net_amount", LedgerAccount: "balance", Difference: "amount"}


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def come_back(payout: Payout, code: str) -> None:
    """Have a bank send a payout back, as if the service had been told."""
    Payout.objects.filter(pk=payout.pk).update(status=PayoutStatus.RETURNED, failure_code=code, paid_at=None)
    PayoutEvent.objects.create(
        payout=payout,
        from_status=PayoutStatus.PAID,
        to_status=PayoutStatus.RETURNED,
        actor="system",
        at=sql.now() - timedelta(days=3),
    )


def rows_behind(client: Client, address: str, currency: str) -> tuple[int, Money]:
    """Count and add up the rows that a page lists; on pages without a list, those of the first panel."""
    page = client.get(address)
    assert page.status_code == HTTPStatus.OK, address
    if "cl" in page.context:
        changes = page.context["cl"]
        amounts = (
            [getattr(row, AMOUNTS[changes.model]) for row in changes.queryset]
            if changes.model in AMOUNTS
            else []
        )
        return changes.queryset.count(), Money(sum(amounts), currency)
    rows = page.context["panels"][0].rows
    place = page.context["panels"][0].columns.index("Waiting" if "held" in address else "Owes")
    return len(rows), sum((row[place] for row in rows), Money(0, currency))


def said(concerns: list[Concern]) -> list[str]:
    return [unescape(strip_tags(concern.sentence)) for concern in concerns]


def test_every_figure_is_the_sum_of_the_rows_it_leads_to(marketplace: Marketplace, superuser: Client) -> None:
    marketplace.live_through_april()
    come_back(Payout.objects.latest("pk"), "account_closed")
    home = superuser.get(HOME).context
    figures = {figure.title: figure for figure in home["figures"]["USD"]}
    assert {title: figure.amount for title, figure in figures.items()} == {
        "Owed to creators": usd(800),
        "In payouts": usd(72_000),
        "Held": usd(800),
        "Owed by creators": usd(4_000),
        "Paid this month": usd(96_000 + 72_000),
        "Fees this month": usd(0),
    }
    for title in ("Owed to creators", "In payouts", "Held", "Owed by creators"):
        assert rows_behind(superuser, figures[title].address, "USD")[1] == figures[title].amount, title
    for title in ("Paid this month", "Fees this month"):
        assert str(figures[title].amount) in superuser.get(figures[title].address).content.decode()

    counted = [concern for concern in home["concerns"] if concern.count is not None]
    assert len(counted) >= 5
    for concern in counted:
        count, amount = rows_behind(superuser, concern.address, "USD")
        assert count == concern.count, concern
        assert concern.amount in (None, amount), concern


def test_the_figures_in_the_platforms_own_currency_come_first(db: None) -> None:
    march, april = date(2026, 3, 1), date(2026, 4, 1)
    months = [
        PlatformRevenue(month=month, currency=code) for month in (april, march) for code in ("EUR", "USD")
    ]
    assert list(figures([], months)) == ["USD", "EUR"]


def test_what_stops_all_payments_comes_first(marketplace: Marketplace, superuser: Client) -> None:
    come_back(Payout.objects.get(), "account_closed")
    pauses.pause_sending(act=Act("sam", "A wrong run"), now=sql.now())
    told = superuser.get(HOME).context["concerns"]
    only_told = [concern.tone == "waiting" for concern in told]
    assert only_told == sorted(only_told)
    concerns = said(told)
    assert concerns[:3] == [
        "Sending is paused: A wrong run.",
        f"The books don't balance: 1 of {len(books.validations())} checks failed.",
        "Stripe opens no accounts for the platform: Your platform needs approval.",
    ]
    assert "1 payout came back from the bank, $960.00: 1 account closed" in concerns
    assert "Correction of $5.00 for bob waits for a second person. Proposed by sam." in concerns
    assert "1 difference, $5.00: 1 without an owner" in concerns
    assert "1 record in quarantine: 1 unknown API" in concerns
    assert "1 batch set aside: posting failed." in concerns
    assert "1 creator on hold, $8.00 waiting" in concerns


def test_of_many_proposals_only_the_oldest_are_told(superuser: Client) -> None:
    creator, act = CreatorFactory.create(external_id="alice"), Act("sam", "A wrong meter")
    for amount in range(1, records.PROPOSALS_SHOWN + 2):
        adjustments.propose_adjustment(creator, amount=usd(amount), act=act)
    told = [sentence for sentence in said(superuser.get(HOME).context["concerns"]) if "second" in sentence]
    assert len(told) == records.PROPOSALS_SHOWN + 1
    assert told[0].startswith("Correction of $0.01 for alice")
    assert told[-1] == "More proposals wait for a second person."


def test_sending_is_paused_and_resumed_from_the_home_page(marketplace: Marketplace, client: Client) -> None:
    client.force_login(UserFactory.create(rights=[Right.PAUSE_SENDING, Right.RESUME_SENDING]))
    assert [button.act.name for button in client.get(HOME).context["brakes"]] == ["pause-sending"]
    pause = pauses.pause_sending(act=Act("sam", "A wrong run"), now=sql.now())
    page = client.get(HOME)
    assert not page.context["brakes"]
    assert reverse("admin:act", args=["resume-sending", pause.pk]) in page.content.decode()


def test_a_failed_payout_needs_someone_until_it_is_retried_or_a_later_run_takes_it(
    marketplace: Marketplace, superuser: Client
) -> None:
    payout = Payout.objects.get()
    Payout.objects.update(status=PayoutStatus.FAILED, failure_code="account_closed", paid_at=None)
    sentence = "1 payout of the last run failed, $960.00: 1 account closed"
    assert sentence in said(superuser.get(HOME).context["concerns"])
    (failure,) = superuser.get(HOME).context["last"].failures
    assert "account closed" in failure

    marketplace.live_through_april()
    assert sentence not in said(superuser.get(HOME).context["concerns"])
    assert payout.run != Payout.objects.latest("pk").run


def test_the_next_run_tells_whom_it_pays_and_whom_not(marketplace: Marketplace, superuser: Client) -> None:
    marketplace.sell("may", APRIL.replace("2024-04", "2024-05"))
    made_at = Forecast.objects.get().made_at
    assert superuser.get("/admin/home/forecast/").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert superuser.post("/admin/home/forecast/").status_code == HTTPStatus.FOUND
    forecast = Forecast.objects.latest("made_at")
    assert forecast.made_at > made_at

    (card,) = superuser.get(HOME).context["next"].currencies
    assert (card.needed, card.payees) == (usd(72_000), 1)
    assert card.after == usd(forecast.available - 72_000)
    assert card.not_paid_creators == 2
    assert {(reason, amount) for reason, _, amount in card.not_paid} == {
        ("Below the minimum", usd(800)),
        ("Owes the platform", usd(-4_000)),
    }
    assert round(sum(share.percent for share in card.bar)) == 100


def test_a_run_that_is_sent_tells_how_far_it_is_until_it_is_done(
    marketplace: Marketplace, superuser: Client
) -> None:
    marketplace.receive("april", APRIL)
    runs.make_run(cutoff=latest_due_cutoff(now=sql.now()), now=sql.now())
    card = superuser.get("/admin/home/last-run/")
    assert card.context["last"].progress.waiting == 1
    assert 'hx-trigger="every 5s"' in card.content.decode()
    marketplace.settle()
    card = superuser.get("/admin/home/last-run/")
    assert card.context["last"].progress is None
    assert "hx-" not in card.content.decode()
    assert [status for status, _, _ in card.context["last"].currencies[0].outcomes] == [PayoutStatus.PAID]


def test_each_chart_has_its_figures_as_a_table(marketplace: Marketplace, superuser: Client) -> None:
    marketplace.live_through_april()
    sql.run("DELETE FROM platform_revenue WHERE month > '2024-04-30'")
    sql.run(
        "UPDATE platform_revenue SET month = month_of(clock_timestamp()) - interval '1 month',"
        " total_creator_payouts = 72000 WHERE month = '2024-04-01'"
    )
    page = superuser.get(HOME)
    sales, paid = page.context["charts"]
    row = PlatformRevenue.objects.latest("month")
    months = {month: amounts for month, _, amounts in sales.rows}
    assert len(months) == 12
    assert months[row.month] == [
        usd(row.total_platform_fees),
        usd(row.total_creator_earnings),
        usd(row.total_gross_revenue),
    ]
    assert [amounts for month, _, amounts in paid.rows if month == row.month] == [
        [usd(row.total_creator_payouts), usd(0)]
    ]
    assert page.content.decode().count("As table") == 2


def test_the_home_page_asks_each_question_once(marketplace: Marketplace, superuser: Client) -> None:
    superuser.get(HOME)
    with CaptureQueriesContext(connection) as queries:
        superuser.get(HOME)
    assert len(queries) <= QUERIES
