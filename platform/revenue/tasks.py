"""Tasks that keep `platform_revenue` up to date, and make the monthly report."""

from datetime import date

from celery import shared_task

from database import notices, sql
from revenue import services


@shared_task(name="revenue.refresh")
def refresh(months: list[str]) -> None:
    """Refresh these months unless that was done a moment ago: while payouts arrive, this task is sent repeatedly."""
    notices.begin_debounced("revenue.refresh", months=months)
    services.refresh_unless_fresh([date.fromisoformat(month) for month in months], now=sql.now())


@shared_task(name="revenue.refresh_stale")
def refresh_stale() -> None:
    services.refresh_stale(now=sql.now())


@shared_task(name="revenue.report_due")
def report_due() -> None:
    services.make_due_reports(now=sql.now())
