"""Writes of the platform's own figures: `platform_revenue`, and the monthly report."""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.mail import send_mail
from django.db import DatabaseError, transaction
from django.db.models import JSONField, Max, TextField, Value
from django.db.models.functions import MD5, Cast

from database import sql
from database.halving import do_in_halves
from money import Period, format_month, month_of
from revenue import reports
from revenue.models import MonthlyReport, PlatformRevenue
from stripe_io import installation

logger = logging.getLogger(__name__)
_REFRESH = sql.read(Path(__file__).with_name("refresh.sql"))
_STALE = sql.read(Path(__file__).with_name("stale.sql"))
# How far before the last refresh the sweep looks back: longer than any posting takes to commit.
OVERLAP = timedelta(hours=2)
FRESH = timedelta(seconds=5)
OLD = timedelta(days=1)


@transaction.atomic
def refresh_months(months: Sequence[date], *, now: datetime) -> None:
    """Recompute these months (given by their first days) from earnings, records and payout events.

    All months that changed since the last refresh are included: each refresh moves the point that the sweep looks
    back to, so it must not skip a month whose own notice was lost.
    """
    _take_turn()
    do_in_halves(
        sorted({*months, *_changed_since(_last_refresh())}),
        act=partial(_refresh, now=now),
        give_up=_leave_as_it_is,
    )


@transaction.atomic
def refresh_unless_fresh(months: Sequence[date], *, now: datetime) -> None:
    """Refresh those of the months that weren't refreshed a moment ago; `refresh_stale` finds what they miss."""
    _take_turn()
    fresh = PlatformRevenue.objects.filter(month__in=months, refreshed_at__gt=now - FRESH)
    if stale := set(months) - set(fresh.values_list("month", flat=True)):
        refresh_months(sorted(stale), now=now)


def refresh_stale(*, now: datetime) -> list[date]:
    """Refresh every month that something was posted to, or paid in, since shortly before the last refresh.

    Months not refreshed for a day are refreshed too, so a wrong figure doesn't stay wrong, whatever its cause.
    """
    last = _last_refresh()
    old = PlatformRevenue.objects.filter(refreshed_at__lt=now - OLD).values_list("month", flat=True)
    months = sorted({*_changed_since(last - OVERLAP if last else None), *old})
    refresh_months(months, now=now)
    return months


def _refresh(months: Sequence[date], *, now: datetime) -> None:
    for month in months:
        period = month_of(month)
        sql.run(_REFRESH, {"start": period.start, "end": period.end, "now": now})


def _leave_as_it_is(month: date, error: DatabaseError) -> None:
    logger.error("the figures of %s can't be computed", format_month(month), exc_info=error)


def _take_turn() -> None:
    """Lock refreshing until the caller's transaction ends, so that no older snapshot overwrites a newer one."""
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


def make_due_reports(*, now: datetime) -> list[MonthlyReport]:
    """Make the missing reports that are due, and mail those not yet mailed, oldest first; return them.

    Last month's report is due from the 2nd on. Reports of earlier months are overdue, back to the installation or
    the first report.
    """
    last = month_of(now).previous_month()
    made = {report.month: report for report in MonthlyReport.objects.only("month", "emailed_at")}
    first = min([month_of(installation.installed_at()).start, *made])
    if now.day < reports.FIRST_DAY:
        last = last.previous_month()
    else:
        first = min(first, last.start)
    due = []
    month = month_of(first)
    while month.start <= last.start:
        report = made.get(month.start)
        if report is None or (report.emailed_at is None and settings.REPORT_EMAIL):
            due.append(month)
        month = month_of(month.end)
    return [make_report(month, now=now) for month in due]
