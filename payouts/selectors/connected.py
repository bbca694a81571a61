"""What lies on connected accounts, and what leaves them without us."""

from django.db.models import F, QuerySet, Sum

from payouts.models import Difference, DifferenceKind, Payout
from payouts.states import SENT, AttemptKind, AttemptStatus


def foreign_bank_payouts(account: str) -> QuerySet[Difference]:
    """Return the unexplained bank payouts that left a connected account without us."""
    return Difference.objects.filter(
        kind=DifferenceKind.FOREIGN_BANK_PAYOUT, account=account, resolved_at=None
    )


def left_behind(account: str, *, currency: str, except_for: Payout) -> int:
    """Sum up, in minor units, what payouts to a connected account brought there and did not take to the bank.

    Only what has a bank amount counts: of others, all that arrived is still to go. Negative is what one took
    along of another's.
    """
    others = Payout.objects.filter(
        attempts__kind=AttemptKind.TRANSFER,
        attempts__status=AttemptStatus.SUCCEEDED,
        attempts__stripe_id=F("stripe_transfer_id"),
        attempts__destination=account,
        bank_currency=currency,
        status__in=SENT,
    ).exclude(pk=except_for.pk)
    brought = others.aggregate(left=Sum(F("arrival_amount") - F("bank_amount")))["left"]
    return brought or 0
