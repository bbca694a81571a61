"""Panels of a run: its decisions and payouts."""

from collections.abc import Iterator

from django.template.defaultfilters import pluralize

from database.admin import Figure, Panel, anchor, headline, list_of, panel
from payouts.models import Payout, PayoutRun, RunDecision
from payouts.selectors import decisions_by_reason, outcomes_by_status
from payouts.states import PayoutStatus

ROWS = 100


@headline(PayoutRun)
def what_it_pays(run: PayoutRun) -> Iterator[Figure]:
    yield Figure("Cut-off", run.cutoff, "pays earnings from before this day, less later debts")
    for total in outcomes_by_status(run):
        listed = list_of(Payout, run=run.pk, status__exact=total.status)
        yield Figure(
            total.status.label,
            total.amount,
            anchor(listed, f"{total.count:,} creator{pluralize(total.count)}"),
        )


@panel(PayoutRun)
def reasons(run: PayoutRun) -> Panel:
    return Panel(
        "Decisions by reason",
        ["Decision", "Creators", "Amount"],
        [
            (
                anchor(list_of(RunDecision, run=run.pk, reason__exact=total.reason), total.reason),
                total.count,
                total.amount,
            )
            for total in decisions_by_reason(run)
        ],
        empty="No creator had anything to pay out.",
        more=list_of(RunDecision, run=run.pk),
    )


@panel(PayoutRun)
def largest(run: PayoutRun) -> Panel:
    rows = Payout.objects.filter(run=run).select_related("creator").order_by("-net_amount", "pk")[:ROWS]
    return Panel(
        "Largest payouts",
        ["Payout", "Creator", "Status", "Created", "Paid"],
        [(row, row.creator, PayoutStatus(row.status), row.created_at, row.paid_at) for row in rows],
        empty="No payouts.",
        more=list_of(Payout, run=run.pk),
    )
