"""What staff do after the payouts: report each month, reconcile with Stripe, and look ahead to the next run."""

from collections.abc import Sequence
from datetime import date

from django.core.management.base import CommandError

from database.display import count_of
from money import Money, month_of
from payouts_project.demo import acts
from payouts_project.demo.telling import Teller


def report_months(cutoffs: Sequence[date], tell: Teller) -> None:
    """Write the platform's report for each month that was paid."""
    tell.step("Writing the platform's report of each month")
    for cutoff in cutoffs:
        month = month_of(cutoff).previous_month()
        report = acts.command("report_revenue", "--month", f"{month.start:%Y-%m}", "--make")
        for currency, figures in report["currencies"].items():
            fees = Money(figures["total_platform_fees"], currency)
            tell.say(f"{month.start:%B}: {fees} in platform fees")


def compare_with_stripe(tell: Teller) -> None:
    """Compare everything that moved at Stripe with the books: only what someone did by hand may differ."""
    tell.step("Comparing every payment with Stripe, to the cent")
    result = acts.command("reconcile")
    tell.say(
        f"{count_of(result['transfers'], 'transfer')} and {count_of(result['bank_payouts'], 'bank payout')} compared"
    )
    differences = sum(result["open"].values())
    if result["found"] or differences > 1:
        raise CommandError(
            f"Stripe and the books differ in more than the reversal made by hand: {result['open']}."
        )
    tell.say(f"{count_of(differences, 'difference')} open: the reversal made by hand")


def look_ahead(tell: Teller) -> None:
    """Check whether the balance at Stripe is enough for the next run."""
    tell.step("Looking ahead: is there enough money at Stripe for the next run?")
    forecast = acts.command("forecast_payouts")
    cutoff = date.fromisoformat(forecast.pop("cutoff"))
    for currency, figures in forecast.items():
        needed, available = (Money(figures[name], currency) for name in ("needed", "available"))
        tell.say(f"On {cutoff.day} {cutoff:%B} it needs {needed}; Stripe has {available}")
