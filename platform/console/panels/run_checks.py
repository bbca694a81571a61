"""Panels of a run for whoever checks it: whether its sums agree, and whom it pays unlike the run before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from django.http import HttpRequest

from accounts.models import Creator
from console import run_rows
from console.panels.tabs import CHANGES, CONTROL_TOTALS
from database.admin import Panel, anchor, panel, section
from database.display import count_of
from payouts.models import BooksVerdict, PayoutRun
from payouts.selectors import ChangeKind, Changes, changes_of, control_totals, decisions_by_reason, run_before
from payouts.selectors.runs import CHANGED_WITHIN, GROWTH
from payouts.states import DecisionReason

_STAGES = {"made": "Payouts made", "sent": "Of these, sent"}
_CHANGES = {
    ChangeKind.FIRST: "First payout ever",
    ChangeKind.NEW: "Paid before, but not by the last run",
    ChangeKind.GONE: "Paid by the last run, and not by this",
    ChangeKind.GROWN: f"Over {GROWTH} times the last payout",
    ChangeKind.DESTINATION: f"Bank account or card changed within {CHANGED_WITHIN.days} days before",
}


@panel(PayoutRun, tab=CONTROL_TOTALS)
def sums(run: PayoutRun) -> Panel:
    return Panel(
        "The same sum from five places",
        [
            "Payouts",
            "Number",
            "As decided",
            "As paid out",
            "By their lines",
            "In the ledger",
            "At Stripe",
            "Check",
        ],
        [
            (
                _STAGES[total.stage],
                total.count,
                total.decided,
                total.payouts,
                total.lines,
                total.ledger,
                total.at_stripe,
                BooksVerdict.HOLDS if total.agree else BooksVerdict.FAILED,
            )
            for total in control_totals(run)
        ],
        empty="No payouts.",
    )


@panel(PayoutRun, tab=CONTROL_TOTALS)
def decisions(run: PayoutRun) -> Panel:
    """Sum all decisions in each currency: the payouts made, and by reason whom the run did not pay."""
    totals = sorted(decisions_by_reason(run), key=lambda total: total.reason is not DecisionReason.PAID)
    rows: list[tuple[object, ...]] = []
    for currency in sorted({total.amount.currency for total in totals}):
        of_currency = [total for total in totals if total.amount.currency == currency]
        rows += [
            (anchor(run_rows.decided(run, total), total.reason), total.count, total.amount)
            for total in of_currency
        ]
        whole = sum((total.amount for total in of_currency[1:]), of_currency[0].amount)
        rows.append(("Decided in all", sum(total.count for total in of_currency), whole))
    return Panel(
        "Decisions", ["Decision", "Creators", "Amount"], rows, empty="Nobody had anything to be paid."
    )


@dataclass(frozen=True, slots=True)
class PanelGroup:
    panels: list[Panel]
    template: ClassVar[str] = "console/panel_group.html"


@section(PayoutRun, tab=CHANGES)
def changes(run: PayoutRun, request: HttpRequest) -> PanelGroup:
    """Make a panel for each kind of change, with the largest of its kind."""
    found = changes_of(run)
    creators = Creator.objects.in_bulk({change.creator_id for each in found for change in each.largest})
    if not found:
        title = f"Unlike the {run_before(run) or 'run before'}"
        nobody = "Nobody. It pays the same creators, to the same bank accounts, amounts of the same order."
        return PanelGroup([Panel(title, ["Creator"], [], empty=nobody)])
    return PanelGroup([_panel_of(each, creators) for each in found])


def _panel_of(found: Changes, creators: Mapping[UUID, Creator]) -> Panel:
    return Panel(
        f"{_CHANGES[found.kind]}: {count_of(found.count, 'creator')}, {found.total}",
        ["Creator", "This run", "Run before", "Decision"],
        [(creators[change.creator_id], change.now, change.before, change.reason) for change in found.largest],
    )
