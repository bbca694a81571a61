"""A difference between our records and what Stripe or the marketplace has, open until it is explained."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Creator
from database.fields import act_key, uuid7_key
from payouts.models.payout import Payout


class DifferenceKind(models.TextChoices):
    UNEXPECTED_TRANSFER = "unexpected_transfer", "Transfer for an ended payout"
    UNEXPLAINED_REVERSAL = "unexplained_reversal", "Unexplained reversal"
    REVERSAL_REFUSED = "reversal_refused", "Reversal refused by Stripe"
    FOREIGN_BANK_PAYOUT = "foreign_bank_payout", "Bank payout not started by us"
    STRIPE_DEBIT = "stripe_debit", "Debited from the bank by Stripe"
    BANK_PAYOUT_REVERSED = "bank_payout_reversed", "Bank payout reversed"
    UNRECORDED_TRANSFER = "unrecorded_transfer", "Unrecorded transfer"
    UNKNOWN_TRANSFER = "unknown_transfer", "Unknown transfer"
    FOREIGN_TRANSFERS = "foreign_transfers", "Transfers of another use of the Stripe account"
    MISSING_TRANSFER = "missing_transfer", "Transfer missing at Stripe"
    TRANSFER_DIFFERS = "transfer_differs", "Transfer differs from what was sent"
    UNRECORDED_REVERSAL = "unrecorded_reversal", "Unrecorded reversal"
    MISSING_REVERSAL = "missing_reversal", "Reversal missing at Stripe"
    TRANSACTION_DIFFERS = "transaction_differs", "Balance transaction differs from its transfer"
    UNRECORDED_BANK_PAYOUT = "unrecorded_bank_payout", "Unrecorded bank payout"
    MISSING_BANK_PAYOUT = "missing_bank_payout", "Bank payout missing at Stripe"
    BANK_PAYOUT_DIFFERS = "bank_payout_differs", "Bank payout differs at Stripe"
    UNBOOKED_PAYOUT = "unbooked_payout", "Sent payout not in the ledger"
    UNEXPLAINED_MOVEMENT = "unexplained_movement", "Ledger movement without a payout"
    ARRIVAL_UNKNOWN = "arrival_unknown", "Arrival unknown"
    HELD_AT_STRIPE = "held_at_stripe", "Money long on a Stripe account"
    AMOUNT_TOO_LARGE = "amount_too_large", "Amount too large for Stripe"
    PAYOUT_STUCK = "payout_stuck", "Payout that can't be processed"
    UNREADABLE = "unreadable", "Can't be read at Stripe"
    INVOICE_DELETED = "invoice_deleted", "Posted invoice deleted"
    INVOICE_UNPAID = "invoice_unpaid", "Posted invoice not paid"
    INVOICE_DISPUTED = "invoice_disputed", "Posted invoice disputed"
    INVOICE_PARTIALLY_REFUNDED = "invoice_partially_refunded", "Posted invoice partially refunded"
    SUBSCRIPTION_MOVED = "subscription_moved", "Subscription moved to another API"


# Differences with the marketplace's own tables; all others are with Stripe.
BILLING_KINDS = frozenset(
    [
        DifferenceKind.INVOICE_DELETED,
        DifferenceKind.INVOICE_UNPAID,
        DifferenceKind.INVOICE_DISPUTED,
        DifferenceKind.INVOICE_PARTIALLY_REFUNDED,
        DifferenceKind.SUBSCRIPTION_MOVED,
    ]
)


class Difference(models.Model):
    """Something at Stripe or in the marketplace's tables that our records don't match; one open per kind and subject.

    `subject` is Stripe's id of the object, or the payout's id where Stripe has none; for an invoice, its charge's
    record id, or a month where there are many; for transfers of another use, their day and currency. `amount` is signed
    minor units: how much more Stripe moved than we recorded; for a refused reversal, what it would have taken back; for
    money long on an account, what lies there; for an invoice, the counted amount in question.
    `account` is the connected account, or empty. `owner` is the member of staff who is looking into it, or empty.
    """

    id = uuid7_key()
    kind = models.CharField(max_length=32, choices=DifferenceKind.choices)
    subject = models.CharField(max_length=255)
    creator = models.ForeignKey(Creator, models.PROTECT, null=True, blank=True, related_name="differences")
    payout = models.ForeignKey(Payout, models.PROTECT, null=True, blank=True, related_name="differences")
    account = models.CharField(max_length=255, blank=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    detail = models.TextField()
    owner = models.CharField(max_length=255, blank=True)
    found_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=255, blank=True)
    resolution = models.TextField(blank=True)
    act = act_key()

    class Meta:
        db_table = "differences"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(resolved_at__isnull=True),
                name="difference_is_open_once",
            )
        ]
        indexes = [models.Index(fields=["subject"], name="difference_by_subject")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"
