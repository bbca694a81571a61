"""Comparing due payouts with Stripe's balance: a currency that is short is paused before Stripe refuses a payout.

Payouts are sent in the order of their ids, oldest first, as far as the balance reaches. The first one that it doesn't
cover stops all behind it, so smaller payouts don't overtake larger ones. One that exceeds the whole balance stops them
for `LARGE_PAYOUT_WAIT_DAYS` at most.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from database import sql
from database.staff import SYSTEM, Act
from money import Money
from payouts import gateway, policy
from payouts.models import PauseCause, Payout, SendingPause
from payouts.services.deciding import pauses
from payouts.services.deciding.run_size import WAITS_FOR_ITS_RUN
from payouts.states import SENT, PayoutStatus

_FUNDS = sql.read(Path(__file__).parent / "funds.sql", waits_for_its_run=WAITS_FOR_ITS_RUN)


def update_pauses(*, now: datetime) -> None:
    """Pause each currency whose due payouts exceed Stripe's balance, and allow those that the balance covers.

    Raises: StripeCallFailed; the balance is then unknown, and nothing new may be sent.
    """
    short = SendingPause.objects.filter(cause=PauseCause.SHORT, lifted_at=None)
    due = Payout.objects.filter(status=PayoutStatus.PENDING, next_retry_at__lte=now)
    if not (due.exists() or short.exists()):
        return
    # Read the balance before summing what waits. What is sent in between then makes it look too large, never too small.
    available = gateway.available_balance()
    params = {
        "currencies": list(available),
        "amounts": [funds.amount for funds in available.values()],
        "wait_until": now - timedelta(days=settings.LARGE_PAYOUT_WAIT_DAYS),
        "now": now,
    }
    waiting = {
        row["currency"]: _Waiting(
            **row, others=available[row["currency"]].others if row["currency"] in available else {}
        )
        for row in sql.rows(_FUNDS, params)
    }
    with transaction.atomic():
        # Locked, so that a refusal meanwhile isn't overwritten.
        paused = {pause.currency: pause for pause in short.select_for_update(no_key=True)}
        for currency in sorted(waiting.keys() | paused.keys()):
            _update_pause(waiting.get(currency) or _Waiting(currency), paused.get(currency), now=now)


@transaction.atomic
def pause_after_refusal(payout: Payout, *, now: datetime) -> None:
    """Pause the payout's currency because Stripe refused the payout for lack of funds.

    Even if the balance seems to cover it, nothing is sent again at once: the wait doubles with each refusal in a row.
    """
    open_ones = SendingPause.objects.filter(
        cause=PauseCause.SHORT, currency=payout.currency, lifted_at=None
    ).select_for_update(no_key=True)
    pause = open_ones.first()
    if pause and pause.refusals and pause.probe_at > now:
        return  # sent at the same time as another one that was refused
    refusals = pause.refusals + 1 if pause else 1
    pauses.open_pause(
        PauseCause.SHORT,
        currency=payout.currency,
        detail=f"Stripe has too little {payout.currency} for a payout of {payout.net}",
        covered_until=None,
        refusals=refusals,
        probe_at=policy.next_try_for_funds(refusals, now=now),
        now=now,
    )


def probe_now(*, now: datetime) -> None:
    """Have the sweep check the balance at once: Stripe reported that funds became available."""
    SendingPause.objects.filter(cause=PauseCause.SHORT, lifted_at=None).update(probe_at=now)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What is due in a currency and could be sent, in minor units.

    `first` is the first payout in line, and `covered_until` the last that the balance covers. `passed_over` counts
    those that exceed the whole balance and have waited too long to stop the others. `others` is what the balance has of
    source types that transfers can't draw on.
    """

    currency: str
    needed: int = 0
    available: int = 0
    under_way: int = 0
    passed_over: int = 0
    first: UUID | None = None
    covered_until: UUID | None = None
    others: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_covered(self) -> bool:
        return self.needed + self.under_way <= max(self.available, 0)

    @property
    def at_most(self) -> int | None:
        """The largest payout that is sent, if larger ones are passed over."""
        return max(self.available - self.under_way, 0) if self.passed_over else None

    @property
    def detail(self) -> str:
        needed, available, missing = (
            Money(amount, self.currency)
            for amount in (self.needed, self.available, max(self.needed - self.available, 0))
        )
        others = "".join(
            f"; {Money(amount, self.currency)} of type {source} can't be transferred"
            for source, amount in self.others.items()
        )
        overtaken = (
            f"; payouts larger than all that is available wait, and others go first: {self.passed_over}"
            if self.passed_over
            else ""
        )
        return f"{needed} is waiting to be sent and {available} is available: {missing} is missing{others}{overtaken}"


def _update_pause(waiting: _Waiting, pause: SendingPause | None, *, now: datetime) -> None:
    if pause is None:
        if waiting.needed > waiting.available:
            _pause(waiting, covered_until=waiting.covered_until, refusals=0, probe_at=now, now=now)
        return
    refusals, probe_at = pause.refusals, pause.probe_at
    if probe_at > now:
        _pause(waiting, covered_until=None, refusals=refusals, probe_at=probe_at, now=now)
    elif refusals and (waiting.needed or waiting.under_way) and not _was_sent(pause.covered_until):
        # Stripe refused although its balance seemed to suffice: send one, and the others only once it went.
        one = waiting.first if waiting.covered_until else None
        _pause(waiting, covered_until=one, refusals=refusals, probe_at=probe_at, now=now)
    elif waiting.is_covered:
        enough = Q(cause=PauseCause.SHORT, currency=waiting.currency)
        pauses.lift(enough, act=Act(SYSTEM, "the balance covers everything that is waiting"), now=now)
    else:
        _pause(waiting, covered_until=waiting.covered_until, refusals=0, probe_at=probe_at, now=now)


def _pause(
    waiting: _Waiting, *, covered_until: UUID | None, refusals: int, probe_at: datetime, now: datetime
) -> None:
    pauses.open_pause(
        PauseCause.SHORT,
        currency=waiting.currency,
        detail=waiting.detail,
        needed=waiting.needed,
        available=waiting.available,
        covered_until=covered_until,
        at_most=waiting.at_most,
        refusals=refusals,
        probe_at=probe_at,
        now=now,
    )


def _was_sent(payout_id: UUID | None) -> bool:
    return payout_id is not None and Payout.objects.filter(pk=payout_id, status__in=SENT).exists()
