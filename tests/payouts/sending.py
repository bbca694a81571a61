"""Sending in tests: faults, and a clock of its own."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from database import sql
from payouts.gateway import BankPayout, Transfer
from payouts.models import Payout, PayoutAttempt
from payouts.services import sending
from payouts.services.sending import engine
from payouts.services.sending.bank_payouts import ArrivalQuestion
from payouts.states import PayoutStatus
from stripe_io.errors import SetAside
from tests.local_stripe import Stripe
from tests.threads import at_once
from tests.waiting import wait_until

LEG_ONE = (PayoutStatus.PENDING, PayoutStatus.PROCESSING, PayoutStatus.UNRESOLVED)
SEND = {"method": "POST", "path": "/v1/transfers"}
LIST = {"method": "GET", "path": "/v1/transfers"}
# Refused by Stripe before it looks at anything, idempotency keys included.
BEFORE_THE_WORK = [
    {**SEND, "kind": "status", "status": 401},
    {**SEND, "kind": "status", "status": 403},
    {**SEND, "kind": "status", "status": 429, "code": "rate_limit"},
    {**SEND, "kind": "status", "status": 429, "code": "lock_timeout", "should_retry": False},
]
# Faults after which the outcome is unknown.
LOST: list[dict[str, Any]] = [
    {**SEND, "kind": "connection_reset"},
    {**SEND, "kind": "timeout", "seconds": 0.01},
    {**SEND, "kind": "drop_response_after_work"},
    {**SEND, "kind": "status", "status": 500},
    {**SEND, "kind": "status", "status": 503},
    {**SEND, "kind": "status", "status": 400, "type": "api_error"},
    {**SEND, "kind": "status", "status": 402},
    {**SEND, "kind": "status", "status": 409, "code": "idempotency_key_in_use", "type": "idempotency_error"},
]
REFUSAL = {**SEND, "kind": "status", "status": 400, "code": "insufficient_capabilities_for_transfer"}


def named(fault: dict[str, Any]) -> str:
    return "-".join(str(fault[name]) for name in ("kind", "status", "code") if name in fault)


class Sender:
    """Sends a payout when it is next due, as the sweep would, and shows its status."""

    def __init__(self, payout: Payout) -> None:
        self._pk = payout.pk
        self.now: datetime = sql.now()

    def send(self, *, after: timedelta = timedelta()) -> Payout:
        """Send when the payout is due, but not before `after` has passed on the clock."""
        due = self.payout.next_retry_at or self.now
        self.now = max(self.now + after, due)
        send_transfer(self._pk, now=self.now)
        return self.payout

    def send_until(self, status: PayoutStatus, *, at_most: int = 30) -> Payout:
        """Send each time the payout is due, until it reaches the status."""
        for _ in range(at_most):
            if self.payout.status == status:
                return self.payout
            self.send()
        raise AssertionError(f"after {at_most} sends it is {self.payout.status}, and not {status}")

    @property
    def payout(self) -> Payout:
        return Payout.objects.get(pk=self._pk)

    @property
    def attempts(self) -> list[PayoutAttempt]:
        return list(PayoutAttempt.objects.filter(payout=self._pk).order_by("created_at", "pk"))


def requests(sandbox: Stripe) -> int:
    """Count the requests for transfers that Stripe received."""
    return int(sandbox.state()["requests"].get("POST /v1/transfers", 0))


def send_transfer(payout_id: UUID, *, now: datetime) -> None:
    """Do what a worker does with leg one, and have the webhook record the transfer before the worker goes on."""
    if Payout.objects.get(pk=payout_id).status not in LEG_ONE:
        return
    call = engine.begin(payout_id, now=now)
    while call is not None and not _is_of_leg_two(call):
        answer = engine.make(call)
        if isinstance(answer, Transfer):
            sending.record_transfer(answer, payout_id=payout_id, now=now)
            return
        call = engine.process(call, answer, now=now)


def _is_of_leg_two(call: engine.Call) -> bool:
    return isinstance(call, engine.Ask) and isinstance(call.question, ArrivalQuestion)


def attend(payout_id: UUID, *, now: datetime) -> None:
    """Do everything that a worker does with a payout, at one moment."""
    call = engine.begin(payout_id, now=now)
    while call is not None:
        call = engine.process(call, engine.make(call), now=now)


def send_bank_payout(payout_id: UUID, *, now: datetime) -> None:
    """Attend to a payout whose transfer was sent."""
    if Payout.objects.get(pk=payout_id).status == PayoutStatus.IN_TRANSIT:
        attend(payout_id, now=now)


def recorded(bank_payout: BankPayout, *, now: datetime) -> bool:
    """Record a bank payout as a webhook does; return whether it changes anything."""
    before = _written()
    with suppress(SetAside):
        sending.record_bank_payout(bank_payout, now=now)
    return _written() != before


def _written() -> list[Any]:
    payouts = list(Payout.objects.order_by("pk").values())
    return [*payouts, *PayoutAttempt.objects.order_by("pk").values()]


def attend_returned(payout_id: UUID, *, now: datetime) -> None:
    """Attend to a payout whose money is on the connected account."""
    if Payout.objects.get(pk=payout_id).status == PayoutStatus.RETURNED:
        attend(payout_id, now=now)


def taken(now: datetime) -> list[UUID]:
    """Take all that is due, in the order in which workers do."""
    found = list(islice(iter(lambda: sending.take_due(now=now), None), 1_000))
    assert len(found) < 1_000, "there is no end of what is due"
    return found


def work(now: datetime) -> None:
    """Do what the sweep and a worker would do now, one payout after the other."""
    new = sending.prepare(now=now)
    for _ in range(100):
        payout_id = sending.take_due(now=now, new=new)
        if payout_id is None:
            return
        attend(payout_id, now=now)
    raise AssertionError("there is no end of what is due")


def meanwhile(sandbox: Stripe, request: str, *, ask: Callable[[], Any], tell: Callable[[], Any]) -> None:
    """Ask Stripe something, and deliver an event while that request, slowed by a fault, is in progress."""

    def asked() -> int:
        return int(sandbox.state("requests")["requests"].get(request, 0))

    before = asked()

    def tell_once_asked() -> None:
        wait_until(lambda: asked() > before, seconds=10)
        tell()

    at_once(ask, tell_once_asked)
