"""Writes of the platform's own figures: `platform_revenue`, and the monthly report."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import JSONField, Max, TextField, Value
from django.db.models.functions import MD5, Cast

from database import sql
from money import Period, month_of
from revenue import reports
from revenue.models import MonthlyReport, PlatformRevenue

_REFRESH = sql.read(Path(__file__).with_name("refresh.sql"))
_STALE = sql.read(Path(__file__).with_name("stale.sql"))
# How far behind the last refresh the sweep looks back: longer than any posting takes to commit.
OVERLAP = timedelta(hours=2)
FRESH = timedelta(seconds=5)


@transaction.atomic
def refresh_months(months: Sequence[date], *, now: datetime) -> None:
    """Work out these months (their first days) anew from earnings, records and payout events.

    With them go all that changed since the last refresh: where the sweep looks back to moves with each
    refresh, so none may leave a month behind whose own notice was lost.
    """
    _take_turn()
    for month in sorted({*months, *_changed_since(_last_refresh())}):
        period = month_of(month)
        sql.run(_REFRESH, {"start": period.start, "end": period.end, "now": now})


@transaction.atomic
def refresh_unless_fresh(months: Sequence[date], *, now: datetime) -> None:
    """Refresh those of the months that weren't refreshed just now; what they miss, `refresh_stale` finds."""
    _take_turn()
    fresh = PlatformRevenue.objects.filter(month__in=months, refreshed_at__gt=now - FRESH)
    if stale := set(months) - set(fresh.values_list("month", flat=True)):
        refresh_months(sorted(stale), now=now)


def refresh_stale(*, now: datetime) -> list[date]:
    """Refresh every month that something was posted to, or paid in, since shortly before the last refresh."""
    last = _last_refresh()
    months = _changed_since(last - OVERLAP if last else None)
    refresh_months(months, now=now)
    return months


def _take_turn() -> None:
    """Wait for who refreshes, until the caller's transaction ends: no older snapshot is written over a newer one."""
    sql.run("SELECT pg_advisory_xact_lock(hashtextextended('revenue.refresh', 0))")


def _last_refresh() -> datetime | None:
    last: datetime | None = PlatformRevenue.objects.aggregate(last=Max("refreshed_at"))["last"]
    return last


def _changed_since(moment: datetime | None) -> list[date]:
    return [row["month"] for row in sql.rows(_STALE, {"since": moment})]


def make_report(month: Period, *, now: datetime) -> MonthlyReport:
    """Store a month's report, once, from fresh figures, and mail it to REPORT_EMAIL; return the stored one."""
    refresh_months([month.start], now=now)
    figures = reports.gather(month)
    report, _ = MonthlyReport.objects.get_or_create(
        month=month.start,
        defaults={
            "figures": figures,
            "text": reports.render(month, figures),
            "digest": MD5(Cast(Value(figures, JSONField()), TextField())),
        },
    )
    if settings.REPORT_EMAIL and report.emailed_at is None:
        send_mail(str(report), report.text, settings.DEFAULT_FROM_EMAIL, settings.REPORT_EMAIL)
        MonthlyReport.objects.filter(pk=report.pk).update(emailed_at=now)
    return report


def make_due_report(*, now: datetime) -> MonthlyReport | None:
    """From the 2nd of a month on, make last month's report if it isn't there, or mail it if it couldn't be."""
    if now.day < reports.FIRST_DAY:
        return None
    month = month_of(now).previous_month()
    made = MonthlyReport.objects.filter(month=month.start).first()
    if made is not None and (made.emailed_at is not None or not settings.REPORT_EMAIL):
        return None
    return make_report(month, now=now)
