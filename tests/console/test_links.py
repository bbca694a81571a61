"""From any row staff get to what belongs to it, and from any cent to where it came from and went."""

import re
from datetime import date
from html import unescape
from http import HTTPStatus

from django.db.models import Model
from django.test import Client

from accounts.models import Creator, CreatorPaymentAccount, Hold
from console import run_rows
from console.panels.payouts import before_and_after
from database import sql
from database.admin import list_of, page_of
from database.staff import Act
from earnings.models import (
    Api,
    BillingBatch,
    BillingRecord,
    CreatorEarning,
    EarningPosting,
    QuarantinedRecord,
)
from earnings.selectors import postings_of
from earnings.services.commission import set_rate
from ledger.models import LedgerAccount, LedgerTransaction
from money import Money
from payouts.models import Payout, PayoutAttempt, PayoutLineItem, PayoutRun, RunDecision
from payouts.selectors import decisions_by_reason, outcomes_by_status
from payouts.states import DecisionReason, PayoutStatus
from stripe_io.admin import mirrored_accounts
from tests.console.marketplace import Marketplace, pages_of
from tests.factories import CreatorEarningFactory, PayoutFactory, PayoutRunFactory


def page(client: Client, obj: Model) -> str:
    """Return an object's page, with all of its tabs."""
    return "".join(client.get(address).content.decode() for address in pages_of(obj))


def leads_to(shown: str, *objects: Model) -> bool:
    return all(f'href="{page_of(obj)}"' in shown for obj in objects)


def test_every_link_of_the_overview_leads_somewhere(marketplace: Marketplace, superuser: Client) -> None:
    addresses = set(re.findall(r'href="(/admin/[^"]*)"', superuser.get("/admin/").content.decode()))
    assert list_of(QuarantinedRecord, resolved_at__isempty=1, reason__exact="api_unknown") in map(
        unescape, addresses
    )
    for address in addresses - {"/admin/logout/"}:
        assert superuser.get(unescape(address)).status_code == HTTPStatus.OK, address


def test_a_creator_leads_to_account_holds_decisions_payouts_earnings_and_books(
    marketplace: Marketplace, superuser: Client
) -> None:
    alice = Creator.objects.get(external_id="alice")
    shown = page(superuser, alice)
    assert leads_to(
        shown,
        CreatorPaymentAccount.objects.get(creator=alice),
        PayoutRun.objects.get(),
        Payout.objects.get(),
        Api.objects.get(name="Weather"),
        *CreatorEarning.objects.filter(creator=alice),
        *LedgerAccount.objects.filter(owner_id=alice.pk),
    )
    assert leads_to(page(superuser, Creator.objects.get(external_id="charlie")), Hold.objects.get())


def test_a_stripe_account_leads_to_what_stripe_told_of_it(
    marketplace: Marketplace, superuser: Client
) -> None:
    account = CreatorPaymentAccount.objects.get(creator__external_id="alice")
    assert leads_to(page(superuser, account), mirrored_accounts().get(id=account.stripe_account_id))


def test_a_payout_leads_to_creator_run_lines_attempts_and_what_was_booked(
    marketplace: Marketplace, superuser: Client
) -> None:
    payout = Payout.objects.get()
    booked = LedgerTransaction.objects.filter(source_key__startswith=f"payout:{payout.pk}:")
    assert booked.count() == 2
    assert payout.run
    assert leads_to(
        page(superuser, payout),
        payout.creator,
        payout.run,
        *payout.line_items.all(),
        *payout.claimed_earnings.all(),
        *payout.attempts.all(),
        *booked,
    )


def test_a_payout_leads_to_those_that_it_retries_or_shares_its_earnings_with(db: None) -> None:
    first = PayoutFactory.create(status=PayoutStatus.FAILED)
    retry = PayoutFactory.create(creator=first.creator, run=first.run, retry_of=first)
    later = PayoutFactory.create(creator=first.creator, run__cutoff=date(2024, 3, 1))
    earning = CreatorEarningFactory.create(creator=first.creator)
    for payout in (first, later):
        PayoutLineItem.objects.create(
            payout=payout,
            earning=earning,
            api=earning.api,
            period_start=earning.period_start,
            period_end=earning.period_end,
            commission_bps=earning.commission_bps,
            gross_revenue=100,
            platform_fee=20,
            net_revenue=80,
            total_subscriptions=0,
            total_api_calls=0,
        )
    shown = {payout: before_and_after(payout) for payout in (first, retry, later)}
    assert {
        payout: panel and [(row[0], row[2]) for row in panel.rows] for payout, panel in shown.items()
    } == {
        first: [(retry, "It retries this one"), (later, "Paid its earnings later")],
        retry: [(first, "This one retries it")],
        later: [(first, "Had its earnings before")],
    }


