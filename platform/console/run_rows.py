"""Where the rows behind a run's figures are listed: as many as are counted, with the amount as their sum."""

from database.admin import list_of
from payouts.models import Payout, PayoutRun, RunDecision
from payouts.selectors import DecisionTotals, OutcomeTotals, Trouble


def with_outcome(run: PayoutRun, total: OutcomeTotals) -> str:
    return _current(run, status__exact=total.status, currency=total.amount.currency)


def in_trouble(run: PayoutRun, trouble: Trouble) -> str:
    return _current(
        run,
        status__exact=trouble.status,
        currency=trouble.amount.currency,
        failure=trouble.failure_code,
    )


def decided(run: PayoutRun, total: DecisionTotals) -> str:
    return list_of(RunDecision, run=run.pk, reason__exact=total.reason, currency=total.amount.currency)


def _current(run: PayoutRun, **filters: object) -> str:
    """List payouts that no retry has replaced."""
    return list_of(Payout, run=run.pk, standing="current", **filters)
