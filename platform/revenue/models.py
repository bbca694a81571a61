"""The platform's figures by month and currency, and the reports made from them."""

from fractions import Fraction

from django.db import models
from django.db.models.functions import Now

from money import format_month


class PlatformRevenue(models.Model):
    """The platform's figures for one month and currency; signed minor units.

    The earnings columns are by the period of the sale, and are restated when late records arrive.
    `total_creator_payouts` is payouts paid in the month, less those that came back in it.
    """

    id = models.BigAutoField(primary_key=True)
    month = models.DateField()
    currency = models.CharField(max_length=3)
    total_gross_revenue = models.BigIntegerField(default=0)
    total_platform_fees = models.BigIntegerField(default=0)
    total_creator_earnings = models.BigIntegerField(default=0)
    total_creator_payouts = models.BigIntegerField(default=0)
    total_transactions = models.PositiveBigIntegerField(default=0)
    total_api_calls = models.PositiveBigIntegerField(default=0)
    active_subscriptions = models.PositiveBigIntegerField(default=0)
    refreshed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "platform_revenue"
        verbose_name_plural = "platform revenue"
        constraints = [
            models.UniqueConstraint(fields=["month", "currency"], name="month_has_one_row_per_currency")
        ]

    def __str__(self) -> str:
        return f"{format_month(self.month)} {self.currency}"

    @property
    def take_rate_bps(self) -> int | None:
        """Fees ÷ gross in basis points.

        None if that isn't a share: nothing was sold, or refunds of sales at another rate make the fees exceed the
        gross or have the opposite sign.
        """
        if not self.total_gross_revenue:
            return None
        rate = Fraction(self.total_platform_fees, self.total_gross_revenue)
        return round(rate * 10_000) if 0 <= rate <= 1 else None


class MonthlyReport(models.Model):
    """A month's figures when its report was made; later changes appear in later reports as adjustments.

    `digest` is the MD5 of the figures; `check_books` compares it.
    """

    id = models.BigAutoField(primary_key=True)
    month = models.DateField(unique=True)
    figures = models.JSONField()
    text = models.TextField()
    digest = models.CharField(max_length=32)
    created_at = models.DateTimeField(db_default=Now())
    emailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "monthly_reports"

    def __str__(self) -> str:
        return f"Report of {self.month:%B} {self.month.year:04}"
