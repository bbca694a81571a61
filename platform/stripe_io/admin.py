"""Read-only pages for the inbox, kept webhook bodies, replays, and Stripe's events and accounts.

dj-stripe's other tables are neither used nor shown.
"""

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from djstripe.models import Account, Event

from database.admin import (
    LargeTableAdmin,
    Panel,
    column,
    copied,
    link,
    link_to,
    name_of,
    panel,
    short,
    state,
    titled,
)
from stripe_io.models import BodyReason, InboxEvent, InboxOutcome, KeptBody, Replay

LONGEST_SHOWN = 20_000

for model in apps.get_app_config("djstripe").get_models():
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@name_of.register(Account)
@name_of.register(Event)
def _(row: Account | Event) -> str:
    return str(row.id)


def mirrored_accounts() -> "QuerySet[Account]":
    """Select connected accounts as Stripe last reported them, for panels of other apps."""
    return Account.objects.all()  # type: ignore[no-any-return]


@column("Last error")
def first_line_of_error(event: InboxEvent) -> str:
    return event.error.partition("\n")[0][:80]


# It may be a bank account.
_ABOUT = copied("object_id", "About")


@admin.register(InboxEvent)
class InboxEventAdmin(LargeTableAdmin):
    ordering = ["-received_at"]
    list_display = [
        "type",
        _ABOUT,
        copied("account", "Connected account"),
        state("outcome", InboxOutcome),
        "received_at",
        "handled_at",
        "tries",
        first_line_of_error,
    ]
    list_filter = [("handled_at", admin.EmptyFieldListFilter), "outcome"]
    personal = [_ABOUT]
    search_fields = ["pk", "object_id"]
    search_help_text = "Event (evt_…) or what it is about (tr_, po_, acct_…)"
    details = [
        "type",
        link("event"),
        _ABOUT,
        copied("account", "Connected account"),
        state("outcome", InboxOutcome),
        "note",
        "received_at",
        "handled_at",
        "tries",
        "next_try_at",
        "error",
    ]


@panel(InboxEvent)
def replays(event: InboxEvent) -> Panel:
    return Panel(
        "Replays",
        ["When", "By", "Reason", "Outcome before", "Note or error before"],
        [
            (
                link_to(replay, replay.asked_at),
                replay.actor,
                replay.reason,
                replay.outcome_before and InboxOutcome(replay.outcome_before),
                replay.note_before,
            )
            for replay in event.replays.order_by("pk")
        ],
        empty="Never replayed.",
    )


@panel(InboxEvent)
def kept_bodies(event: InboxEvent) -> Panel:
    return Panel(
        "Kept webhook bodies",
        ["Body", "Reason", "Received", "Deliveries"],
        [
            (link_to(body, body.digest[:12]), BodyReason(body.reason), body.received_at, body.deliveries)
            for body in event.kept_bodies.order_by("received_at").defer("body")
        ],
        empty="None: stored as received.",
    )


@column("Body")
def text_of_body(kept: KeptBody) -> SafeString:
    text = bytes(kept.body).decode("utf-8", "backslashreplace")
    left_out = f"\n… and {len(text) - LONGEST_SHOWN:,} more characters" if len(text) > LONGEST_SHOWN else ""
    return format_html(
        '<pre class="pc-block">{}{}</pre>', text[:LONGEST_SHOWN].replace("\0", "\\x00"), left_out
    )


@admin.register(KeptBody)
class KeptBodyAdmin(LargeTableAdmin):
    ordering = ["-last_received_at"]
    list_display = [
        "last_received_at",
        short("told_type", "Type"),
        copied("told_id", "Event id"),
        copied("told_account", "Connected account"),
        state("reason", BodyReason),
        link("event"),
        "received_at",
        "deliveries",
    ]
    list_filter = [("event", admin.EmptyFieldListFilter), "reason"]
    search_fields = ["told_id", "pk"]
    search_help_text = "Event id (evt_…) or digest"
    details = [
        copied("digest", "Digest"),
        state("reason", BodyReason),
        "note",
        link("event"),
        titled("told_type", "Type"),
        copied("told_id", "Event id"),
        copied("told_account", "Connected account"),
        "received_at",
        "last_received_at",
        "deliveries",
        text_of_body,
    ]
    personal = [text_of_body]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[KeptBody]":
        rows: QuerySet[KeptBody] = super().get_queryset(request)
        return rows.defer("body")


@panel(KeptBody)
def readings(body: KeptBody) -> Panel:
    return Panel(
        "Replays",
        ["When", "By", "Reason", "Note before"],
        [
            (link_to(replay, replay.asked_at), replay.actor, replay.reason, replay.note_before)
            for replay in body.replays.order_by("pk")
        ],
        empty="Never replayed.",
    )


@admin.register(Replay)
class ReplayAdmin(LargeTableAdmin):
    ordering = ["-pk"]
    list_display = [
        short("reason"),
        link("event"),
        link("body"),
        "actor",
        state("outcome_before", InboxOutcome, "Outcome before"),
        titled("asked_at", "When"),
    ]
    list_select_related = ["event", "body"]
    search_fields = ["event"]
    search_help_text = "Event (evt_…)"
    details = [
        link("event"),
        link("body"),
        "actor",
        "reason",
        titled("asked_at", "When"),
        state("outcome_before", InboxOutcome, "Outcome before"),
        titled("note_before", "Note or error before"),
    ]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Replay]":
        rows: QuerySet[Replay] = super().get_queryset(request)
        return rows.defer("body__body")


@admin.register(Event)
class EventAdmin(LargeTableAdmin):
    ordering = ["-djstripe_id"]
    list_display = ["id", "type", "created", "api_version"]
    search_fields = ["id"]
    search_help_text = "Event (evt_…)"
    details = [copied("id", "Event"), "type", "created", "livemode", "api_version", "request_id", "data"]
    personal = ["data"]


@admin.register(Account)
class AccountAdmin(LargeTableAdmin):
    list_display = ["id", "created", "djstripe_updated"]
    search_fields = ["id"]
    search_help_text = "Connected account (acct_…)"
    details = [copied("id", "Account"), "created", "djstripe_updated", "stripe_data"]
    personal = ["stripe_data"]
