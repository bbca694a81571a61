"""What Stripe told: the inbox, its events and the connected accounts, to look at.

dj-stripe's other tables are not used, and not shown.
"""

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from djstripe.models import Account, Event

from database.admin import (
    LargeTableAdmin,
    Panel,
    column,
    copied,
    give_tones,
    link,
    link_to,
    name_of,
    panel,
    short,
    state,
)
from stripe_io.models import InboxEvent, InboxOutcome, Replay

give_tones(InboxOutcome, success=[InboxOutcome.HANDLED], warning=[InboxOutcome.SET_ASIDE])

for model in apps.get_app_config("djstripe").get_models():
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@name_of.register(Account)
@name_of.register(Event)
def _(told: Account | Event) -> str:
    return str(told.id)


def accounts_told() -> "QuerySet[Account]":
    """Select the connected accounts as Stripe told of them, for pages that know which they want."""
    return Account.objects.all()  # type: ignore[no-any-return]


@column("Last error")
def first_line_of_error(event: InboxEvent) -> str:
    return event.error.partition("\n")[0][:80]


@admin.register(InboxEvent)
class InboxEventAdmin(LargeTableAdmin):
    ordering = ["-received_at"]
    list_display = [
        "type",
        copied("account", "Connected account"),
        state("outcome", InboxOutcome),
        "received_at",
        "handled_at",
        "tries",
        first_line_of_error,
    ]
    list_filter = [("handled_at", admin.EmptyFieldListFilter), "outcome"]
    search_fields = ["pk"]
    search_help_text = "Event (evt_…)"
    details = [
        "type",
        link("event"),
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
        "Replayed by hand",
        ["When", "By", "Why", "Before", "Note or error before"],
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
        empty="Never.",
    )


@admin.register(Replay)
class ReplayAdmin(LargeTableAdmin):
    ordering = ["-pk"]
    list_display = [
        short("reason"),
        link("event"),
        "actor",
        state("outcome_before", InboxOutcome, "Before"),
        "asked_at",
    ]
    list_select_related = ["event"]
    search_fields = ["event"]
    search_help_text = "Event (evt_…)"
    details = [
        link("event"),
        "actor",
        "reason",
        "asked_at",
        state("outcome_before", InboxOutcome, "Before"),
        "note_before",
    ]


@admin.register(Event)
class EventAdmin(LargeTableAdmin):
    ordering = ["-djstripe_id"]
    list_display = ["id", "type", "created", "api_version"]
    search_fields = ["id"]
    search_help_text = "Event (evt_…)"
    details = [copied("id", "Event"), "type", "created", "livemode", "api_version", "request_id", "data"]


@admin.register(Account)
class AccountAdmin(LargeTableAdmin):
    list_display = ["id", "created", "djstripe_updated"]
    search_fields = ["id"]
    search_help_text = "Account (acct_…)"
    details = [copied("id", "Account"), "created", "djstripe_updated", "stripe_data"]
