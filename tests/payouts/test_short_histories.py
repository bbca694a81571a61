"""No payout's history grows without bound, whatever Stripe goes on answering."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import CreatorPaymentAccount
from database import sql
from payouts.models import Payout, PayoutAttempt, PayoutEvent
from payouts.services import sending
from payouts.states import AttemptKind, PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.sending import SEND, send_transfer

pytestmark = [pytest.mark.django_db, pytest.mark.full]
BANK = {"method": "POST", "path": "/v1/payouts"}
REVERSE = {"method": "POST", "path": "/v1/transfers/.*/reversals"}
BROKEN = {"kind": "abort_work", "status": 500}
REFUSED = {"kind": "abort_work", "status": 400, "message": "Cannot create payouts; please contact us"}
SHORT = {"kind": "abort_work", "status": 400, "code": "balance_insufficient"}


def live_on(payout: Payout, *, days: int) -> None:
    """Attend to a payout each time it is due, with an account that is refreshed all the time."""
    now = sql.now()
    over = now + timedelta(days=days)
    payout.refresh_from_db()
    while payout.next_retry_at is not None and now < over:
        now = max(now, payout.next_retry_at)
        CreatorPaymentAccount.objects.update(synced_at=now)
        sending.attend(payout.pk, now=now)
        payout.refresh_from_db()


@pytest.mark.parametrize(
    ("faults", "ends_as"),
    [
        ([{**BANK, **BROKEN}], PayoutStatus.IN_TRANSIT),
        ([{**BANK, **REFUSED}], PayoutStatus.REVERSED),
        ([{**BANK, **SHORT}], PayoutStatus.REVERSED),
        ([{**BANK, **SHORT}, {**REVERSE, **SHORT}], PayoutStatus.RETURNED),
        ([{**BANK, **REFUSED}, {**REVERSE, **REFUSED}], PayoutStatus.RETURNED),
    ],
    ids=["500", "refused", "short", "short, and not taken back", "refused, and not taken back"],
)
def test_leg_two_leaves_few_attempts_and_events_in_ninety_days(
    payout: Payout, sandbox: Stripe, faults: list[dict[str, Any]], ends_as: PayoutStatus
) -> None:
    send_transfer(payout.pk, now=sql.now())
    sandbox.inject(*faults)
    live_on(payout, days=90)
    assert payout.status == ends_as
    assert PayoutAttempt.objects.count() < 60
    assert PayoutEvent.objects.count() < 40


def test_leg_one_leaves_few_attempts_and_events_in_ninety_days(payout: Payout, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, **BROKEN})
    live_on(payout, days=90)
    assert payout.status in (PayoutStatus.PENDING, PayoutStatus.PROCESSING, PayoutStatus.UNRESOLVED)
    assert PayoutAttempt.objects.filter(kind=AttemptKind.TRANSFER).count() < 20
    assert PayoutEvent.objects.count() < 60
