"""How far the sending of a run has come."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from payouts.models import Payout, PayoutEvent, PayoutRun
from payouts.states import WAITS_TO_BE_SENT, PayoutStatus

# The rate is what was sent in this time.
_RECENTLY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How many of a run's payouts were sent or refused, how many wait, and how many a minute were sent lately."""

    done: int
    waiting: int
    per_minute: float

    @property
    def percent(self) -> int:
        return self.done * 100 // (self.done + self.waiting)

    @property
    def left(self) -> timedelta | None:
        """How long the rest takes at this rate; None while nothing is sent."""
        return timedelta(minutes=self.waiting / self.per_minute) if self.per_minute else None


def run_progress(run: PayoutRun, *, now: datetime) -> RunProgress | None:
    """Return how far a run has come; None once none of its payouts waits to be sent."""
    counts = Payout.objects.filter(run=run).aggregate(
        waiting=Count("pk", filter=Q(status__in=WAITS_TO_BE_SENT)), all=Count("pk")
    )
    if not counts["waiting"]:
        return None
    sent = PayoutEvent.objects.filter(
        at__gte=now - _RECENTLY, from_status=PayoutStatus.PROCESSING, payout__run=run
    ).exclude(to_status__in=WAITS_TO_BE_SENT)
    return RunProgress(
        done=counts["all"] - counts["waiting"],
        waiting=counts["waiting"],
        per_minute=sent.count() / (_RECENTLY / timedelta(minutes=1)),
    )
