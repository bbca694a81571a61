"""The list of runs in the console: how far each has come, and what it paid."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import JSONObject

from database.admin import Column, column
from money import Money
from payouts.models import PayoutRun, RunDecision, SendingPause
from payouts.states import WAITS_TO_BE_SENT, DecisionReason, PayoutStatus, RunState

_MADE = Q(reason=DecisionReason.PAID)
_PAID = Q(payout__status=PayoutStatus.PAID)


def with_totals(runs: QuerySet[PayoutRun]) -> QuerySet[PayoutRun]:
    """Sum each run's decisions by currency as `totals`; only those of the runs on the page are read."""
    by_currency = RunDecision.objects.filter(run=OuterRef("pk")).order_by("currency").values("currency")
    totals = by_currency.annotate(
        totals=JSONObject(
            currency="currency",
            made=Sum("amount", filter=_MADE, default=0),
            paid=Sum("amount", filter=_MADE & _PAID, default=0),
            payouts=Count("pk", filter=_MADE),
            to_be_sent=Count("pk", filter=_MADE & Q(payout__status__in=WAITS_TO_BE_SENT)),
            failed=Count("pk", filter=_MADE & Q(payout__status=PayoutStatus.FAILED)),
            not_paid=Count("pk", filter=~_MADE),
        )
    )
    return runs.annotate(
        totals=ArraySubquery(totals.values("totals")),
        waits=Exists(SendingPause.objects.filter(run=OuterRef("pk"), lifted_at=None)),
    )


def number_of(name: str, title: str) -> Column:
    """Show one of the counts in all currencies."""
    return column(title, kind="figure")(lambda run: _count(run, name))


@column("State", kind="state")
def state_of(run: Any) -> RunState:
    if run.superseded_at:
        return RunState.SUPERSEDED
    if not run.completed_at:
        return RunState.BEING_MADE
    if run.waits:
        return RunState.WAITS
    return RunState.SENDING if _count(run, "to_be_sent") else RunState.DONE


@column("Paid of made", kind="figure")
def paid_of_made(run: Any) -> str:
    return " · ".join(
        f"{Money(int(total['paid']), total['currency'])} of {Money(int(total['made']), total['currency'])}"
        for total in run.totals
        if total["payouts"]
    )


def _count(run: Any, name: str) -> int:
    return sum(total[name] for total in run.totals)
