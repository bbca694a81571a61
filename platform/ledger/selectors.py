"""Reads of the ledger."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from ledger.models import PLATFORM, AccountKind, LedgerAccount, LedgerTransaction
from money import Money


@dataclass(frozen=True, slots=True)
class Owed:
    """What creators are owed and no payout has claimed, what other creators owe, and what payouts have reserved."""

    to_creators: Money
    by_creators: Money
    reserved: Money


def owed() -> list[Owed]:
    """Sum creators' balances per currency."""
    payable = Q(kind=AccountKind.CREATOR_PAYABLE)
    rows = (
        LedgerAccount.objects.filter(kind__in=[AccountKind.CREATOR_PAYABLE, AccountKind.PAYOUTS_RESERVED])
        .values("currency")
        .annotate(
            to_creators=Sum("balance", filter=payable & Q(balance__gt=0), default=0),
            by_creators=-Sum("balance", filter=payable & Q(balance__lt=0), default=0),
            reserved=Sum("balance", filter=Q(kind=AccountKind.PAYOUTS_RESERVED), default=0),
        )
        .order_by("currency")
    )
    return [
        Owed(*(Money(int(row[name]), row["currency"]) for name in ("to_creators", "by_creators", "reserved")))
        for row in rows
    ]


def payable_balance(creator_id: UUID, *, currency: str) -> int:
    """Return what a creator is owed and no payout has claimed, in minor units; negative if the creator owes us."""
    accounts = LedgerAccount.objects.filter(
        owner_id=creator_id, kind=AccountKind.CREATOR_PAYABLE, currency=currency
    )
    return accounts.values_list("balance", flat=True).first() or 0


def platform_accounts_called(name: str) -> QuerySet[LedgerAccount]:
    """Select the platform's ledger accounts of the kind with this name, in any case, one per currency."""
    kinds = [kind for kind in AccountKind if kind.label.lower() == name.lower()]
    return LedgerAccount.objects.filter(owner_id=PLATFORM, kind__in=kinds).order_by("currency")


def transactions_with_key(source_key: str) -> QuerySet[LedgerTransaction]:
    return LedgerTransaction.objects.filter(source_key=source_key)
