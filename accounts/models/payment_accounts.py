"""Creators' Stripe accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.creators import EMAIL_MAX_LENGTH, Creator
from database.fields import act_key, uuid7_key

if TYPE_CHECKING:
    from accounts.gateway import StripeAccount

LONGEST_BANK = 255
LAST_DIGITS = 4
# Payout schedules.
DAILY = "daily"
MANUAL = "manual"


class AccountStatus(models.TextChoices):
    NOT_CREATED = "not_created", "Not created"
    PENDING = "pending", "Pending"
    ONBOARDING = "onboarding", "Onboarding"
    ACTIVE = "active", "Active"
    RESTRICTED = "restricted", "Restricted"
    DISABLED = "disabled", "Disabled"

    @classmethod
    def from_stripe(
        cls, account: StripeAccount | None, *, returned: bool = False, was_active: bool = False
    ) -> AccountStatus:
        """Derive the status from Stripe's account, of either API; nothing else ever sets it.

        None stands for an account that we can no longer use: closed, or disconnected by its holder. `returned`: its
        holder came back from Stripe's form, which counts where Stripe doesn't say whether they completed it.
        `was_active`: it could be paid before.

        `pending`: nothing was submitted yet. `onboarding`: Stripe is verifying what was. `restricted`: Stripe is
        waiting for the creator, or has stopped payouts on its own.

        Source: https://docs.stripe.com/connect/handling-api-verification and
        https://docs.stripe.com/api/v2/core/accounts/object
        """
        if account is None or account.rejected:
            return cls.DISABLED
        if account.transfers_active and account.payouts_enabled:
            return cls.ACTIVE
        if was_active:
            return cls.RESTRICTED
        submitted = returned if account.submitted is None else account.submitted
        if account.awaits_holder and not submitted:
            return cls.PENDING
        return cls.ONBOARDING if account.verifying else cls.RESTRICTED


class StripeApi(models.TextChoices):
    """Which of Stripe's APIs opened an account, and serves it since."""

    V1 = "v1", "v1"
    V2 = "v2", "v2"


def information_due(requirements: Mapping[str, Any]) -> bool:
    """Check whether Stripe needs information from the account's holder, now or by a deadline."""
    return bool(requirements.get("currently_due") or requirements.get("past_due"))


class CreatorPaymentAccount(models.Model):
    """A creator's Stripe Connect account. At most one is live (`replaced_at` is null); old ones are kept.

    The row is created first, with status `not_created` and no `stripe_account_id`. Stripe's account is then created
    by `api`, under the row's creation key, with the row's country, business type, service agreement and
    `opening_email`. While `opening_since` is set, such a request may be in progress or its outcome unknown. A new key
    is used only once it is certain that the last one created nothing. The setting STRIPE_ACCOUNTS chooses the API of
    the next opening; an account stays with the API that opened it.

    `requirements` and `future_requirements` have the names of the v1 API. `schedule` is when Stripe pays out by
    itself, as it last told; payouts of this service need `manual`. `returned_at` is when the creator first came back
    from Stripe's form, and `first_active_at` when the account could first be paid.

    `gone_at` is when Stripe first reported that we can't use the account; null while we can. The external account is
    the bank account or debit card that Stripe pays out to, or the last one known; `external_account_since` is when
    it replaced another, and `destinations` has them all. `refused_country` is where Stripe last refused to open an
    account, until one is opened. `links_refreshed` counts the new links given to browsers that came back with a used
    one. Each link's `state` contains the count, and gets a new link only while the count is unchanged: once.
    `sync_tried_at` is when a sync last took the row, whether or not Stripe answered; `synced_at` is when Stripe was
    last heard.
    """

    id = uuid7_key()
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="payment_accounts")
    stripe_account_id = models.CharField(max_length=255, unique=True, null=True, blank=True)
    api = models.CharField("Stripe API", max_length=2, choices=StripeApi.choices, blank=True)
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
    future_requirements = models.JSONField(default=dict)
    schedule = models.CharField(max_length=16, blank=True)
    external_account_id = models.CharField(max_length=255, blank=True)
    external_account_fingerprint = models.CharField(max_length=255, blank=True)
    external_account_bank = models.CharField(max_length=LONGEST_BANK, blank=True, db_default="")
    external_account_last4 = models.CharField(max_length=LAST_DIGITS, blank=True, db_default="")
    external_account_since = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    onboarding_completed_at = models.DateTimeField(null=True, blank=True)
    first_active_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)
    replaced_by = models.CharField(max_length=255, blank=True)
    replace_reason = models.TextField(blank=True)
    replace_act = act_key()
    created_at = models.DateTimeField(db_default=Now())
    synced_at = models.DateTimeField(null=True, blank=True)
    sync_tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    openings = models.PositiveSmallIntegerField(default=0)
    opening_since = models.DateTimeField(null=True, blank=True)
    opening_email = models.CharField(max_length=EMAIL_MAX_LENGTH, blank=True)
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
            models.CheckConstraint(
                condition=Q(api__in=StripeApi.values)
                | Q(stripe_account_id__isnull=True, opening_since__isnull=True),
                name="account_has_the_api_that_opens_it",
            ),
        ]
        indexes = [
            models.Index(
                fields=["external_account_id"],
                condition=~Q(external_account_id=""),
                name="account_by_bank_account",
            ),
            models.Index(
                fields=["external_account_fingerprint"],
                condition=~Q(external_account_fingerprint=""),
                name="account_by_fingerprint",
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


class Destination(models.Model):
    """A bank account or debit card that a Stripe account is paid out to, from `since` until the next; append-only.

    `bank` is the bank's name, or a card's brand, and `last4` the end of its number, as Stripe tells them.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(CreatorPaymentAccount, models.PROTECT, related_name="destinations")
    external_account_id = models.CharField(max_length=255)
    bank = models.CharField(max_length=LONGEST_BANK, blank=True)
    last4 = models.CharField(max_length=LAST_DIGITS, blank=True)
    since = models.DateTimeField()

    class Meta:
        db_table = "payout_destinations"

    def __str__(self) -> str:
        return f"{self.bank} •••• {self.last4}".strip() if self.last4 else self.external_account_id
