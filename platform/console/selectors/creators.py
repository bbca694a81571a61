"""What one creator earned and was paid."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, Sum

from accounts.models import Creator
from earnings.models import CreatorEarning
from money import Money
from payouts.states import PayoutStatus


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a creator stands in one currency, in net: owed now, earned ever, paid ever."""

    owed: Money
    lifetime: Money
    paid: Money


def standings(creator: Creator) -> Iterable[Standing]:
    """Sum up a creator's earnings per currency."""
    rows = (
        CreatorEarning.objects.filter(creator=creator)
        .values("currency")
        .annotate(
            owed=Sum("net", filter=Q(payout=None), default=0),
            lifetime=Sum("net"),
            paid=Sum("net", filter=Q(payout__status=PayoutStatus.PAID), default=0),
        )
        .order_by("currency")
    )
    for row in rows:
        owed, lifetime, paid = (
            Money(int(row[name]), row["currency"]) for name in ("owed", "lifetime", "paid")
        )
        yield Standing(owed=owed, lifetime=lifetime, paid=paid)
