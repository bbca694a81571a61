"""The list of acts: what staff did, by person, kind, day, creator and payout."""

from datetime import UTC
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.db.models import Count, Exists, Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch
from django.utils.safestring import SafeString

from accounts.models import Creator, User
from console.recorded import what_it_changed, what_was_done
from database import sql
from database.acts import Kind
from database.admin import (
    LargeTableAdmin,
    anchor,
    block,
    column,
    copied,
    list_of,
    name_of,
    page_of,
    short,
    state,
)
from database.models import RecordedAct
from database.staff import Via
from money import midnight
from payouts.models import Payout

# Who logged in from where is for administrators.
LOG_INS = (Kind.LOG_IN, Kind.LOG_OUT, Kind.FAIL_LOG_IN)
_MODELS = {model._meta.db_table: model for model in apps.get_models()}


class ByKind(admin.SimpleListFilter):
    title = "act"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(Kind.choices, key=lambda choice: choice[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[RecordedAct]) -> QuerySet[RecordedAct]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ByUser(admin.SimpleListFilter):
    title = "user"
    parameter_name = "user"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        acted = User.objects.filter(Exists(RecordedAct.objects.filter(user=OuterRef("pk"))))
        return [(str(pk), name) for pk, name in acted.order_by("username").values_list("pk", "username")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RecordedAct]) -> QuerySet[RecordedAct]:
        value = self.value() or ""
        return queryset.filter(user=int(value)) if value.isdecimal() else queryset


@name_of.register
def _(act: RecordedAct) -> str:
    return f"{what_was_done(act)} by {act.actor}"


@column("Of")
def subject(act: RecordedAct) -> SafeString | str:
    model = _MODELS.get(act.subject_table)
    if model is None:
        return ""
    return _link(model, act.subject_id, str(model._meta.verbose_name).capitalize())


@column("Creator")
def creator(act: RecordedAct) -> SafeString | str:
    return _link(Creator, act.creator_id, act.creator_name) if act.creator_id else ""  # type: ignore[attr-defined]


@column("Payout")
def payout(act: RecordedAct) -> SafeString | str:
    return _link(Payout, act.payout_id, "Payout") if act.payout_id else ""


what = column("Act")(what_was_done)
changed = column("Changed")(what_it_changed)


@admin.register(RecordedAct)
class RecordedActAdmin(LargeTableAdmin):
    list_display = ["at", "actor", what, subject, creator, payout, short("reason")]
    list_display_links = ["at"]
    list_filter = [ByUser, ByKind, "via", ("at", admin.DateFieldListFilter)]
    list_before_template = "console/acting.html"
    search_fields = ["user__username", "subject_id", "payout_id", "creator_id", "request_id"]
    search_help_text = "Username, creator id, payout id, id of a row, or request id"
    ordering = ["-at"]
    details = [
        "at",
        "actor",
        state("via", Via),
        what,
        subject,
        creator,
        payout,
        block("reason"),
        changed,
        "address",
        copied("request_id", "Request"),
        copied("pk", "Id"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RecordedAct]:
        acts = super().get_queryset(request)
        named = Creator.objects.filter(pk=OuterRef("creator_id")).values("external_id")
        shown = acts if request.user.is_superuser else acts.exclude(kind__in=LOG_INS)
        named_acts: QuerySet[RecordedAct] = shown.annotate(creator_name=Subquery(named))
        return named_acts

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "acting": acting_today(request)})


def acting_today(request: HttpRequest) -> list[tuple[str, int, str]]:
    """List who acted today (UTC), how often, and the address of the list of these acts."""
    since = midnight(sql.now().astimezone(UTC).date())
    today = RecordedAct.objects.filter(at__gte=since, user__isnull=False).exclude(kind__in=LOG_INS)
    counted = (
        today.values_list("user", "user__username").annotate(acts=Count("pk")).order_by("user__username")
    )
    return [
        (name, count, list_of(RecordedAct, user=user, at__gte=since.isoformat(sep=" ")))
        for user, name, count in counted
    ]


def _link(model: type[Model], key: str | UUID | None, text: str) -> SafeString | str:
    """Link to a row of a table that the console shows, without reading it."""
    try:
        return anchor(page_of(model(pk=key)), text)
    except NoReverseMatch:
        return text
