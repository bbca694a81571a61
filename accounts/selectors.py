"""Reads about creators and their accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, Max, Min, Q, QuerySet, When
from django.db.models.functions import Lower

from accounts.errors import UnknownCreator
from accounts.models import (
    MENDED_BY_STAFF,
    AccountStatus,
    Creator,
    CreatorPaymentAccount,
    Hold,
    OpeningRefusal,
    RefusalCause,
)
from accounts.models.refusals import PAUSE
from stripe_io.values import moment

STALE_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Requirements:
    """What Stripe requires, by Stripe's field names. Past `current_deadline` it restricts the account."""

    currently_due: list[str] = field(default_factory=list)
    past_due: list[str] = field(default_factory=list)
    eventually_due: list[str] = field(default_factory=list)
    pending_verification: list[str] = field(default_factory=list)
    disabled_reason: str | None = None
    current_deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountState:
    """The state of a creator's Stripe account; without one, everything but the status is empty."""

    has_account: bool = False
    status: AccountStatus = AccountStatus.NOT_CREATED
    details_submitted: bool = False
    charges_enabled: bool = False
    payouts_enabled: bool = False
    requirements: Requirements = field(default_factory=Requirements)
    future_requirements: Requirements = field(default_factory=Requirements)
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


def known_at_stripe() -> list[str]:
    """List the newest accounts that Stripe let us use when it last told of them, as paths of its API."""
    usable = CreatorPaymentAccount.objects.filter(stripe_account_id__isnull=False, gone_at=None).order_by(
        "-pk"
    )
    return [f"/v1/accounts/{account}" for account in usable.values_list("stripe_account_id", flat=True)[:3]]


def account_state(creator_id: UUID) -> AccountState:
    row = live_account(creator_id)
    if row is None or row.stripe_account_id is None:
        return AccountState()
    return AccountState(
        has_account=True,
        status=AccountStatus(row.account_status),
        details_submitted=row.details_submitted,
        charges_enabled=row.charges_enabled,
        payouts_enabled=row.payouts_enabled,
        requirements=_requirements(row.requirements),
        future_requirements=_requirements(row.future_requirements),
        country=row.country or None,
        default_currency=row.default_currency or None,
        created_at=row.created_at,
        gone_at=row.gone_at,
        cooling_down_until=cooling_down_until(creator_id),
    )


def _requirements(told: Mapping[str, Any]) -> Requirements:
    return Requirements(
        currently_due=told.get("currently_due") or [],
        past_due=told.get("past_due") or [],
        eventually_due=told.get("eventually_due") or [],
        pending_verification=told.get("pending_verification") or [],
        disabled_reason=told.get("disabled_reason") or None,
        current_deadline=moment(told.get("current_deadline")),
    )


def stale_accounts(*, now: datetime) -> QuerySet[CreatorPaymentAccount]:
    """Return the live accounts that weren't refreshed for a day, those of which nothing was heard for longest first."""
    stale = CreatorPaymentAccount.objects.filter(
        Q(synced_at=None) | Q(synced_at__lt=now - STALE_AFTER),
        stripe_account_id__isnull=False,
        replaced_at=None,
    )
    return stale.order_by(F("synced_at").asc(nulls_first=True), "pk")


def oldest_refresh_age(*, now: datetime) -> timedelta:
    """Return the age of the least recently refreshed live account."""
    oldest = CreatorPaymentAccount.objects.filter(replaced_at=None).aggregate(oldest=Min("synced_at"))[
        "oldest"
    ]
    return now - oldest if oldest else timedelta()


def account_is_gone(stripe_account_id: str) -> bool:
    """Check whether we can no longer use this account, live or replaced."""
    gone = CreatorPaymentAccount.objects.filter(stripe_account_id=stripe_account_id, gone_at__isnull=False)
    return gone.exists()


def account_is_being_opened(*, since: datetime) -> bool:
    """Check whether Stripe was asked to create an account since then, and its answer isn't recorded yet."""
    return CreatorPaymentAccount.objects.filter(stripe_account_id=None, opening_since__gte=since).exists()


def opening_refusals() -> QuerySet[OpeningRefusal]:
    """Select what Stripe refuses to open at present, the platform's own set-up first."""
    standing = OpeningRefusal.objects.filter(mended_at=None)
    return standing.order_by(Case(When(cause=RefusalCause.PLATFORM, then=0), default=1), "pk")


def refusals_to_retry(*, now: datetime) -> list[OpeningRefusal]:
    """List the refusals that staff, not the creator, may have mended since Stripe was last asked."""
    due = OpeningRefusal.objects.filter(
        cause__in=MENDED_BY_STAFF,
        mended_at=None,
        last_refused_at__lte=now - PAUSE,
        payment_account__replaced_at=None,
    )
    return list(due.select_related("payment_account__creator").order_by("last_refused_at"))


def refusals_by_cause() -> dict[str, int]:
    """Count the standing refusals by cause, zeros included."""
    rows = OpeningRefusal.objects.filter(mended_at=None).order_by("cause").values_list("cause")
    counts = dict(rows.annotate(Count("pk")))
    return {cause.value: counts.get(cause, 0) for cause in RefusalCause}


def open_holds(creator_id: UUID) -> QuerySet[Hold]:
    return Hold.objects.filter(creator=creator_id, lifted_at=None)


def cooling_down_until(creator_id: UUID) -> datetime | None:
    """Return when the creator's cool-down ends; None without one."""
    until: datetime | None = open_holds(creator_id).aggregate(until=Max("expires_at"))["until"]
    return until


def accounts_by_status() -> dict[str, int]:
    """Count the live accounts by status, zeros included."""
    counts = dict(
        CreatorPaymentAccount.objects.filter(replaced_at=None)
        .order_by("account_status")
        .values_list("account_status")
        .annotate(Count("pk"))
    )
    return {status.value: counts.get(status, 0) for status in AccountStatus}


def count_creators() -> int:
    return Creator.objects.count()


def creators_beginning(text: str) -> QuerySet[Creator]:
    """Select the creators whose id begins with the text, in order."""
    return Creator.objects.filter(external_id__startswith=text).order_by("external_id")


def creators_by_email(address: str) -> QuerySet[Creator]:
    """Select the creators with this e-mail address, in any case; several may share one."""
    same = Creator.objects.alias(lower_email=Lower("email")).filter(lower_email=address.lower())
    return same.exclude(email="").order_by("external_id")


def creators_by_account(stripe_account_id: str) -> QuerySet[Creator]:
    """Select the creator who has, or had, this Stripe account."""
    return Creator.objects.filter(payment_accounts__stripe_account_id=stripe_account_id)


def creators_by_bank_account(external_account_id: str) -> QuerySet[Creator]:
    """Select the creators whose Stripe account pays out, or last paid out, to this bank account or card (`ba_…`)."""
    accounts = CreatorPaymentAccount.objects.filter(external_account_id=external_account_id)
    return Creator.objects.filter(pk__in=accounts.exclude(external_account_id="").values("creator"))
