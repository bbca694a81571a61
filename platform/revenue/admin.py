"""Read-only pages for the platform's revenue and monthly reports."""

from django.contrib import admin

from database.admin import ReadOnlyAdmin, block, column, count, money
from revenue.models import MonthlyReport, PlatformRevenue


@column("Month", order="month")
def month(row: PlatformRevenue | MonthlyReport) -> str:
    return f"{row.month:%B} {row.month.year:04}"


@admin.register(PlatformRevenue)
class PlatformRevenueAdmin(ReadOnlyAdmin):
    list_display = [
        month,
        "currency",
        money("total_gross_revenue", "Gross"),
        money("total_platform_fees", "Platform fees"),
        money("total_creator_earnings", "Creator earnings"),
        money("total_creator_payouts", "Creator payouts"),
        count("total_transactions", "Charges"),
        count("active_subscriptions", "Subscriptions"),
    ]
    list_filter = ["currency"]
    ordering = ["-month", "currency"]
    details = [
        month,
        "currency",
        money("total_gross_revenue", "Gross revenue"),
        money("total_platform_fees", "Platform fees"),
        money("total_creator_earnings", "Creator earnings"),
        money("total_creator_payouts", "Paid to creators this month"),
        count("total_transactions", "Charges"),
        count("total_api_calls", "API calls"),
        count("active_subscriptions", "Active subscriptions"),
        "refreshed_at",
    ]


@admin.register(MonthlyReport)
class MonthlyReportAdmin(ReadOnlyAdmin):
    list_display = [month, "created_at", "emailed_at"]
    ordering = ["-month"]
    details = [month, "created_at", "emailed_at", block("text", "Report")]
