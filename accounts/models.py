"""Staff users, creators and their changes, their Stripe accounts, and holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from database.changes import Change
from database.fields import ExternalIdField, is_external_id, uuid7_key
from database.staff import SYSTEM, Right

if TYPE_CHECKING:
    from accounts.gateway import StripeAccount

EMAIL_MAX_LENGTH = 254  # RFC 5321's longest address


def can_sign(username: str) -> None:
    """Refuse a username that could be mistaken for another actor's.

    Raises: ValidationError.
    """
    if username.lower() == SYSTEM:
        raise ValidationError(f"{SYSTEM!r} is reserved for what the service does by itself.")
    if User.objects.filter(username__iexact=username).exclude(username=username).exists():
        raise ValidationError("A user with that username already exists.")


class User(AbstractUser):
    """A member of staff. Creators and services have no user: they use the marketplace's tokens.

    The username signs what they do, so it never changes, and no user is ever deleted.
    """

    username = models.CharField(
        max_length=150,
        unique=True,
        validators=[AbstractUser.username_validator, can_sign],
        help_text="Signs what this person does, and never changes. Letters, digits and @ . + - _ only.",
        error_messages={"unique": "A user with that username already exists."},
    )

    class Meta(AbstractUser.Meta):
        permissions = [(right.value, right.label) for right in Right]
        constraints = [
            models.UniqueConstraint(Lower("username"), name="username_is_unique_in_any_case"),
            models.CheckConstraint(condition=Q(username__regex=r"^\S+$"), name="username_has_no_blanks"),
            models.CheckConstraint(condition=~Q(username__iexact=SYSTEM), name="username_is_not_systems"),
        ]


class Creator(models.Model):
    """Someone who sells on the marketplace; `external_id` is the marketplace's own id."""

    id = uuid7_key()
    external_id = ExternalIdField(unique=True)
    email = models.EmailField(blank=True, max_length=EMAIL_MAX_LENGTH)
    country = models.CharField(max_length=2, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "creators"
        constraints = [is_external_id("external_id")]

    def __str__(self) -> str:
        return self.external_id


class CreatorField(models.TextChoices):
    """A detail of a creator that can change."""

    EMAIL = "email", "Email"
    COUNTRY = "country", "Country"


class CreatorChange(Change):
    """A change of a creator's e-mail address or country; the first value counts as one."""

    creator = models.ForeignKey(Creator, models.PROTECT, related_name="changes", db_index=False)
    field = models.CharField(max_length=8, choices=CreatorField.choices)

    class Meta:
        db_table = "creator_changes"
        indexes = [models.Index(fields=["creator", "id"], name="change_by_creator")]


class AccountStatus(models.TextChoices):
    NOT_CREATED = "not_created", "Not created"
    PENDING = "pending", "Pending"
    ONBOARDING = "onboarding", "Onboarding"
    ACTIVE = "active", "Active"
    RESTRICTED = "restricted", "Restricted"
    DISABLED = "disabled", "Disabled"

    @classmethod
    def from_stripe(cls, account: StripeAccount | None) -> AccountStatus:
        """Derive the status from Stripe's account; nothing else ever sets it.

        None stands for an account that we can no longer use: closed, or disconnected by its holder. `pending`:
        nothing was submitted yet. `onboarding`: Stripe is verifying what was. `restricted`: Stripe is waiting for
        the creator, or has stopped payouts on its own.

        Source: https://docs.stripe.com/connect/handling-api-verification
        """
        if account is None or account.rejected:
            return cls.DISABLED
        if account.transfers_active and account.payouts_enabled:
            return cls.ACTIVE
        if not account.details_submitted:
            return cls.PENDING
        return cls.RESTRICTED if account.information_due or account.stopped else cls.ONBOARDING


def information_due(requirements: Mapping[str, Any]) -> bool:
    """Check whether Stripe needs information from the account's holder, now or by a deadline."""
    return bool(requirements.get("currently_due") or requirements.get("past_due"))


class CreatorPaymentAccount(models.Model):
    """A creator's Stripe Connect account. At most one is live (`replaced_at` is null); old ones are kept.

    The row is created first, with status `not_created` and no `stripe_account_id`. Stripe's account is then created
    under the row's creation key, with the row's country, business type and service agreement. While `opening_since`
    is set, such a request may be in progress or its outcome unknown. A new key is used only once it is certain that
    the last one created nothing.

    `gone_at` is when Stripe first reported that we can't use the account; null while we can. The external account is
    the bank account or debit card that Stripe pays out to, or the last one known; `external_account_since` is when
    it replaced another. `refused_country` is where Stripe last refused to open an account, until one is opened.
    `links_refreshed` counts the new links given to browsers that came back with a used one. Each link's `state`
    contains the count, and gets a new link only while the count is unchanged: once.
    """

    id = uuid7_key()
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="payment_accounts")
    stripe_account_id = models.CharField(max_length=255, unique=True, null=True, blank=True)
    account_status = models.CharField(
        max_length=16, choices=AccountStatus.choices, default=AccountStatus.NOT_CREATED
    )
    details_submitted = models.BooleanField(default=False)
    charges_enabled = models.BooleanField(default=False)
    payouts_enabled = models.BooleanField(default=False)
    capabilities = models.JSONField(default=dict)
    service_agreement = models.CharField(max_length=16, blank=True)
    default_currency = models.CharField(max_length=3, blank=True)
    country = models.CharField(max_length=2, blank=True)
    refused_country = models.CharField(max_length=2, blank=True)
    business_type = models.CharField(max_length=32, blank=True)
    requirements = models.JSONField(default=dict)
    external_account_id = models.CharField(max_length=255, blank=True)
    external_account_fingerprint = models.CharField(max_length=255, blank=True)
    external_account_since = models.DateTimeField(null=True, blank=True)
    onboarding_completed_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)
    replaced_by = models.CharField(max_length=255, blank=True)
    replace_reason = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    synced_at = models.DateTimeField(null=True, blank=True)
    openings = models.PositiveSmallIntegerField(default=0)
    opening_since = models.DateTimeField(null=True, blank=True)
    links_refreshed = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "creator_payment_accounts"
        constraints = [
            models.UniqueConstraint(
                fields=["creator"], condition=Q(replaced_at__isnull=True), name="creator_has_one_live_account"
            ),
            models.CheckConstraint(
                condition=Q(account_status=AccountStatus.NOT_CREATED, stripe_account_id__isnull=True)
                | (~Q(account_status=AccountStatus.NOT_CREATED) & Q(stripe_account_id__isnull=False)),
                name="account_known_to_stripe_has_its_id",
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_account_id or f"account of {self.creator_id}"

    @property
    def creation_key(self) -> str:
        """The idempotency key; the same again in a database restored from a backup."""
        return f"account:{self.pk}:{self.openings}"

    @property
    def information_due(self) -> bool:
        return information_due(self.requirements)

    @property
    def verification_failed(self) -> bool:
        """Whether Stripe rejected something that was submitted; missing information doesn't count.

        Source: https://docs.stripe.com/connect/handling-api-verification#validation-and-verification-errors
        """
        errors = self.requirements.get("errors") or []
        return any(error.get("code") != "information_missing" for error in errors)

    @property
    def payable(self) -> bool:
        return self.replaced_at is None and self.account_status == AccountStatus.ACTIVE


class HoldSource(models.TextChoices):
    STAFF = "staff", "Staff"
    STRIPE = "stripe", "Stripe"
    SYSTEM = "system", "System"
    CREATOR = "creator", "Creator"


class Hold(models.Model):
    """A reason not to pay a creator, open until its source lifts it.

    A hold with `expires_at` is a cool-down: the creator's destination changed, and whoever changed it has to wait.
    Runs still create payouts, which are held until it expires or staff end it. A hold with `until_paid_elsewhere` is
    placed because payouts keep failing, and ends once the creator has another destination.
    """

    id = uuid7_key()
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="holds")
    source = models.CharField(max_length=8, choices=HoldSource.choices)
    reason = models.TextField()
    placed_by = models.CharField(max_length=255)
    placed_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    until_paid_elsewhere = models.BooleanField(default=False)
    lifted_by = models.CharField(max_length=255, blank=True)
    lift_reason = models.TextField(blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "holds"
        indexes = [
            models.Index(fields=["creator"], condition=Q(lifted_at__isnull=True), name="hold_open_by_creator")
        ]

    def __str__(self) -> str:
        return self.reason
