"""The console's frame: sidebar, Stripe mode, style sheet, scripts and icon."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from console import badges
from database.display import list_of

# Lists of what waits leave out what is resolved.
_OPEN = {"resolved_at__isempty": 1}
# Sidebar items: table, name, icon.
_Tables = list[tuple[str, str, str]]
_TECHNICAL: _Tables = [
    ("accounts.CreatorPaymentAccount", "Stripe accounts", "account_balance_wallet"),
    ("accounts.Hold", "Holds", "front_hand"),
    ("accounts.OpeningRefusal", "Onboarding refusals", "block"),
    ("accounts.CreatorChange", "Creator changes", "manage_history"),
    ("earnings.CreatorEarning", "Earnings", "trending_up"),
    ("earnings.Api", "APIs", "api"),
    ("earnings.ApiOwnership", "API owners", "badge"),
    ("earnings.ApiChange", "API changes", "published_with_changes"),
    ("earnings.BillingRecord", "Records", "receipt_long"),
    ("earnings.BillingBatch", "Batches", "inventory_2"),
    ("earnings.BatchAct", "Batch history", "history"),
    ("earnings.Posting", "Postings", "post_add"),
    ("earnings.EarningPosting", "Earning postings", "playlist_add"),
    ("earnings.BillingSource", "Sources", "input"),
    ("payouts.RunDecision", "Decisions", "rule"),
    ("payouts.PayoutLineItem", "Line items", "list"),
    ("payouts.PayoutAttempt", "Attempts", "send"),
    ("payouts.PayoutEvent", "Payout history", "history"),
    ("payouts.SuspensePlacement", "Suspense", "move_to_inbox"),
    ("payouts.ReconciliationPass", "Reconciliation", "compare_arrows"),
    ("payouts.SendingPause", "Sending pauses", "pause_circle"),
    ("payouts.Forecast", "Forecasts", "query_stats"),
    ("payouts.UnplacedTransfer", "Unplaced transfers", "help_center"),
    ("payouts.IgnoredInstallation", "Ignored installations", "domain_disabled"),
    ("payouts.BooksCheck", "Books checks", "fact_check"),
    ("ledger.LedgerAccount", "Ledger accounts", "account_tree"),
    ("ledger.LedgerTransaction", "Transactions", "swap_horiz"),
    ("ledger.LedgerEntry", "Entries", "view_list"),
    ("revenue.PlatformRevenue", "Revenue", "monitoring"),
    ("stripe_io.InboxEvent", "Webhook inbox", "inbox"),
    ("stripe_io.KeptBody", "Kept webhook bodies", "unknown_document"),
    ("stripe_io.Replay", "Replays", "replay"),
    ("djstripe.Event", "Events", "bolt"),
    ("djstripe.Account", "Stripe account data", "domain"),
]
_SET_UP: _Tables = [
    ("accounts.User", "Users", "manage_accounts"),
    ("axes.AccessLog", "Logins", "login"),
    ("axes.AccessFailureLog", "Failed logins", "lock_person"),
    ("django_celery_beat.PeriodicTask", "Periodic tasks", "schedule"),
    ("django_celery_beat.IntervalSchedule", "Intervals", "timer"),
    ("django_celery_beat.CrontabSchedule", "Crontabs", "alarm"),
]


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """List the sidebar's groups in unfold's format, with how much waits."""
    return pages(request, waiting=badges.count())


def pages(request: HttpRequest, *, waiting: badges.Waiting = badges.NOTHING) -> list[dict[str, Any]]:
    """List the console's pages in unfold's format."""
    work = [
        _item("Home", "home", reverse("admin:index")),
        _of_table("accounts.Creator", "Creators", "group"),
        _of_table("payouts.Payout", "Payouts", "payments"),
        _of_table("payouts.PayoutRun", "Runs", "event_repeat"),
        _item("Approvals", "approval", reverse("admin:approvals"), badge=waiting.proposals),
        _of_table("payouts.Difference", "Differences", "difference", badge=waiting.differences, **_OPEN),
        _of_table("earnings.QuarantinedRecord", "Quarantine", "report", badge=waiting.quarantined, **_OPEN),
        _of_table("earnings.Adjustment", "Adjustments", "tune"),
        _of_table("revenue.MonthlyReport", "Reports", "summarize"),
        _of_table("earnings.CommissionRate", "Commission", "percent"),
        _of_table("database.RecordedAct", "Audit", "policy"),
        _item("Books", "account_balance", reverse("admin:books")),
    ]
    user = request.user
    return [
        {"items": work},
        _folded("Technical", _TECHNICAL),
        *([_folded("Set-up", _SET_UP)] if user.is_active and user.is_superuser else []),
    ]


def _item(title: str, icon: str, link: str, *, badge: int = 0) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": link, "badge": badges.shown(badge)}


def _of_table(table: str, title: str, icon: str, *, badge: int = 0, **filters: object) -> dict[str, Any]:
    return _item(title, icon, list_of(apps.get_model(table), **filters), badge=badge)


def _folded(title: str, tables: _Tables) -> dict[str, Any]:
    items = [_of_table(table, name, icon) for table, name, icon in tables]
    return {"title": title, "separator": True, "collapsible": True, "items": items}


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


def copying_script(request: HttpRequest) -> str:
    return static("console/copy.js")


def keyboard_script(request: HttpRequest) -> str:
    return static("console/keyboard.js")


def acting_script(request: HttpRequest) -> str:
    return static("console/acting.js")


def icon(request: HttpRequest) -> str:
    return static("console/icon.svg")
