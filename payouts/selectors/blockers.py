"""Who can be paid, from which earnings, and why not: one set of rules, for runs and for what creators see."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from database import sql
from money.currencies import AMOUNT_STEPS
from payouts.states import BLOCKS_THE_NEXT, MAY_BE_OVERTAKEN

# Part of a statement that defines `candidate`.
BLOCKERS = sql.read(Path(__file__).parent / "blockers.sql")
# A condition on an unclaimed `earning`. Debts of creators with nothing else to claim meet it too.
CLAIMABLE = sql.read(Path(__file__).parent / "claimable.sql")


def blocker_rules(*, now: datetime) -> dict[str, Any]:
    """Return the parameters of `BLOCKERS`: the minimums, and which earlier payouts block the next.

    No minimum is below the smallest amount that Stripe takes.
    """
    minimums = settings.MINIMUM_PAYOUT
    return {
        "currencies": list(minimums),
        "minimums": [max(minimum, AMOUNT_STEPS.get(code, 0)) for code, minimum in minimums.items()],
        "blocks_the_next": list(BLOCKS_THE_NEXT),
        "may_be_overtaken": list(MAY_BE_OVERTAKEN),
        "overtaken_before": now - timedelta(days=settings.PREVIOUS_PAYOUT_DAYS),
    }
