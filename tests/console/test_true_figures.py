"""Figures that no list adds up are what the tables hold, and what Stripe says."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.db.models import Model, QuerySet, Sum
from django.test import Client
from django.urls import reverse

from accounts.models import Creator, Hold, HoldSource
from database import sql
from database.admin import Panel, page_of, show
from earnings.models import BillingRecord, CreatorEarning
from ledger.models import AccountKind, LedgerAccount
from money import Money
from payouts.models import Forecast, Payout, ReconciliationPass
from payouts.services.deciding import forecasts
from payouts.states import PayoutStatus
from tests.console.marketplace import APRIL, Marketplace
from tests.factories import PayoutFactory
from tests.local_stripe import Stripe
from tests.payouts.tampering import guards_off

PAYABLE = LedgerAccount.objects.filter(kind=AccountKind.CREATOR_PAYABLE)


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def total(rows: QuerySet[Any], field: str) -> Money:
    return usd(rows.aggregate(total=Sum(field, default=0))["total"])


def rows_of(client: Client, address: str, title: str) -> Any:
    return panel(client, address, title).rows


def panel(client: Client, address: str, title: str) -> Panel:
    """Return one of a page's panels."""
    page = client.get(address).context
    parts: Iterable[object] = [*(page.get("sections") or ()), *(page.get("panels") or ())]
    (found,) = (part for part in parts if isinstance(part, Panel) and part.title == title)
    return found


def told(client: Client, obj: Model, title: str) -> dict[str, object]:
    """Return a panel of two columns as a dictionary."""
    return {str(name): value for name, value in rows_of(client, page_of(obj), title)}


@pytest.fixture
def held(marketplace: Marketplace) -> Payout:
    """April's payout to Alice, who is held before it is sent; Charlie is held with what is in no payout."""
    marketplace.live_through_april()
    payout = Payout.objects.latest("pk")
    with guards_off():
        Payout.objects.filter(pk=payout.pk).update(status=PayoutStatus.ON_HOLD, paid_at=None)
    Hold.objects.create(
        creator=payout.creator, source=HoldSource.STAFF, reason="Asked to wait", placed_by="admin"
    )
    return payout


def test_held_money_is_what_is_booked_and_reserved_for_those_on_hold(held: Payout, superuser: Client) -> None:
    rows = rows_of(superuser, reverse("admin:held"), "Creators on hold")
    shown: dict[str, Any] = {show(creator): figures for creator, _, *figures in rows}
    assert len(shown) == 2
    for name, (unclaimed, in_payouts, waiting) in shown.items():
        (creator,) = (each for each in Creator.objects.all() if f">{each.external_id}<" in name)
        assert unclaimed == total(PAYABLE.filter(owner_id=creator.pk), "balance")
        assert in_payouts == total(creator.payouts.filter(status=PayoutStatus.ON_HOLD), "net_amount")
        assert waiting == usd(unclaimed.amount + in_payouts.amount)
    (headline,) = superuser.get(reverse("admin:held")).context["headlines"]
    assert headline.value == sum((waiting for *_, waiting in shown.values()), usd(0)) == usd(72_800)


def test_negative_balances_are_those_of_the_ledger(marketplace: Marketplace, superuser: Client) -> None:
    address = reverse("admin:negative_balances")
    ((_, owed, *_),) = rows_of(superuser, address, "Creators who owe the platform")
    (headline,) = superuser.get(address).context["headlines"]
    below = total(PAYABLE.filter(balance__lt=0), "balance")
    assert (owed, headline.value, below) == (usd(4_000), usd(4_000), usd(-4_000))


def test_a_payouts_lines_and_records_come_to_what_it_pays(
    marketplace: Marketplace, superuser: Client
) -> None:
    payout = Payout.objects.get()
    lines = panel(superuser, page_of(payout), "What it pays")
    sums = [total(payout.line_items.all(), name) for name in ("gross_revenue", "platform_fee", "net_revenue")]
    assert [cell for cell in lines.total if isinstance(cell, Money)] == sums
    assert sums[-1] == payout.net

    headlines = superuser.get(reverse("admin:payout_records", args=[payout.pk])).context["headlines"]
    figures = {figure.title: figure.value for figure in headlines}
    records = BillingRecord.objects.filter(record_id__in=["r-1", "r-2", "r-3"])
    refunded = total(records.filter(kind="refund"), "amount").amount
    gross = total(records.exclude(kind="refund"), "amount").amount - refunded
    assert (figures["Records"], figures["Gross"]) == (3, usd(gross))
    assert figures["Platform fee"] == usd(-payout.platform_fee)
    assert figures["Net"] == payout.net


def test_the_last_runs_card_sums_its_payouts(held: Payout, superuser: Client) -> None:
    def card() -> Any:
        (shown,) = superuser.get(reverse("admin:index")).context["last"].currencies
        return shown

    payouts = Payout.objects.filter(run=held.run)
    made = total(payouts, "net_amount")
    assert (card().paid, card().made) == (usd(0), made)
    assert [(status, amount) for status, _, amount in card().outcomes] == [(PayoutStatus.ON_HOLD, made)]
    with guards_off():
        payouts.update(status=PayoutStatus.PAID, paid_at=sql.now())
    assert (card().paid, card().made) == (made, made)


def test_a_forecast_tells_what_is_unsent_what_would_be_paid_and_what_stripe_has(
    marketplace: Marketplace, sandbox: Stripe, superuser: Client
) -> None:
    marketplace.sell("may", APRIL.replace("2024-04", "2024-05"))
    unsent = PayoutFactory.create(status=PayoutStatus.PROCESSING).net
    forecasts.make_forecast(now=sql.now())
    forecast = Forecast.objects.get(currency="USD")
    (balance,) = (each for each in sandbox.client.v1.balance.retrieve().available if each.currency == "usd")
    unclaimed = CreatorEarning.objects.filter(payout=None)
    would_pay = total(unclaimed.filter(creator__external_id="alice"), "net")
    assert list(told(superuser, forecast, "What it needs, and what is there").values()) == [
        unsent,
        would_pay,
        usd(unsent.amount + would_pay.amount),
        usd(balance.amount),
        usd(0),
    ]
    decided = rows_of(superuser, page_of(forecast), "Whom the run would pay, and whom not")
    assert sum((amount for *_, amount in decided), usd(0)) == total(unclaimed, "net")


def test_a_pass_tells_what_moved_at_stripe_and_in_the_books(
    marketplace: Marketplace, sandbox: Stripe, superuser: Client
) -> None:
    made = ReconciliationPass.objects.get()
    ((currency, at_stripe, in_books, difference),) = rows_of(
        superuser, page_of(made), "Moved by the transfers compared"
    )
    transfers = sandbox.transfers()
    assert currency == "USD"
    assert at_stripe == usd(sum(transfer["amount"] for transfer in transfers))
    assert in_books == total(Payout.objects.exclude(stripe_transfer_id=""), "net_amount")
    assert difference == usd(0)
    assert told(superuser, made, "What was read, and what came of it")["Transfers read"] == len(transfers)
