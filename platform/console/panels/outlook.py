"""Panels of forecasts and of passes of reconciliation: their figures as tables."""

from database.admin import Panel, panel
from money import Money
from payouts.models import Forecast, ReconciliationPass
from payouts.states import DecisionReason


@panel(Forecast)
def what_it_needs(forecast: Forecast) -> Panel:
    def money(amount: int) -> Money:
        return Money(amount, forecast.currency)

    return Panel(
        "What it needs, and what is there",
        ["Part", "Amount"],
        [
            ("In payouts that were made and not sent", money(forecast.waiting)),
            ("The run would pay, if nothing more were sold", money(forecast.next_run)),
            ("Needed", money(forecast.needed)),
            ("Available at Stripe", money(forecast.available)),
            ("Missing", money(forecast.missing)),
        ],
    )


@panel(Forecast)
def whom_it_pays(forecast: Forecast) -> Panel:
    by_number = sorted(forecast.by_reason.items(), key=lambda each: -each[1]["creators"])
    return Panel(
        "Whom the run would pay, and whom not",
        ["Decision", "Creators", "Amount"],
        [
            (DecisionReason(reason), told["creators"], Money(told["amount"], forecast.currency))
            for reason, told in by_number
        ],
        empty="Nobody has anything to be paid in this currency.",
    )


@panel(ReconciliationPass)
def what_moved(made: ReconciliationPass) -> Panel:
    """Compare what moved at Stripe with what the books say moved."""
    return Panel(
        "Moved by the transfers compared",
        ["Currency", "At Stripe", "In the books", "Difference"],
        [
            (
                currency,
                Money(total["at_stripe"], currency),
                Money(total["in_books"], currency),
                Money(total["at_stripe"] - total["in_books"], currency),
            )
            for currency, total in sorted(made.totals.items())
        ],
        empty="No transfer moved in this time.",
    )


@panel(ReconciliationPass)
def what_was_read(made: ReconciliationPass) -> Panel:
    return Panel(
        "What was read, and what came of it",
        ["What", "Number"],
        [
            ("Transfers read", made.transfers),
            ("Balance transactions read", made.transactions),
            ("Bank payouts read", made.bank_payouts),
            ("Connected accounts read", made.accounts),
            ("Connected accounts left to the next pass", made.accounts_left),
            ("Accounts and objects that Stripe did not show", made.unread),
            ("Differences found", made.found),
            ("Fixed: what Stripe has is now recorded", made.mended),
            ("Resolved, as both sides agree again", made.gone),
        ],
    )
