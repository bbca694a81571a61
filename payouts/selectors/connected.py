"""What went to connected accounts, what is held there, and what leaves them without us."""

from django.db.models import F, Sum

from payouts.models import Payout
from payouts.states import SENT, AttemptKind, AttemptStatus


def left_behind(account: str, *, currency: str, except_for: Payout) -> int:
    """Sum what payouts to a connected account left there instead of paying it out to the bank, in minor units.

    Only payouts with a bank amount count: the others have yet to pay out all that arrived. Negative if a payout
    took more than its own.
    """
    others = Payout.objects.filter(
        attempts__kind=AttemptKind.TRANSFER,
        attempts__status=AttemptStatus.SUCCEEDED,
        attempts__stripe_id=F("stripe_transfer_id"),
        attempts__destination=account,
        bank_currency=currency,
        status__in=SENT,
    ).exclude(pk=except_for.pk)
    left = others.aggregate(left=Sum(F("arrival_amount") - F("bank_amount")))["left"]
    return left or 0


def known_at_stripe() -> list[str]:
    """List the newest transfers, as paths of Stripe's API: a transfer stays with the platform that made it."""
    sent = Payout.objects.exclude(stripe_transfer_id="").order_by("-pk")
    return [f"/v1/transfers/{transfer}" for transfer in sent.values_list("stripe_transfer_id", flat=True)[:3]]
