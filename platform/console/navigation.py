"""The console's frame: sidebar, Stripe mode, style sheet, script and icon."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from database.display import list_of

# Sidebar groups: title, then (table, name, icon).
_GROUPS: dict[str, list[tuple[str, str, str]]] = {
    "Creators": [
        ("accounts.Creator", "Creators", "group"),
        ("accounts.CreatorPaymentAccount", "Stripe accounts", "account_balance_wallet"),
        ("accounts.Hold", "Holds", "front_hand"),
        ("accounts.CreatorChange", "Creator changes", "manage_history"),
    ],
    "Earnings": [
        ("earnings.CreatorEarning", "Earnings", "trending_up"),
        ("earnings.Adjustment", "Adjustments", "tune"),
        ("earnings.Api", "APIs", "api"),
        ("earnings.ApiOwnership", "API owners", "badge"),
        ("earnings.ApiChange", "API changes", "published_with_changes"),
        ("earnings.CommissionRate", "Commission rates", "percent"),
    ],
    "Billing": [
        ("earnings.QuarantinedRecord", "Quarantine", "report"),
        ("earnings.BillingBatch", "Batches", "inventory_2"),
        ("earnings.BatchAct", "Batch history", "history"),
        ("earnings.BillingRecord", "Records", "receipt_long"),
        ("earnings.Posting", "Postings", "post_add"),
        ("earnings.EarningPosting", "Earning postings", "trending_up"),
        ("earnings.BillingSource", "Sources", "input"),
    ],
    "Payouts": [
        ("payouts.PayoutRun", "Runs", "event_repeat"),
        ("payouts.RunDecision", "Decisions", "rule"),
        ("payouts.Payout", "Payouts", "payments"),
        ("payouts.PayoutLineItem", "Line items", "list"),
        ("payouts.PayoutAttempt", "Attempts", "send"),
        ("payouts.PayoutEvent", "Payout history", "history"),
        ("payouts.Difference", "Differences", "difference"),
        ("payouts.SuspensePlacement", "Suspense", "move_to_inbox"),
        ("payouts.ReconciliationPass", "Reconciliation", "compare_arrows"),
        ("payouts.SendingPause", "Sending pauses", "pause_circle"),
        ("payouts.UnplacedTransfer", "Unplaced transfers", "move_to_inbox"),
        ("payouts.IgnoredInstallation", "Ignored installations", "domain_disabled"),
        ("payouts.Forecast", "Forecasts", "query_stats"),
    ],
    "Books": [
        ("ledger.LedgerAccount", "Ledger accounts", "account_balance"),
        ("ledger.LedgerTransaction", "Transactions", "swap_horiz"),
        ("ledger.LedgerEntry", "Entries", "view_list"),
    ],
    "Platform": [
        ("revenue.PlatformRevenue", "Revenue", "monitoring"),
        ("revenue.MonthlyReport", "Monthly reports", "summarize"),
    ],
    "Staff": [
        ("database.RecordedAct", "Audit", "policy"),
    ],
    "Stripe": [
        ("stripe_io.InboxEvent", "Webhook inbox", "inbox"),
        ("stripe_io.KeptBody", "Kept webhook bodies", "unknown_document"),
        ("stripe_io.Replay", "Replays", "replay"),
        ("djstripe.Event", "Events", "bolt"),
        ("djstripe.Account", "Stripe account data", "domain"),
    ],
}
_FOR_SUPERUSERS: dict[str, list[tuple[str, str, str]]] = {
    "Set-up": [
        ("accounts.User", "Users", "manage_accounts"),
        ("axes.AccessLog", "Logins", "login"),
        ("axes.AccessFailureLog", "Failed logins", "lock_person"),
        ("django_celery_beat.PeriodicTask", "Periodic tasks", "schedule"),
        ("django_celery_beat.IntervalSchedule", "Intervals", "timer"),
        ("django_celery_beat.CrontabSchedule", "Crontabs", "alarm"),
    ],
}


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """List the sidebar's groups in unfold's format."""
    user = request.user
    shown = _GROUPS | (_FOR_SUPERUSERS if user.is_active and user.is_superuser else {})
    overview = {"title": "Overview", "icon": "dashboard", "link": reverse("admin:index")}
    return [{"items": [overview]}] + [
        {
            "title": title,
            "separator": True,
            "items": [
                {"title": name, "icon": icon, "link": list_of(apps.get_model(table))}
                for table, name, icon in tables
            ],
        }
        for title, tables in shown.items()
    ]


def stripe_mode(request: HttpRequest) -> tuple[str, str]:
    """Return the Stripe mode shown beside the title, and its colour."""
    if settings.LOCAL_MODE:
        return ("Sandbox", "info")
    return ("Live", "danger") if settings.STRIPE_LIVE_MODE else ("Test mode", "warning")


def style_sheet(request: HttpRequest) -> str:
    return static("console/console.css")


def acting_style_sheet(request: HttpRequest) -> str:
    return static("console/acting.css")


def search_style_sheet(request: HttpRequest) -> str:
    return static("console/search.css")


def list_style_sheet(request: HttpRequest) -> str:
    return static("console/lists.css")


def search_script(request: HttpRequest) -> str:
    return static("console/search.js")


def script(request: HttpRequest) -> str:
    return static("console/copy.js")


def acting_script(request: HttpRequest) -> str:
    return static("console/acting.js")


def icon(request: HttpRequest) -> str:
    return static("console/icon.svg")
