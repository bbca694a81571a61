"""Commission rates."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Creator
from database.fields import act_key, uuid7_key
from earnings.models.catalog import Api


class CommissionRate(models.Model):
    """The platform's share of gross, in basis points, from `effective_from` until the next rate of its kind.

    A rate is for one API, for one creator, or (neither) the default. An API's rate takes precedence over its
    creator's, and that over the default. `bps` None ends the rate of an API or creator. The first default also
    applies to everything before it. Of two rates of one kind from the same moment, the one created last applies.
    """

    id = uuid7_key()
    creator = models.ForeignKey(
        Creator, models.PROTECT, related_name="commission_rates", null=True, blank=True
    )
    api = models.ForeignKey(Api, models.PROTECT, related_name="commission_rates", null=True, blank=True)
    bps = models.PositiveIntegerField(null=True, blank=True)
    effective_from = models.DateTimeField()
    actor = models.CharField(max_length=255)
    reason = models.TextField()
    act = act_key()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "commission_rates"
        constraints = [
            models.CheckConstraint(condition=Q(bps__lte=10_000), name="commission_is_a_share"),
            models.CheckConstraint(
                condition=Q(creator__isnull=True) | Q(api__isnull=True), name="commission_is_of_one_kind"
            ),
            models.CheckConstraint(
                condition=Q(bps__isnull=False) | Q(creator__isnull=False) | Q(api__isnull=False),
                name="commission_always_has_a_default",
            ),
        ]

    def __str__(self) -> str:
        return "none of its own" if self.bps is None else f"{self.bps / 100:g} %"
