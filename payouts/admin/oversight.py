"""Pages of what watches over payouts: differences, reconciliation, pauses, recovery, forecasts, suspense and checks."""

import re

from django.contrib import admin
from django.utils.safestring import SafeString

from accounts.models import Creator
from database.admin import (
    LargeTableAdmin,
    ReadOnlyAdmin,
    column,
    copied,
    count,
    ident,
    link,
    money,
    money_in,
    narrowed_by,
    narrowed_to,
    short,
    show,
    state,
    titled,
)
from database.display import stripe_id
from payouts.models import (
    BooksCheck,
    Difference,
    DifferenceKind,
    Forecast,
    IgnoredInstallation,
    PauseCause,
    PlacementStatus,
    PlacementTarget,
    ReconciliationPass,
    SendingPause,
    SuspensePlacement,
    UnplacedTransfer,
)
from payouts.remedies import remedy

_STRIPE_ID = re.compile(r"[a-z]+_[A-Za-z0-9]{12,}")


@column("Subject")
def subject(difference: Difference) -> SafeString:
    """Show only the end of a Stripe id, as the whole doesn't fit."""
    is_stripes = _STRIPE_ID.fullmatch(difference.subject)
    return stripe_id(difference.subject) if is_stripes else show(difference.subject)


@column("What it means")
def meaning(difference: Difference) -> str:
    return remedy(difference).means


@column("What to do")
def what_to_do(difference: Difference) -> str:
    return "" if difference.resolved_at else remedy(difference).what_to_do


@admin.register(Difference)
class DifferenceAdmin(LargeTableAdmin):
    list_display = [
        ident("pk", "Difference"),
        state("kind", DifferenceKind),
        subject,
        money("amount"),
        link("creator"),
        link("payout"),
        "found_at",
        "owner",
    ]
    list_select_related = ["creator", "payout__creator"]
    list_filter = [
        ("resolved_at", admin.EmptyFieldListFilter),
        "kind",
        narrowed_by("creator", Creator),
        narrowed_to("currency"),
    ]
    search_fields = ["subject", "creator__external_id"]
    search_help_text = "Subject or creator id"
    details = [
        state("kind", DifferenceKind),
        meaning,
        what_to_do,
        copied("subject", "Subject"),
        money("amount"),
        link("creator"),
        link("payout"),
        copied("account", "Account"),
        "detail",
        "found_at",
        "owner",
        "resolved_at",
        "resolved_by",
        "resolution",
        copied("pk", "Id"),
    ]


@admin.register(ReconciliationPass)
class ReconciliationPassAdmin(ReadOnlyAdmin):
    list_display = [
        "started_at",
        "since",
        "finished_at",
        count("transfers"),
        count("bank_payouts"),
        count("found"),
        count("mended", "Fixed"),
        count("unread", "Not reported"),
        short("error"),
    ]
    ordering = ["-started_at"]
    details = ["since", "started_at", "finished_at", "error", copied("pk", "Id")]


@admin.register(SendingPause)
class SendingPauseAdmin(ReadOnlyAdmin):
    list_display = [
        ident("pk", "Pause"),
        state("cause", PauseCause),
        "currency",
        "run",
        short("detail"),
        "started_at",
        "lifted_at",
    ]
    list_filter = ["cause", "currency"]
    ordering = ["-started_at"]
    details = [
        state("cause", PauseCause),
        "run",
        "detail",
        money("missing"),
        money("needed"),
        money("available"),
        copied("covered_until", "Covered up to payout"),
        titled("refusals", "Refused in a row"),
        "started_at",
        "started_by",
        titled("probe_at", "Next check"),
        "lifted_at",
        "lifted_by",
        "lift_reason",
        copied("pk", "Id"),
    ]


@admin.register(UnplacedTransfer)
class UnplacedTransferAdmin(ReadOnlyAdmin):
    list_display = [ident("pk", "Transfer"), "left_by", short("reason"), "left_at"]
    search_fields = ["pk"]
    search_help_text = "Transfer (tr_…)"
    ordering = ["-left_at"]
    details = [copied("pk", "Transfer"), "left_by", "reason", "left_at"]


@admin.register(IgnoredInstallation)
class IgnoredInstallationAdmin(ReadOnlyAdmin):
    list_display = [ident("pk", "Installation"), "ignored_by", short("reason"), "ignored_at"]
    ordering = ["-ignored_at"]
    details = [copied("pk", "Installation"), "ignored_by", "reason", "ignored_at"]


@admin.register(Forecast)
class ForecastAdmin(ReadOnlyAdmin):
    list_display = [
        "__str__",
        money("needed", "Needed"),
        money("available", "Available at Stripe"),
        money("missing", "Missing"),
        "made_at",
    ]
    ordering = ["-cutoff", "currency"]
    sortable_by = ()
    details = ["cutoff", "currency", "made_at", copied("pk", "Id")]


@admin.register(SuspensePlacement)
class SuspensePlacementAdmin(ReadOnlyAdmin):
    list_display = [
        ident("pk", "Placement"),
        link("payout"),
        money_in("amount", "payout.currency"),
        state("target", PlacementTarget),
        state("status", PlacementStatus),
        "proposed_at",
    ]
    list_select_related = ["payout__creator"]
    list_filter = ["status", "target"]
    ordering = ["-proposed_at"]
    details = [
        link("payout"),
        money_in("amount", "payout.currency"),
        state("target", PlacementTarget),
        state("status", PlacementStatus),
        "reason",
        "proposed_by",
        "proposed_at",
        "decided_by",
        "decide_reason",
        "decided_at",
        copied("pk", "Id"),
    ]


@column("Result")
def verdict(check: BooksCheck) -> str:
    return f"{check.failed} of {check.validations} failed" if check.failed else "OK"


@column("Read")
def how_much(check: BooksCheck) -> str:
    return "All of the books" if check.is_whole else "What was new"


@admin.register(BooksCheck)
class BooksCheckAdmin(ReadOnlyAdmin):
    list_display = ["started_at", verdict, how_much, "finished_at"]
    ordering = ["-pk"]
    details = ["started_at", "finished_at", verdict, how_much]
