"""Reads about runs and payouts: their outcomes, what comes next, and what creators earned and were paid."""

from payouts.selectors.acts import payouts_a_hold_misses, payouts_a_hold_stops, payouts_on_hold
from payouts.selectors.blockers import BLOCKERS, CLAIMABLE, blocker_rules
from payouts.selectors.checkpoints import books_unchecked_for
from payouts.selectors.connected import foreign_bank_payouts, known_at_stripe, left_behind
from payouts.selectors.cutoffs import due_at, latest_due_cutoff, next_cutoff, unmade_cutoff
from payouts.selectors.differences import OpenDifferences, open_differences
from payouts.selectors.figures import (
    ApiStanding,
    Figures,
    MonthFigures,
    Standing,
    api_standing_of,
    months_of,
    pick_currency,
    standing_of,
)
from payouts.selectors.ledger import (
    BookedLine,
    TrialBalanceRow,
    last_books_check,
    running_balance,
    trial_balance,
)
from payouts.selectors.pauses import (
    behind_stripe,
    ignored_installations,
    latest_forecasts,
    open_pauses,
)
from payouts.selectors.totals import (
    DecisionTotals,
    Outcomes,
    OutcomeTotals,
    PayoutTotals,
    decisions_by_reason,
    failing_payouts,
    in_suspense,
    last_run,
    oldest_due,
    outcomes_by_status,
    recent_outcomes,
    stuck_payouts,
    totals_by_status,
)
from payouts.selectors.upcoming import Upcoming, upcoming_of

__all__ = [
    "BLOCKERS",
    "CLAIMABLE",
    "ApiStanding",
    "BookedLine",
    "DecisionTotals",
    "Figures",
    "MonthFigures",
    "OpenDifferences",
    "OutcomeTotals",
    "Outcomes",
    "PayoutTotals",
    "Standing",
    "TrialBalanceRow",
    "Upcoming",
    "api_standing_of",
    "behind_stripe",
    "blocker_rules",
    "books_unchecked_for",
    "decisions_by_reason",
    "due_at",
    "failing_payouts",
    "foreign_bank_payouts",
    "ignored_installations",
    "in_suspense",
    "known_at_stripe",
    "last_books_check",
    "last_run",
    "latest_due_cutoff",
    "latest_forecasts",
    "left_behind",
    "months_of",
    "next_cutoff",
    "oldest_due",
    "open_differences",
    "open_pauses",
    "outcomes_by_status",
    "payouts_a_hold_misses",
    "payouts_a_hold_stops",
    "payouts_on_hold",
    "pick_currency",
    "recent_outcomes",
    "running_balance",
    "standing_of",
    "stuck_payouts",
    "totals_by_status",
    "trial_balance",
    "unmade_cutoff",
    "upcoming_of",
]
