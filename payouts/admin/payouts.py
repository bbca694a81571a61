"""Pages of runs, decisions, payouts, their lines, attempts and history."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import Creator
from database.admin import (
    LargeTableAdmin,
    ReadOnlyAdmin,
    column,
    copied,
    count,
    exact,
    ident,
    in_words,
    link,
    money,
    money_in,
    name_of,
    narrowed_by,
    narrowed_to,
    number,
    percent,
    short,
    state,
    titled,
)
from database.admin.listing import tabs_by
from earnings.models import CreatorEarning
from money import Period
from payouts import payout_list, run_list
from payouts.models import (
    Payout,
    PayoutAttempt,
    PayoutEvent,
    PayoutLineItem,
    PayoutRun,
    RunDecision,
)
from payouts.states import AttemptKind, AttemptStatus, DecisionReason, PayoutStatus


@name_of.register
def _(payout: Payout) -> str:
    period = in_words(Period(payout.period_start, payout.period_end))
    return f"{payout.net} to {payout.creator.external_id} · {period}"


@column("Period", order="period_start")
def period(row: Payout | PayoutLineItem) -> Period:
    return Period(row.period_start, row.period_end)


_LINE = [
    link("api", "API"),
    period,
    money_in("gross_revenue", "payout.currency", "Gross"),
    money_in("platform_fee", "payout.currency"),
    money_in("net_revenue", "payout.currency", "Net"),
]


@admin.register(PayoutRun)
class PayoutRunAdmin(ReadOnlyAdmin):
    list_display = [
        "__str__",
        run_list.state_of,
        run_list.number_of("payouts", "Payouts"),
        run_list.paid_of_made,
        run_list.number_of("failed", "Failed"),
        run_list.number_of("not_paid", "Not paid"),
        "created_at",
    ]
    ordering = ["-cutoff"]
    sortable_by = ()
    list_per_page = 12
    details = ["created_at", "completed_at", "superseded_at", copied("pk", "Id")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PayoutRun]:
        return run_list.with_totals(super().get_queryset(request))


@admin.register(RunDecision)
class RunDecisionAdmin(LargeTableAdmin):
    list_display = [
        number,
        link("run"),
        link("creator"),
        state("reason", DecisionReason, "Decision"),
        money("amount"),
        link("payout"),
        "decided_at",
        short("detail"),
    ]
    list_select_related = ["run", "creator", "payout__creator"]
    list_filter = [
        "reason",
        narrowed_by("run", PayoutRun),
        narrowed_by("creator", Creator),
        narrowed_to("currency"),
    ]
    search_fields = ["creator__external_id"]
    search_help_text = "Creator id"
    details = [
        link("run"),
        link("creator"),
        state("reason", DecisionReason, "Decision"),
        money("amount"),
        link("payout"),
        "decided_at",
        "detail",
    ]


@admin.register(Payout)
class PayoutAdmin(LargeTableAdmin):
    list_display = [
        money("net_amount", "Amount"),
        link("creator"),
        state("status", PayoutStatus),
        payout_list.where_or_why,
        period,
        titled("created_at", "Made"),
        payout_list.arrival,
    ]
    list_select_related = ["creator"]
    list_filter = [
        "status",
        payout_list.OfFailure,
        payout_list.OfRun,
        payout_list.MadeBetween,
        payout_list.OfAmount,
        payout_list.OfCurrency,
        payout_list.DestinationChanged,
        payout_list.Standing,
        narrowed_by("creator", Creator),
    ]
    list_after_template = "console/list_totals.html"
    search_fields = [
        "creator__external_id__startswith",
        "stripe_transfer_id",
        "stripe_payout_id",
        "attempts__stripe_id",
        "destination_payment",
        "trace_id",
        "reference",
        "pk",
    ]
    search_help_text = "Start of a creator id; tr_, po_, trr_, py_, trace id, reference or id"
    details = [
        link("creator"),
        link("run"),
        period,
        link("retry_of"),
        copied("stripe_transfer_id", "Transfer"),
        copied("stripe_payout_id", "Bank payout"),
        copied("reference", "Reference"),
        "arrival_date",
        copied("trace_id", "Trace id"),
        "trace_status",
        "failure_code",
        "failure_message",
        "next_retry_at",
        "created_at",
        "paid_at",
        copied("pk", "Id"),
    ]

    def around_list(self, changes: ChangeList, request: HttpRequest) -> dict[str, Any]:
        return {
            "list_tabs": tabs_by(changes, request, field="status", states=PayoutStatus),
            "list_totals": payout_list.totals_of(changes.queryset),
        }


@admin.register(PayoutLineItem)
class PayoutLineItemAdmin(LargeTableAdmin):
    list_display = [ident("pk", "Line item"), link("payout"), *_LINE, link("earning")]
    list_select_related = ["payout__creator", "api", "earning"]
    list_filter = [narrowed_by("payout", Payout), narrowed_by("earning", CreatorEarning)]
    search_fields = ["payout", "pk"]
    search_help_text = "Payout id or line item id"
    details = [
        link("payout"),
        *_LINE,
        percent("commission_bps", "Commission"),
        count("total_subscriptions", "Subscriptions"),
        count("total_api_calls", "API calls"),
        link("earning"),
        "description",
        copied("pk", "Id"),
    ]


@admin.register(PayoutAttempt)
class PayoutAttemptAdmin(LargeTableAdmin):
    list_display = [
        ident("pk", "Attempt"),
        link("payout"),
        state("kind", AttemptKind),
        state("status", AttemptStatus),
        money("amount"),
        count("sends", "Times sent"),
        copied("stripe_id", "Stripe id"),
        "created_at",
    ]
    list_select_related = ["payout__creator"]
    list_filter = ["kind", "status", "in_doubt", narrowed_by("payout", Payout)]
    search_fields = ["stripe_id", "request_id", "payout", "payout__reference", "idempotency_key", "pk"]
    search_help_text = "tr_, po_, trr_, req_, payout id or reference, idempotency key"
    details = [
        link("payout"),
        state("kind", AttemptKind),
        state("status", AttemptStatus),
        money("amount"),
        copied("destination", "Destination"),
        copied("stripe_id", "Stripe id"),
        count("sends", "Times sent"),
        "first_sent_at",
        "last_sent_at",
        "ended_at",
        "answered",
        "in_doubt",
        "resendable",
        "http_status",
        "error_code",
        "error_message",
        copied("request_id", "Stripe request"),
        copied("idempotency_key", "Idempotency key"),
        "withdrawn_at",
        "withdrawn_by",
        "withdraw_reason",
        "created_at",
        copied("pk", "Id"),
    ]


@admin.register(PayoutEvent)
class PayoutEventAdmin(LargeTableAdmin):
    list_display = [
        exact("at", "When"),
        link("payout"),
        state("from_status", PayoutStatus, "From"),
        state("to_status", PayoutStatus, "To"),
        "actor",
        short("reason"),
    ]
    list_select_related = ["payout__creator"]
    list_filter = [narrowed_by("payout", Payout)]
    search_fields = ["payout", "payout__creator__external_id"]
    search_help_text = "Payout id or creator id"
    details = [
        link("payout"),
        state("from_status", PayoutStatus, "From"),
        state("to_status", PayoutStatus, "To"),
        exact("at", "When"),
        "actor",
        "reason",
    ]
