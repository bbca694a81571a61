"""Stripe's refusals to open an account."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from accounts.models.creators import EMAIL_MAX_LENGTH
from accounts.models.payment_accounts import CreatorPaymentAccount, StripeApi
from database.fields import uuid7_key

# Stripe is asked again then: somebody may have finished the platform's set-up.
PAUSE = timedelta(hours=1)
# What the creator has to change is not asked again before they do; but Stripe's rules change as well.
PAUSE_UNCHANGED = timedelta(days=1)


class RefusalCause(models.TextChoices):
    """Whose a refusal is to mend; the first stops everybody's onboarding, the others one creator's."""

    PLATFORM = "platform", "The platform's set-up"
    COUNTRY = "country", "Country"
    EMAIL = "email", "Email address"
    BUSINESS_TYPE = "business_type", "Business type"
    OTHER = "other", "Unknown"


# Whose cause staff may mend; the creator mends the others.
MENDED_BY_STAFF = (RefusalCause.PLATFORM, RefusalCause.OTHER)


class OpeningRefusal(models.Model):
    """Stripe refused to open an account, or a link to its form; open until it accepts one, or the creator's is opened.

    From `asked_again_at` on, when staff say that they have mended the cause, it bars nobody until Stripe refuses again.

    `api`, `country`, `business_type` and `email` are what was asked. `code` and `sentence` are Stripe's, and `page`
    is where staff mend it, if that is known. The same refusal again only counts and is dated again. A refusal of the
    platform itself is open once for each API, with the account that met it first.
    """

    id = uuid7_key()
    payment_account = models.ForeignKey(
        CreatorPaymentAccount, models.PROTECT, related_name="refusals", db_index=False
    )
    cause = models.CharField(max_length=16, choices=RefusalCause.choices)
    api = models.CharField("Stripe API", max_length=2, choices=StripeApi.choices)
    country = models.CharField(max_length=2, blank=True)
    business_type = models.CharField(max_length=32, blank=True)
    email = models.CharField(max_length=EMAIL_MAX_LENGTH, blank=True)
    code = models.CharField(max_length=255, blank=True)
    sentence = models.TextField()
    page = models.CharField(max_length=255, blank=True)
    times = models.PositiveIntegerField(default=1)
    refused_at = models.DateTimeField()
    last_refused_at = models.DateTimeField()
    mended_at = models.DateTimeField(null=True, blank=True)
    asked_again_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "account_opening_refusals"
        constraints = [
            models.UniqueConstraint(
                fields=["api"],
                condition=Q(cause=RefusalCause.PLATFORM, mended_at__isnull=True),
                name="platform_is_refused_once_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["payment_account"],
                condition=~Q(cause=RefusalCause.PLATFORM) & Q(mended_at__isnull=True),
                name="account_is_refused_once_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["payment_account", "id"], name="refusal_by_account")]

    def __str__(self) -> str:
        return self.sentence

    @property
    def is_for_staff(self) -> bool:
        """Whether staff, not the creator, may have mended the cause."""
        return self.cause in MENDED_BY_STAFF

    @property
    def cause_label(self) -> str:
        return RefusalCause(self.cause).label

    def stands_against(self, *, country: str, business_type: str, email: str, now: datetime) -> bool:
        """Check whether the same request would meet the same refusal: nothing that caused it can have changed yet."""
        if self.asked_again_at and self.asked_again_at > self.last_refused_at:
            return False
        age = now - self.last_refused_at
        match self.cause:
            case RefusalCause.COUNTRY:
                return country == self.country and age < PAUSE_UNCHANGED
            case RefusalCause.EMAIL:
                return email == self.email and age < PAUSE_UNCHANGED
            case RefusalCause.BUSINESS_TYPE:
                same = (country, business_type) == (self.country, self.business_type)
                return same and age < PAUSE_UNCHANGED
            case RefusalCause.OTHER:
                asked = (country, business_type, email)
                return asked == (self.country, self.business_type, self.email) and age < PAUSE
        return age < PAUSE
