"""The demo's months of sales: they are imported, creators get Stripe accounts, and earnings are posted."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from django.core.management.base import CommandError
from django.db.models import Count, Sum

from accounts.models import Creator, CreatorPaymentAccount
from database import sql
from database.display import count_of
from earnings.models import Api, BillingRecord, CreatorEarning, QuarantinedRecord, Reason, RecordKind
from money import Money
from payouts.models import Payout
from payouts.states import DEAD
from payouts_project.demo import acts, extract
from payouts_project.demo.telling import Teller
from stripe_io.client import call, client

SOURCE = "uci-online-retail"


def hand_over(folder: Path, tell: Teller, *, month: date) -> None:
    """Import the catalogue and the sales, the last of which are in `month`."""
    tell.step("Registering the marketplace's APIs and their creators")
    acts.command("add_source", SOURCE)
    acts.command("import_catalog", extract.CATALOG)
    tell.say(f"{count_of(Api.objects.count(), 'API')} of {count_of(Creator.objects.count(), 'creator')}")
    tell.step(f"Importing {extract.MONTHS} months of sales and refunds")
    billing = folder / "billing.csv"
    extract.write_moved(billing, running_month=month, now=sql.now())
    acts.command("import_billing", billing, "--source", SOURCE)
    tell.say(f"{count_of(BillingRecord.objects.count(), 'record')} accepted")
    held = QuarantinedRecord.objects.filter(resolved_at=None).values_list("reason").annotate(Count("pk"))
    for reason, count in held.order_by("reason"):
        tell.say(f"{count:,} in quarantine: {Reason(reason).label[0].lower()}{Reason(reason).label[1:]}")


def join_stripe(tell: Teller) -> None:
    """Open and complete a Stripe account for every creator."""
    tell.step("Opening a Stripe account for every creator")
    refused = acts.command("onboard_creators")["failed"]
    if refused:
        raise CommandError(f"No Stripe account for {count_of(refused, 'creator')}.")
    tell.say(f"{count_of(CreatorPaymentAccount.objects.filter(replaced_at=None).count(), 'account')} ready")


def earn(tell: Teller) -> None:
    """Post the earnings, and have the customers' payments arrive at Stripe."""
    tell.step("Posting each creator's earnings")
    acts.command("post_earnings")
    totals = CreatorEarning.objects.values_list("currency").annotate(Sum("platform_fee"), Sum("net"))
    for currency, fee, net in totals:
        tell.say(f"{Money(net, currency)} for creators, {Money(fee, currency)} for the platform")
    _collect_receipts()


def _collect_receipts() -> None:
    """Add what customers paid to the platform's Stripe balance, as charges would have, if it is still missing."""
    balance = call(client().v1.balance.retrieve).to_dict()
    held = {part["currency"].upper(): part["amount"] for part in balance["available"]}
    charges = BillingRecord.objects.filter(kind=RecordKind.CHARGE)
    charged: Mapping[str, int] = dict(charges.values_list("currency").annotate(Sum("amount")))
    paid = dict(Payout.objects.exclude(status__in=DEAD).values_list("currency").annotate(Sum("net_amount")))
    for currency, amount in charged.items():
        missing = amount - paid.get(currency, 0) - held.get(currency, 0)
        if missing > 0:
            acts.outside("fund", amount=missing, currency=currency.lower())
