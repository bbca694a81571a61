"""Panels of a run for whoever checks it: whether its sums agree, and whom it pays unlike the run before."""

from collections.abc import Iterator

from django.template.defaultfilters import pluralize

from accounts.models import Creator
from console.panels.tabs import CHANGES, CONTROL_TOTALS
from database.admin import Panel, anchor, list_of, panel
from payouts.models import BooksVerdict, PayoutRun, RunDecision
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
            (
                anchor(list_of(RunDecision, run=run.pk, reason__exact=total.reason), total.reason),
                total.count,
                total.amount,
            )
            for total in of_currency
        ]
        whole = sum((total.amount for total in of_currency[1:]), of_currency[0].amount)
        rows.append(("Decided in all", sum(total.count for total in of_currency), whole))
    return Panel(
        "Decisions", ["Decision", "Creators", "Amount"], rows, empty="Nobody had anything to be paid."
    )


@panel(PayoutRun, tab=CHANGES)
def changes(run: PayoutRun) -> Panel:
    before = run_before(run)
    found = changes_of(run)
    ids = {change.creator_id for each in found for change in each.largest}
    creators = Creator.objects.in_bulk(ids)
    return Panel(
        f"Unlike the {before}" if before else "Unlike the run before: this is the first",
        ["Change", "Creator", "This run", "Run before", "Decision now"],
        [row for each in found for row in _rows(each, creators)],
        empty="Nobody. It pays the same creators, to the same bank accounts, amounts of the same order.",
    )


def _rows(found: Changes, creators: dict[object, Creator]) -> Iterator[tuple[object, ...]]:
    """Yield a row for all changes of a kind, then one for each of the largest."""
    number = f"{found.count:,} creator{pluralize(found.count)}"
    gone = found.kind is ChangeKind.GONE
    yield _CHANGES[found.kind], number, None if gone else found.total, found.total if gone else None, ""
    for change in found.largest:
        yield "", creators[change.creator_id], change.now, change.before, change.reason
