"""Who can be paid, from which earnings, and why not: one set of rules, for runs and for what creators see."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from database import sql
from money.currencies import AMOUNT_STEPS
from payouts.selectors.bank_minimums import bank_minimums
from payouts.states import BLOCKS_THE_NEXT, MAY_BE_OVERTAKEN

# Part of a statement that defines `candidate`.
BLOCKERS = sql.read(Path(__file__).parent / "blockers.sql")
# A condition on an unclaimed `earning`. Debts of creators with nothing else to claim meet it too.
CLAIMABLE = sql.read(Path(__file__).parent / "claimable.sql")
# How long a bank's refusal of an amount as too small counts, in case that its minimum changes.
REFUSED_AS_TOO_SMALL_FOR = timedelta(days=365)


def blocker_rules(*, now: datetime) -> dict[str, Any]:
    """Return the parameters of `BLOCKERS`: the minimums, also those of banks, and which earlier payouts block the next.

    No minimum is below the smallest amount that Stripe takes.
    """
    minimums, at_banks = settings.MINIMUM_PAYOUT, bank_minimums()
    return {
        "currencies": list(minimums),
        "minimums": [max(minimum, AMOUNT_STEPS.get(code, 0)) for code, minimum in minimums.items()],
        "bank_countries": [minimum.country for minimum in at_banks],
        "bank_currencies": [minimum.currency for minimum in at_banks],
        "bank_minimums": [minimum.amount for minimum in at_banks],
        "refused_since": now - REFUSED_AS_TOO_SMALL_FOR,
        "blocks_the_next": list(BLOCKS_THE_NEXT),
        "may_be_overtaken": list(MAY_BE_OVERTAKEN),
        "overtaken_before": now - timedelta(days=settings.PREVIOUS_PAYOUT_DAYS),
    }
