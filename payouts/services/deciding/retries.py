"""Retries that the service makes by itself: a payout that failed for a cause that can pass is decided again."""

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import selectors as accounts
from accounts.errors import StripeUnavailable
from accounts.models import Hold
from accounts.services.payment_accounts import refresh_payment_account
from database import notices, sql
from database.staff import SYSTEM, Act
from earnings.services import posting
from payouts import policy, selectors
from payouts.models import Payout, SendingPause
from payouts.services.deciding import sets
from payouts.services.moves import locked
from payouts.states import PayoutStatus

logger = logging.getLogger(__name__)


def retry_due(*, now: datetime) -> int:
    """Decide each failed payout again whose day has come; return how many new payouts were made.

    A day on which the creator can't be paid is skipped, and so are the days just before a run, which pays them anyway.
    If Stripe doesn't say whether the account can be paid, it is asked again the next time. While all sending is paused,
    nothing is decided. One that fails doesn't stop the others.
    """
    if SendingPause.objects.filter(currency="", lifted_at=None).exists():
        return 0
    due = Payout.objects.filter(status=PayoutStatus.FAILED, run__isnull=False, next_retry_at__lte=now)
    ids = list(due.order_by("next_retry_at", "pk").values_list("pk", flat=True))
    if ids:
        posting.post_due(now=now)
    run_is_near = now >= selectors.due_at(selectors.next_cutoff(now=now)) - policy.NO_RETRY_BEFORE_RUN
    made = 0
    for payout_id in ids:
        try:
            made += _skip(payout_id, now=now) if run_is_near else _retry(payout_id, now=now)
        except StripeUnavailable as failed:
            logger.warning(
                "the account of payout %s is unknown, so it isn't retried yet: %s", payout_id, failed
            )
        except Exception:
            logger.exception("payout %s can't be retried", payout_id)
    if made:
        notices.send_debounced_on_commit("payouts.sweep")
    return made


def _retry(payout_id: UUID, *, now: datetime) -> bool:
    """Ask Stripe about the account, then decide; return whether a payout was made.

    Raises: StripeUnavailable.
    """
    account = accounts.live_account(Payout.objects.values_list("creator_id", flat=True).get(pk=payout_id))
    if account:
        refresh_payment_account(account, now=sql.now())
    with transaction.atomic():
        dead = locked(payout_id)
        made = _decide(dead, now=now)
        _wait_for_next_day(dead, now=now, made=made)
    return made


@transaction.atomic
def _skip(payout_id: UUID, *, now: datetime) -> bool:
    _wait_for_next_day(locked(payout_id), now=now, made=False)
    return False


def _wait_for_next_day(dead: Payout, *, now: datetime, made: bool) -> None:
    """Set when the payout is decided again; with a new payout in its place, never."""
    again_at = None
    if not made and dead.first_failed_at:
        again_at = policy.retry_at(dead.failure_code, first_failed_at=dead.first_failed_at, now=now)
    Payout.objects.filter(pk=dead.pk).update(next_retry_at=again_at)


def _decide(dead: Payout, *, now: datetime) -> bool:
    """Make the retry, if nothing is in its way; staff may have retried it meanwhile."""
    held = Hold.objects.filter(creator=dead.creator_id, lifted_at=None).exists()
    if held or Payout.objects.filter(retry_of=dead).exists():
        return False
    number = dead.retry_number + 1
    act = Act(SYSTEM, f"retry {number} of payout {dead.pk}")
    with transaction.atomic():
        if isinstance(sets.decide_again(dead, act=act, now=now, retry_number=number), UUID):
            return True
        # The run's own decision stays.
        transaction.set_rollback(True)
    return False
