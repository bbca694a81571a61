"""What waits to be sent against what Stripe has available: too little pauses a currency before it is refused.

Payouts go in the order of their ids, oldest first. As far as the balance reaches, they go on; the first that it does
not cover stops all behind it, so that none is passed over because others are smaller.
"""

from dataclasses import dataclass
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


def weigh(*, now: datetime) -> None:
    """Pause each currency whose due payouts come to more than Stripe has, and let it go on as far as that reaches.

    Raises: StripeCallFailed; then nothing is known, and nothing new may be sent.
    """
    short = SendingPause.objects.filter(cause=PauseCause.SHORT, lifted_at=None)
    due = Payout.objects.filter(status=PayoutStatus.PENDING, next_retry_at__lte=now)
    if not (due.exists() or short.exists()):
        return
    # Asked before what waits is summed: what is sent in between then makes the balance look too large, never too small.
    available = gateway.available_balance()
    names = {"currencies": list(available), "amounts": list(available.values()), "now": now}
    waiting = {row["currency"]: _Waiting(**row) for row in sql.rows(_FUNDS, names)}
    paused = {pause.currency: pause for pause in short}
    for currency in sorted(waiting.keys() | paused.keys()):
        _judge(waiting.get(currency) or _Waiting(currency), paused.get(currency), now=now)


def note_refusal(payout: Payout, *, now: datetime) -> None:
    """Pause the payout's currency because Stripe says that the platform has too little of it."""
    pauses.open_pause(
        PauseCause.SHORT,
        currency=payout.currency,
        detail=f"Stripe has too little {payout.currency} for a payout of {payout.net}",
        covered_until=None,
        # If Stripe refuses what its balance seems to cover, it is not asked again and again.
        probe_at=now + policy.WAIT_FOR_FUNDS,
        now=now,
    )


def expect(*, now: datetime) -> None:
    """Look at once, for Stripe says that something has become available."""
    SendingPause.objects.filter(cause=PauseCause.SHORT, lifted_at=None).update(probe_at=now)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What is due in a currency, in minor units; `covered_until` is the last payout that the balance reaches."""

    currency: str
    needed: int = 0
    available: int = 0
    under_way: int = 0
    covered_until: UUID | None = None

    @property
    def detail(self) -> str:
        needed, available, missing = (
            Money(amount, self.currency)
            for amount in (self.needed, self.available, max(self.needed - self.available, 0))
        )
        return f"{needed} wait to be sent and {available} are available: {missing} are missing"


def _judge(waiting: _Waiting, paused: SendingPause | None, *, now: datetime) -> None:
    if paused is None and waiting.needed <= waiting.available:
        return
    probed = paused is None or paused.probe_at <= now
    if probed and waiting.needed + waiting.under_way <= max(waiting.available, 0):
        enough = Q(cause=PauseCause.SHORT, currency=waiting.currency)
        pauses.lift(enough, act=Act(SYSTEM, "the balance covers all that waits"), now=now)
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
