"""Reconciliation in tests: a pass after everything has settled, and what it must find."""

from datetime import timedelta
from typing import Any

from database import sql
from payouts.models import Difference, Payout
from payouts.services import reconciliation
from payouts.services.reconciliation import PassResult
from payouts.services.reconciliation.passes import SETTLING
from payouts.states import AttemptKind
from stripe_io.client import client

SETTLED = SETTLING + timedelta(minutes=1)


def reconcile(*, after: timedelta = SETTLED) -> PassResult:
    return reconciliation.reconcile(now=sql.now() + after)


def tamper(object_id: str, **fields: Any) -> None:
    client().raw_request("post", f"/_sandbox/objects/{object_id}", **fields)


def forget(object_id: str) -> None:
    client().raw_request("delete", f"/_sandbox/objects/{object_id}")


def reverse(transfer_id: str, **amount: int) -> None:
    """Reverse it in Stripe's dashboard, and lose the event."""
    client().raw_request("post", f"/_sandbox/transfers/{transfer_id}/reverse", **amount)


def account_of(payout: Payout) -> str:
    return payout.attempts.get(kind=AttemptKind.TRANSFER).destination


def only() -> Difference:
    """Return the only difference, after checking that a second pass finds nothing twice."""
    found = Difference.objects.get()
    reconcile()
    assert Difference.objects.get().pk == found.pk
    return found


def kinds() -> set[str]:
    return set(Difference.objects.filter(resolved_at=None).values_list("kind", flat=True))
