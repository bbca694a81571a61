"""The brake on a run's size: one that is far larger than usual waits for staff before any of it is sent."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from statistics import median
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, Sum

from database import acts, sql
from database.acts import Kind
from database.staff import SYSTEM, Act
from money import Money
from payouts.errors import RunNotHeld
from payouts.models import PauseCause, Payout, PayoutRun, SendingPause
from payouts.services.deciding import pauses
from payouts.states import DEAD

# A statement about a `payout`: whether nothing of it may be sent yet, because of its run.
WAITS_FOR_ITS_RUN = sql.read(Path(__file__).parent / "waits_for_its_run.sql")
# With fewer earlier runs in a currency, none is unusual.
FEWEST_EARLIER_RUNS = 3


def judge(run: PayoutRun, *, now: datetime) -> list[SendingPause]:
    """Pause each currency in which the run pays far more than usual; return its open pauses.

    Its sum per currency is compared with the median of earlier complete runs (`RUN_SIZE_FACTOR`, `RUN_SIZE_RUNS`). A
    run that grows beyond what staff released waits again.
    """
    usual, nets = _usual_net(run), _nets([run.pk])[run.pk]
    held = SendingPause.objects.filter(run=run, lifted_at=None).values_list("currency", flat=True)
    for currency in sorted({*nets, *held}):
        net = nets.get(currency, 0)  # all of it may be cancelled by now
        unusual = currency in usual and net > settings.RUN_SIZE_FACTOR * usual[currency]
        if unusual and net > _released(run, currency):
            total, median_net = Money(net, currency), Money(int(usual[currency]), currency)
            pauses.open_pause(
                PauseCause.RUN_SIZE,
                currency=currency,
                run=run,
                needed=net,
                detail=f"the {run} pays {total}, and the median of earlier runs is {median_net}",
                probe_at=now,
                now=now,
            )
        elif not unusual:
            as_usual = Act(SYSTEM, "the run is no larger than usual")
            pauses.lift(Q(cause=PauseCause.RUN_SIZE, run=run, currency=currency), act=as_usual, now=now)
    return list(SendingPause.objects.filter(run=run, lifted_at=None).order_by("currency"))


@transaction.atomic
def release_run(*, cutoff: date, currency: str | None, act: Act, now: datetime) -> int:
    """Have a run's payouts sent in spite of its size, in one currency or all; return how many pauses ended.

    Raises: RunNotHeld.
    """
    which = Q(cause=PauseCause.RUN_SIZE, run__cutoff=cutoff)
    lifted = pauses.lift(which & Q(currency=currency) if currency else which, act=act, now=now)
    if not lifted:
        raise RunNotHeld(cutoff, currency=currency)
    run = PayoutRun.objects.get(cutoff=cutoff)
    after = {"pauses_lifted": len(lifted), "currency": currency}
    pauses.attribute(lifted, to=acts.record(act, Kind.RELEASE_RUN, subject=run, after=after))
    return len(lifted)


def _usual_net(run: PayoutRun) -> dict[str, Fraction]:
    """Return the median net of the latest complete runs before this one, in the currencies that enough of them paid."""
    if not settings.RUN_SIZE_FACTOR:
        return {}
    earlier = PayoutRun.objects.filter(cutoff__lt=run.cutoff, completed_at__isnull=False).order_by("-cutoff")
    by_currency: dict[str, list[int]] = defaultdict(list)
    for nets in _nets(earlier.values_list("pk", flat=True)[: settings.RUN_SIZE_RUNS]).values():
        for currency, net in nets.items():
            by_currency[currency].append(net)
    return {
        currency: median(map(Fraction, nets))
        for currency, nets in by_currency.items()
        if len(nets) >= FEWEST_EARLIER_RUNS
    }


def _nets(runs: Iterable[UUID]) -> dict[UUID, dict[str, int]]:
    """Sum the payouts of each run that are not dead, by currency."""
    live = Payout.objects.filter(run__in=list(runs)).exclude(status__in=DEAD)
    nets: dict[UUID, dict[str, int]] = defaultdict(dict)
    for row in live.values("run", "currency").annotate(total=Sum("net_amount")):
        nets[row["run"]][row["currency"]] = int(row["total"])
    return nets


def _released(run: PayoutRun, currency: str) -> int:
    """Return the largest sum that staff released for this run; 0 if they released none."""
    lifted = SendingPause.objects.filter(run=run, currency=currency, lifted_at__isnull=False)
    by_staff = lifted.exclude(lifted_by=SYSTEM).aggregate(net=Max("needed"))
    return by_staff["net"] or 0