def test_a_run_leads_to_its_decisions_by_reason(marketplace: Marketplace, superuser: Client) -> None:
    run = PayoutRun.objects.get()
    address = list_of(RunDecision, run=run.pk, reason__exact="negative_balance")
    assert address.replace("&", "&amp;") in page(superuser, run)
    listed = superuser.get(address).context["cl"].queryset
    assert [decision.creator.external_id for decision in listed] == ["bob"]


def test_a_runs_figures_lead_to_their_rows_in_each_currency(superuser: Client) -> None:
    run = PayoutRunFactory.create()
    for currency in ("EUR", "USD"):
        payout = PayoutFactory.create(run=run, currency=currency)
        RunDecision.objects.create(
            run=run,
            creator=payout.creator,
            currency=currency,
            reason=DecisionReason.PAID,
            amount=payout.net_amount,
            payout=payout,
        )
    for outcome in outcomes_by_status(run):
        (listed,) = superuser.get(run_rows.with_outcome(run, outcome)).context["cl"].queryset
        assert listed.net == outcome.amount
    for decisions in decisions_by_reason(run):
        (decision,) = superuser.get(run_rows.decided(run, decisions)).context["cl"].queryset
        assert Money(decision.amount, decision.currency) == decisions.amount


def test_a_billing_record_leads_to_its_earning_and_its_payout(
    marketplace: Marketplace, superuser: Client
) -> None:
    record = BillingRecord.objects.get(record_id="r-2")
    earning = CreatorEarning.objects.get(creator__external_id="alice")
    assert leads_to(
        page(superuser, record), earning, EarningPosting.objects.get(earning=earning), Payout.objects.get()
    )


def test_a_record_that_no_payout_claims_says_what_it_waits_for(
    marketplace: Marketplace, superuser: Client
) -> None:
    assert "Waits for the run" in page(superuser, BillingRecord.objects.get(record_id="r-5"))


def test_a_refund_leads_to_its_charge(marketplace: Marketplace, superuser: Client) -> None:
    charge, refund = (BillingRecord.objects.get(record_id=name) for name in ("r-1", "r-3"))
    assert leads_to(page(superuser, refund), charge)


def test_a_record_that_came_late_is_in_the_row_that_took_it(
    marketplace: Marketplace, superuser: Client
) -> None:
    marketplace.sell("late", "r-10,charge,api-weather,500,USD,2024-03-20T12:00:00Z,\n")
    late = BillingRecord.objects.get(record_id="r-10")
    first, second = CreatorEarning.objects.filter(api__name="Weather").order_by("pk")
    shown = page(superuser, late)
    assert leads_to(shown, second)
    assert not leads_to(shown, first)


def test_the_records_of_an_earning_are_those_that_make_up_its_gross(
    marketplace: Marketplace, superuser: Client
) -> None:
    earning = CreatorEarning.objects.get(creator__external_id="alice")
    assert leads_to(page(superuser, earning), *BillingRecord.objects.filter(creator=earning.creator))
    address = list_of(BillingRecord, earning=earning.pk)
    assert address in page(superuser, earning)
    listed = superuser.get(address).context["cl"].queryset
    signed = [-record.amount if record.kind == "refund" else record.amount for record in listed]
    assert sum(signed) == earning.gross == 120_000


def test_a_batch_leads_to_its_records_postings_and_quarantine(
    marketplace: Marketplace, superuser: Client
) -> None:
    batch = BillingBatch.objects.get(set_aside_at=None)
    assert leads_to(
        page(superuser, batch),
        *batch.records.all(),
        *postings_of(batch),
        *batch.quarantined_records.all(),
    )


def test_a_ledger_transaction_leads_to_its_accounts_and_their_creator(
    marketplace: Marketplace, superuser: Client
) -> None:
    reserved = LedgerTransaction.objects.get(kind="payout_reserved")
    accounts = [entry.account for entry in reserved.entries.all()]
    assert leads_to(page(superuser, reserved), *accounts, Payout.objects.get().creator)
    assert leads_to(page(superuser, accounts[0]), reserved, Payout.objects.get().creator)


def test_an_attempt_and_a_line_lead_back_to_their_payout(marketplace: Marketplace, superuser: Client) -> None:
    for row in (PayoutAttempt.objects.latest("pk"), PayoutLineItem.objects.latest("pk")):
        assert leads_to(page(superuser, row), Payout.objects.get())


def test_an_api_and_a_creator_show_the_commission_of_their_own(
    marketplace: Marketplace, superuser: Client
) -> None:
    api, alice = Api.objects.get(external_id="api-weather"), Creator.objects.get(external_id="alice")
    assert "Own commission rates" not in page(superuser, api) + page(superuser, alice)
    for of in (api, alice):
        rate = set_rate(1_250, of=of, effective_from=sql.now(), act=Act("dana", "A launch partner"))
        shown = page(superuser, of)
        assert leads_to(shown, rate)
        assert all(said in shown for said in ("Own commission rates", "12.5 %", "dana", "A launch partner"))
        assert leads_to(page(superuser, rate), of)
