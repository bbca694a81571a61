"""An attempt to move money at Stripe, saved before Stripe is called."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from database.fields import act_key, uuid7_key
from database.staff import SYSTEM
from payouts.models.payout import Payout
from payouts.states import AttemptKind, AttemptStatus


class PayoutAttempt(models.Model):
    """One idempotency key: the same movement to the same destination, however often it is sent.

    `answered`: the last send has a recorded answer. `in_doubt`: some send had no answer, or one that doesn't prove
    whether money moved. Only success under its own key, or a look-up, can end an attempt in doubt. `resendable` is
    false once Stripe would only repeat a saved error under the key. `metadata` is what Stripe keeps with the movement;
    it never changes, as Stripe refuses a key that comes with other parameters. `requested_by` is a member of staff,
    with their reason, or `system`. `external_account_id` is the bank account or debit card that a bank payout went to,
    once Stripe has told it. `request_id` is how Stripe logged the latest send that it answered (`req_…`).
    `withdrawn_by` is who in staff no longer wants what a refused reversal should have taken back.
    """

    id = uuid7_key()
    payout = models.ForeignKey(Payout, models.PROTECT, related_name="attempts")
    kind = models.CharField(max_length=16, choices=AttemptKind.choices)
    status = models.CharField(max_length=16, choices=AttemptStatus.choices, default=AttemptStatus.OPEN)
    idempotency_key = models.CharField(max_length=255, unique=True)
    metadata = models.JSONField(default=dict)
    destination = models.CharField(max_length=255)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    requested_by = models.CharField(max_length=255, default=SYSTEM)
    request_reason = models.TextField(blank=True)
    request_act = act_key()
    sends = models.PositiveIntegerField(default=0)
    first_sent_at = models.DateTimeField(null=True, blank=True)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    answered = models.BooleanField(default=True)
    in_doubt = models.BooleanField(default=False)
    resendable = models.BooleanField(default=True)
    stripe_id = models.CharField(max_length=255, blank=True)
    http_status = models.PositiveIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=255, blank=True)
    error_message = models.TextField(blank=True)
    request_id = models.CharField(max_length=255, blank=True)
    external_account_id = models.CharField(max_length=255, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.CharField(max_length=255, blank=True, db_default="")
    withdraw_reason = models.TextField(blank=True, db_default="")
    withdraw_act = act_key()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "payout_attempts"
        indexes = [
            models.Index(fields=["destination"], name="attempt_by_destination"),
            models.Index(
                fields=["ended_at"],
                condition=Q(
                    kind=AttemptKind.TRANSFER, status__in=(AttemptStatus.SUCCEEDED, AttemptStatus.REFUSED)
                ),
                name="transfer_answered",
            ),
            models.Index(
                fields=["destination"],
                condition=Q(error_code="amount_too_small"),
                name="attempt_refused_as_too_small",
            ),
            models.Index(fields=["request_id"], condition=~Q(request_id=""), name="attempt_by_request"),
            models.Index(
                fields=["status", "-id"],
                condition=~Q(status=AttemptStatus.SUCCEEDED),
                name="attempt_not_succeeded",
            ),
            models.Index(fields=["-id"], condition=Q(in_doubt=True), name="attempt_in_doubt"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["payout"], condition=Q(status=AttemptStatus.OPEN), name="payout_has_one_open_attempt"
            ),
            models.UniqueConstraint(
                fields=["stripe_id"], condition=~Q(stripe_id=""), name="attempt_is_alone_with_its_stripe_id"
            ),
            models.CheckConstraint(condition=Q(amount__gte=1), name="attempt_moves_something"),
            models.CheckConstraint(
                condition=Q(status=AttemptStatus.OPEN, ended_at__isnull=True)
                | (~Q(status=AttemptStatus.OPEN) & Q(ended_at__isnull=False)),
                name="attempt_ended_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.get_status_display().lower()}"
