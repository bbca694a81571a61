"""Comparing due payouts with Stripe's balance: a currency that is short is paused before Stripe refuses a payout.

Payouts are sent in the order of their ids, oldest first, as far as the balance reaches. The first one that it doesn't
cover stops all behind it, so smaller payouts never overtake larger ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db.models import Q

from database import sql
from database.staff import SYSTEM, Act
from money import Money
from payouts import gateway, policy
from payouts.models import PauseCause, Payout, SendingPause
from payouts.services.deciding import pauses
from payouts.states import PayoutStatus

_FUNDS = sql.read(Path(__file__).parent / "funds.sql")


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
        "now": now,
    }
    waiting = {
        row["currency"]: _Waiting(
            **row, others=available[row["currency"]].others if row["currency"] in available else {}
        )
        for row in sql.rows(_FUNDS, params)
    }
    paused = {pause.currency: pause for pause in short}
    for currency in sorted(waiting.keys() | paused.keys()):
        _update_pause(waiting.get(currency) or _Waiting(currency), paused.get(currency), now=now)


def pause_after_refusal(payout: Payout, *, now: datetime) -> None:
    """Pause the payout's currency because Stripe refused the payout for lack of funds."""
    pauses.open_pause(
        PauseCause.SHORT,
        currency=payout.currency,
        detail=f"Stripe has too little {payout.currency} for a payout of {payout.net}",
        covered_until=None,
        # Even if the balance seems to cover it, don't send again at once.
        probe_at=now + policy.WAIT_FOR_FUNDS,
        now=now,
    )


def probe_now(*, now: datetime) -> None:
    """Have the sweep check the balance at once: Stripe reported that funds became available."""
    SendingPause.objects.filter(cause=PauseCause.SHORT, lifted_at=None).update(probe_at=now)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What is due in a currency, in minor units; `covered_until` is the last payout that the balance covers.

    `others` is what the balance has of source types that transfers can't draw on.
    """

    currency: str
    needed: int = 0
    available: int = 0
    under_way: int = 0
    covered_until: UUID | None = None
    others: Mapping[str, int] = field(default_factory=dict)

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
        return f"{needed} is waiting to be sent and {available} is available: {missing} is missing{others}"


def _update_pause(waiting: _Waiting, paused: SendingPause | None, *, now: datetime) -> None:
    if paused is None and waiting.needed <= waiting.available:
        return
    probed = paused is None or paused.probe_at <= now
    if probed and waiting.needed + waiting.under_way <= max(waiting.available, 0):
        enough = Q(cause=PauseCause.SHORT, currency=waiting.currency)
        pauses.lift(enough, act=Act(SYSTEM, "the balance covers everything that is waiting"), now=now)
        return
    pauses.open_pause(
        PauseCause.SHORT,
        currency=waiting.currency,
        detail=waiting.detail,
        needed=waiting.needed,
        available=waiting.available,
        covered_until=waiting.covered_until if probed else None,
        probe_at=now if paused is None else paused.probe_at,
        now=now,
    )
