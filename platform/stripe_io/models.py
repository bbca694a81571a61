"""The webhook inbox, its replays, and the Stripe mode and account that this database serves."""

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from djstripe.models import Event

from database.fields import act_key

LONGEST_ID = 255
LONGEST_TYPE = 250  # as in dj-stripe's own table


class StripeMode(models.TextChoices):
    SANDBOX = "sandbox", "Sandbox"
    TEST = "test", "Test"
    LIVE = "live", "Live"


class Installation(models.Model):
    """The single row that says which Stripe mode and which platform's account this database serves.

    The account is empty until the first request to Stripe. `uuid` tells its payments there from those of another
    installation; a restored backup has the same one. Up to `checked_until`, Stripe's time, it has all transfers of its
    own, by the check that ended at `checked_at`, the database's time; both are null before the first check.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    uuid = models.UUIDField(db_default=RandomUUID(), editable=False)
    mode = models.CharField(max_length=8, choices=StripeMode.choices)
    platform_account = models.CharField(max_length=LONGEST_ID, blank=True)
    platform_country = models.CharField(max_length=2, blank=True)
    checked_until = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    installed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "installation"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="installation_is_one")]

    def __str__(self) -> str:
        return self.mode


class InboxOutcome(models.TextChoices):
    HANDLED = "handled", "Handled"
    SET_ASIDE = "set_aside", "Set aside"


class InboxEvent(models.Model):
    """A stored Stripe event. It is handled once; after an error it is kept, with the error, and tried again.

    `object_id` is what it is about, such as a transfer or an account; empty for objects without an id.
    """

    event = models.OneToOneField(
        Event, models.PROTECT, to_field="id", primary_key=True, db_column="event_id", related_name="inbox"
    )
    type = models.CharField(max_length=LONGEST_TYPE)
    account = models.CharField(max_length=LONGEST_ID, blank=True)
    object_id = models.CharField(max_length=LONGEST_ID, blank=True, db_default="")
    received_at = models.DateTimeField(db_default=Now())
    next_try_at = models.DateTimeField(db_default=Now())
    tries = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    outcome = models.CharField(max_length=16, choices=InboxOutcome.choices, blank=True)
    note = models.TextField(blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "stripe_inbox"
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(handled_at__isnull=True), name="inbox_unhandled_by_time"
            ),
            models.Index(
                fields=["handled_at"], condition=Q(outcome=InboxOutcome.HANDLED), name="inbox_handled_by_time"
            ),
            models.Index(fields=["object_id"], condition=~Q(object_id=""), name="inbox_by_object"),
            models.Index(fields=["-received_at"], name="inbox_by_time"),
        ]

    def __str__(self) -> str:
        return self.type


class BodyReason(models.TextChoices):
    TEXT = "text", "Text replaced"
    NOT_TEXT = "not_text", "Not UTF-8"
    NOT_JSON = "not_json", "Not JSON"
    NUMBER = "number", "Number out of range"
    TOO_DEEP = "too_deep", "Nested too deep"
    NOT_AN_EVENT = "not_an_event", "Not an event"
    THIN = "thin", "Thin event"
    OTHER_MODE = "other_mode", "Wrong mode"
    REFUSED = "refused", "Refused by PostgreSQL"


class KeptBody(models.Model):
    """A validly signed body that couldn't be stored unchanged as an event, kept byte for byte with the reason.

    With `event`, it became that event after some of its text was replaced. Without one, it is set aside: nothing
    acted on it. `told_id`, `told_type` and `told_account` are the ids and the type in the body, as far as they can be
    read. The same body is kept once, however often it is delivered.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    body = models.BinaryField()
    reason = models.CharField(max_length=16, choices=BodyReason.choices)
    note = models.TextField()
    told_id = models.CharField(max_length=LONGEST_ID, blank=True)
    told_type = models.CharField(max_length=LONGEST_TYPE, blank=True)
    told_account = models.CharField(max_length=LONGEST_ID, blank=True)
    event = models.ForeignKey(InboxEvent, models.PROTECT, null=True, blank=True, related_name="kept_bodies")
    deliveries = models.PositiveIntegerField(default=1)
    received_at = models.DateTimeField(db_default=Now())
    last_received_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "stripe_kept_bodies"
        indexes = [
            models.Index(fields=["reason"], condition=Q(event__isnull=True), name="body_set_aside_by_reason"),
            models.Index(fields=["told_id"], condition=~Q(told_id=""), name="body_by_event"),
        ]

    def __str__(self) -> str:
        return self.told_id or self.digest[:12]


class Replay(models.Model):
    """A request to handle an event or read a body again: who asked, why, and the outcome before."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(InboxEvent, models.PROTECT, null=True, blank=True, related_name="replays")
    body = models.ForeignKey(KeptBody, models.PROTECT, null=True, blank=True, related_name="replays")
    actor = models.CharField(max_length=255)
    reason = models.TextField()
    act = act_key()
    outcome_before = models.CharField(max_length=16, choices=InboxOutcome.choices, blank=True)
    note_before = models.TextField(blank=True)
    asked_at = models.DateTimeField()

    class Meta:
        db_table = "stripe_replays"
        constraints = [
            models.CheckConstraint(
                condition=Q(event__isnull=False, body__isnull=True)
                | Q(event__isnull=True, body__isnull=False),
                name="replay_is_of_an_event_or_a_body",
            )
        ]

    def __str__(self) -> str:
        return self.reason
