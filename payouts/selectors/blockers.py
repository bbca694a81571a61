"""Who may be paid, and why not: one set of rules, for runs and for what creators are told."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from database import sql
from payouts.states import BLOCKS_THE_NEXT, MAY_BE_OVERTAKEN

# Part of a statement that says who is a `candidate`.
BLOCKERS = sql.read(Path(__file__).parent / "blockers.sql")


def blocker_rules(*, now: datetime) -> dict[str, Any]:
    """Name, for `BLOCKERS`, the minimums, and what of a creator's earlier payouts keeps the next from being made."""
    return {
        "currencies": list(settings.MINIMUM_PAYOUT),
        "minimums": list(settings.MINIMUM_PAYOUT.values()),
        "blocks_the_next": list(BLOCKS_THE_NEXT),
        "may_be_overtaken": list(MAY_BE_OVERTAKEN),
        "overtaken_before": now - timedelta(days=settings.PREVIOUS_PAYOUT_DAYS),
    }
