"""Panels of a run: its decisions and payouts."""

from collections.abc import Iterator

from console import run_rows
from console.home.concerns import words
from console.panels.tabs import OVERVIEW
from database.admin import Figure, Panel, anchor, headline, list_of, panel
from database.display import count_of
from payouts.models import Payout, PayoutRun, RunDecision
from payouts.selectors import decisions_by_reason, outcomes_by_status, troubles_of_run
from payouts.states import DecisionReason, PayoutStatus

ROWS = 10


@headline(PayoutRun)
def what_it_pays(run: PayoutRun) -> Iterator[Figure]:
    yield Figure("Cut-off", run.cutoff, "pays earnings from before this day, less later debts")
    for total in outcomes_by_status(run):
        creators = anchor(run_rows.with_outcome(run, total), count_of(total.count, "creator"))
        yield Figure(total.status.label, total.amount, creators)


@panel(PayoutRun, tab=OVERVIEW)
def needs_attention(run: PayoutRun) -> Panel:
    """List by reason the payouts whose creators still wait for their money."""
    return Panel(
        "Needs attention",
        ["Status", "Reason", "Payouts", "Amount"],
        [
            (
                trouble.status,
                anchor(run_rows.in_trouble(run, trouble), words(trouble.failure_code)),
                trouble.count,
                trouble.amount,
            )
            for trouble in troubles_of_run(run)
        ],
        empty="Nothing. Every creator of this run has the money, or it is on its way.",
    )


@panel(PayoutRun, tab=OVERVIEW)
def not_paid(run: PayoutRun) -> Panel:
    return Panel(
        "Not paid, by reason",
        ["Reason", "Creators", "Amount"],
        [
            (
                anchor(run_rows.decided(run, total), total.reason),
                total.count,
                total.amount,
            )
            for total in decisions_by_reason(run)
            if total.reason is not DecisionReason.PAID
        ],
        empty="Every creator with something to be paid got a payout.",
        more=list_of(RunDecision, run=run.pk),
    )


@panel(PayoutRun, tab=OVERVIEW)
def largest(run: PayoutRun) -> Panel:
    rows = Payout.objects.filter(run=run).select_related("creator").order_by("-net_amount", "pk")[:ROWS]
    return Panel(
        "Largest payouts",
        ["Payout", "Creator", "Status", "Created", "Paid"],
        [(row, row.creator, PayoutStatus(row.status), row.created_at, row.paid_at) for row in rows],
        empty="No payouts.",
        more=list_of(Payout, run=run.pk),
    )
