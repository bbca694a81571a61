"""Admin pages that belong to none of our apps: panels that join apps, states' colours, and tables of packages.

Superusers can change beat's schedules and view logins. Groups are as in `accounts.groups`, and are not shown.
"""

from typing import Any

from axes.models import AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from console import acts, audit, panels, searching, states, timelines
from console.acting.lists import offer_in_lists
from database.acts import Kind
from database.admin import LargeTableAdmin, RecordedAdmin

__all__ = ["acts", "audit", "panels", "searching", "states", "timelines"]

for model in (Group, ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(model)
offer_in_lists(admin.site)


class _ScheduleAdmin(RecordedAdmin):
    added = changed = Kind.CHANGE_SCHEDULE


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(_ScheduleAdmin):
    """Beat's schedule. The service creates and names its tasks; superusers can pause or reschedule them."""

    list_display = ["name", "task", "enabled", "scheduler", "last_run_at"]
    list_select_related = ["interval", "crontab", "solar", "clocked"]
    ordering = ["name"]
    fields = ["name", "task", "enabled", "interval", "crontab", "last_run_at", "total_run_count", "reason"]
    readonly_fields = ["name", "task", "last_run_at", "total_run_count"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(_ScheduleAdmin):
    list_display = ["__str__"]


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(_ScheduleAdmin):
    list_display = ["__str__", "human_readable"]
    fields = ["minute", "hour", "day_of_month", "month_of_year", "day_of_week", "timezone", "reason"]


class _LogInAdmin(LargeTableAdmin):
    search_fields = ["username", "ip_address__startswith"]
    search_help_text = "Username or IP address"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_active and request.user.is_superuser


@admin.register(AccessLog)
class AccessLogAdmin(_LogInAdmin):
    list_display = ["attempt_time", "username", "ip_address", "logout_time"]
    details = ["attempt_time", "username", "ip_address", "user_agent", "logout_time"]


@admin.register(AccessFailureLog)
class AccessFailureLogAdmin(_LogInAdmin):
    list_display = ["attempt_time", "username", "ip_address", "locked_out"]
    list_filter = ["locked_out"]
    details = ["attempt_time", "username", "ip_address", "user_agent", "locked_out"]
