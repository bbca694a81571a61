"""Reads about creators and their accounts."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet

from accounts.errors import UnknownCreator
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, Hold
from stripe_io.values import moment

STALE_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Requirements:
    """What Stripe asks of an account, by Stripe's names; past `current_deadline` it restricts the account."""

    currently_due: list[str] = field(default_factory=list)
    past_due: list[str] = field(default_factory=list)
    eventually_due: list[str] = field(default_factory=list)
    pending_verification: list[str] = field(default_factory=list)
    disabled_reason: str | None = None
    current_deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """How far a creator's Stripe account is; without one, all but the status is empty."""

    has_account: bool = False
    status: AccountStatus = AccountStatus.NOT_CREATED
    details_submitted: bool = False
    charges_enabled: bool = False
    payouts_enabled: bool = False
    requirements: Requirements = field(default_factory=Requirements)
    country: str | None = None
    default_currency: str | None = None
    created_at: datetime | None = None
    gone_at: datetime | None = None
    cooling_down_until: datetime | None = None


def known_creator(external_id: str) -> Creator:
    """Return the creator with the marketplace's id.

    Raises: UnknownCreator.
    """
    creator = Creator.objects.filter(external_id=external_id).first()
    if creator is None:
        raise UnknownCreator(external_id)
    return creator


def live_account(creator_id: UUID) -> CreatorPaymentAccount | None:
    return CreatorPaymentAccount.objects.filter(creator=creator_id, replaced_at=None).first()


def account_standing(creator_id: UUID) -> AccountStanding:
    row = live_account(creator_id)
    if row is None or row.stripe_account_id is None:
        return AccountStanding()
    asked = row.requirements
    return AccountStanding(
        has_account=True,
        status=AccountStatus(row.account_status),
        details_submitted=row.details_submitted,
        charges_enabled=row.charges_enabled,
        payouts_enabled=row.payouts_enabled,
        requirements=Requirements(
            currently_due=asked.get("currently_due") or [],
            past_due=asked.get("past_due") or [],
            eventually_due=asked.get("eventually_due") or [],
            pending_verification=asked.get("pending_verification") or [],
            disabled_reason=asked.get("disabled_reason") or None,
            current_deadline=moment(asked.get("current_deadline")),
        ),
        country=row.country or None,
        default_currency=row.default_currency or None,
        created_at=row.created_at,
        gone_at=row.gone_at,
        cooling_down_until=cooling_down_until(creator_id),
    )


def stale_accounts(*, now: datetime, after: UUID | None = None, at_most: int | None = None) -> list[UUID]:
    """List live accounts of which Stripe has told nothing for a day, by their ids, from after the given one on."""
    unheard = CreatorPaymentAccount.objects.filter(
        Q(synced_at=None) | Q(synced_at__lt=now - STALE_AFTER),
        stripe_account_id__isnull=False,
        replaced_at=None,
    )
    rest = unheard.filter(pk__gt=after) if after else unheard
    return list(rest.order_by("pk").values_list("pk", flat=True)[:at_most])


def longest_unheard_of(*, now: datetime) -> timedelta:
    """Measure for how long Stripe has told nothing of the live account that was heard of longest ago."""
    oldest = CreatorPaymentAccount.objects.filter(replaced_at=None).aggregate(oldest=Min("synced_at"))[
        "oldest"
    ]
    return now - oldest if oldest else timedelta()


def account_is_gone(stripe_account_id: str) -> bool:
    """Tell whether Stripe lets us use this account no more, be it a creator's present one or an earlier."""
    gone = CreatorPaymentAccount.objects.filter(stripe_account_id=stripe_account_id, gone_at__isnull=False)
    return gone.exists()


def account_is_being_opened(*, since: datetime) -> bool:
    """Tell whether Stripe was asked for some account since then, and its answer is not recorded yet."""
    return CreatorPaymentAccount.objects.filter(stripe_account_id=None, opening_since__gte=since).exists()


def open_holds(creator_id: UUID) -> QuerySet[Hold]:
    return Hold.objects.filter(creator=creator_id, lifted_at=None)


def cooling_down_until(creator_id: UUID) -> datetime | None:
    """Return until when payouts wait as the creator would be paid elsewhere than before; None if they don't."""
    until: datetime | None = open_holds(creator_id).aggregate(until=Max("expires_at"))["until"]
    return until


def creators_on_hold() -> int:
    """Count the creators who have an open hold."""
    return Hold.objects.filter(lifted_at=None).values("creator").distinct().count()


def accounts_by_status() -> dict[str, int]:
    """Count the live accounts of each status; those of none are counted as 0."""
    counts = dict(
        CreatorPaymentAccount.objects.filter(replaced_at=None)
        .order_by("account_status")
        .values_list("account_status")
        .annotate(Count("pk"))
    )
    return {status.value: counts.get(status, 0) for status in AccountStatus}


def count_creators() -> int:
    return Creator.objects.count()
