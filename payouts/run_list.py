"""The list of runs in the console: how far each has come, and what it paid."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, JSONObject

from database.admin import column
from money import Money
from payouts.models import PayoutRun, RunDecision, SendingPause
from payouts.states import DecisionReason, PayoutStatus, RunState

_MADE = Q(reason=DecisionReason.PAID)
_TO_BE_SENT = Q(payout__status__in=[PayoutStatus.PENDING, PayoutStatus.PROCESSING])


def with_counts(runs: QuerySet[PayoutRun]) -> QuerySet[PayoutRun]:
    """Count and sum each run's decisions; the subqueries read only those of the runs on the page."""

    def number(which: Q) -> Coalesce:
        counted = RunDecision.objects.filter(which, run=OuterRef("pk")).order_by().values("run")
        return Coalesce(Subquery(counted.annotate(number=Count("pk")).values("number")), 0)

    by_currency = (
        RunDecision.objects.filter(_MADE, run=OuterRef("pk")).order_by("currency").values("currency")
    )
    paid = Sum("amount", filter=Q(payout__status=PayoutStatus.PAID), default=0)
    amounts = by_currency.annotate(
        amounts=JSONObject(currency="currency", made=Sum("amount"), paid=paid)
    ).values("amounts")
    return runs.annotate(
        amounts=ArraySubquery(amounts),
        payees=number(_MADE),
        to_be_sent=number(_MADE & _TO_BE_SENT),
        failed=number(_MADE & Q(payout__status=PayoutStatus.FAILED)),
        not_paid=number(~_MADE),
        waits=Exists(SendingPause.objects.filter(run=OuterRef("pk"), lifted_at=None)),
    )


@column("State", kind="state")
def state_of(run: Any) -> RunState:
    if run.superseded_at:
        return RunState.SUPERSEDED
    if not run.completed_at:
        return RunState.BEING_MADE
    if run.waits:
        return RunState.WAITS
    return RunState.SENDING if run.to_be_sent else RunState.DONE


@column("Paid of made", kind="figure")
def paid_of_made(run: Any) -> str:
    return " · ".join(
        f"{Money(int(of['paid']), of['currency'])} of {Money(int(of['made']), of['currency'])}"
        for of in run.amounts
    )
