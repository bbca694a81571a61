"""Failed payouts: after several in a row, stop paying the same destination."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q

from accounts import selectors as accounts
from accounts.models import CreatorPaymentAccount, Hold
from accounts.services.holds import hold_until_paid_elsewhere
from payouts.models import PayoutAttempt, PayoutEvent
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus

IN_A_ROW = 3
# One payout is refused five times at most before it is taken back.
_EVENTS_READ = 5 * IN_A_ROW
# Refused by Stripe, or returned by the bank.
SETBACKS = (PayoutStatus.FAILED, PayoutStatus.RETURNED)


def hold_after_several(creator_id: UUID) -> None:
    """Hold a creator whose last payouts to their current destination were all refused or returned.

    A lack of funds is not a refusal. The count restarts when a payout is paid, and when staff lift the hold.
    """
    account = accounts.live_account(creator_id)
    if account is None:
        return
    ends = _ends(account)
    if len(ends) == IN_A_ROW and set(ends) <= set(SETBACKS):
        hold_until_paid_elsewhere(
            creator_id,
            reason=f"{IN_A_ROW} payouts in a row to {account.stripe_account_id} were refused or returned",
        )


def _ends(account: CreatorPaymentAccount) -> list[str]:
    """List how payouts to the current destination ended, latest first; paid counts only if it still is.

    A bank payout that the bank returns again counts again. One that Stripe refuses again on schedule counts once. Of
    the retries that the service makes by itself, only the last counts.
    """
    refused = PayoutAttempt.objects.filter(
        payout=OuterRef("payout"), kind=AttemptKind.BANK_PAYOUT, status=AttemptStatus.REFUSED
    )
    sent_there = PayoutAttempt.objects.filter(
        payout=OuterRef("payout"),
        kind=AttemptKind.TRANSFER,
        destination=account.stripe_account_id,
        status__in=(AttemptStatus.SUCCEEDED, AttemptStatus.REFUSED),
    )
    ended = Q(to_status__in=SETBACKS) | Q(to_status=PayoutStatus.PAID, payout__status=PayoutStatus.PAID)
    last_of_all = Q(payout__next_retry_at=None, payout__retried_as=None)
    counts = ~Q(to_status=PayoutStatus.FAILED) | Q(payout__retry_number=0) | last_of_all
    events = PayoutEvent.objects.filter(ended, counts, Exists(sent_there), payout__creator=account.creator_id)
    if (since := _since(account)) is not None:
        events = events.filter(at__gt=since)
    latest = events.annotate(refused=Exists(refused)).order_by("-pk")[:_EVENTS_READ]
    ends: list[str] = []
    counted: set[UUID] = set()
    for event in latest.values("payout", "to_status", "refused"):
        if not (event["refused"] and event["payout"] in counted):
            ends.append(event["to_status"])
        counted.add(event["payout"])
    return ends[:IN_A_ROW]


def _since(account: CreatorPaymentAccount) -> datetime | None:
    tried_again = Hold.objects.filter(creator=account.creator_id, until_paid_elsewhere=True)
    lifted: datetime | None = tried_again.aggregate(last=Max("lifted_at"))["last"]
    return max((moment for moment in (lifted, account.external_account_since) if moment), default=None)
