"""Read-only pages for the catalogue, billing records, batches, quarantine, adjustments and earnings."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.models import Creator
from database.admin import (
    CHANGED_BY,
    LargeTableAdmin,
    NarrowedBy,
    ReadOnlyAdmin,
    anchor,
    block,
    column,
    copied,
    count,
    ident,
    link,
    list_of,
    look_up,
    money,
    name_of,
    narrowed_by,
    narrowed_to,
    number,
    percent,
    show,
    state,
    titled,
)
from earnings.models import (
    Adjustment,
    AdjustmentKind,
    AdjustmentStatus,
    Api,
    ApiChange,
    ApiField,
    ApiOwnership,
    BatchAct,
    BatchActKind,
    BillingBatch,
    BillingRecord,
    BillingSource,
    CommissionRate,
    CreatorEarning,
    EarningPosting,
    Posting,
    QuarantinedRecord,
    Reason,
    RecordKind,
    Resolution,
)
from earnings.remedies import remedy
from earnings.selectors import (
    changes_of_ownership,
    postings_of,
    records_of,
    records_of_api,
    records_of_creator,
    records_with_id,
)
from money import Money, Period


@name_of.register
def _(posting: EarningPosting) -> str:
    return f"#{posting.pk}"


@column("Period", order="period_start")
def period(earning: CreatorEarning) -> Period:
    return Period(earning.period_start, earning.period_end)


@column("State", kind="state")
def open_or_closed(earning: CreatorEarning) -> str:
    return "Closed" if earning.closed_at else "Open"


class ClaimedFilter(admin.SimpleListFilter):
    title = "payout"
    parameter_name = "claimed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("no", "Not claimed by a payout"), ("yes", "Claimed by a payout")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(payout__isnull=self.value() == "no")


class OfEarning(NarrowedBy):
    """The records behind one earning: they explain every cent of it."""

    title = "earning"
    parameter_name = "earning"
    related = CreatorEarning

    def rows_of(self, subject: Model, queryset: QuerySet[Any]) -> QuerySet[Any]:
        assert isinstance(subject, CreatorEarning)
        return queryset.filter(pk__in=records_of(subject).values("pk"))


class OfTrace(NarrowedBy):
    """The batches whose records a posting added to an earning."""

    title = "posting"
    parameter_name = "trace"
    related = EarningPosting

    def rows_of(self, subject: Model, queryset: QuerySet[Any]) -> QuerySet[Any]:
        assert isinstance(subject, EarningPosting)
        return queryset.filter(pk__in=subject.batches)


class OfBatch(NarrowedBy):
    """What posting a batch added to earnings."""

    title = "batch"
    parameter_name = "batch"
    related = BillingBatch

    def rows_of(self, subject: Model, queryset: QuerySet[Any]) -> QuerySet[Any]:
        assert isinstance(subject, BillingBatch)
        return queryset.filter(pk__in=postings_of(subject).values("pk"))


class OfOwner(NarrowedBy):
    """Ownership changes from or to one creator."""

    title = "owner"
    parameter_name = "creator"
    related = Creator

    def rows_of(self, subject: Model, queryset: QuerySet[Any]) -> QuerySet[Any]:
        assert isinstance(subject, Creator)
        return queryset.filter(pk__in=changes_of_ownership(subject).values("pk"))


@admin.register(Adjustment)
class AdjustmentAdmin(LargeTableAdmin):
    list_display = [
        ident("pk", "Adjustment"),
        link("creator"),
        money("amount"),
        state("kind", AdjustmentKind),
        "counts_as_earned",
        state("status", AdjustmentStatus),
        "proposed_by",
        "proposed_at",
        "decided_by",
    ]
    list_select_related = ["creator"]
    list_filter = ["status", "kind", "counts_as_earned", narrowed_by("creator", Creator)]
    search_fields = ["creator__external_id", "pk"]
    search_help_text = "Creator id or adjustment id"
    details = [
        link("creator"),
        money("amount"),
        state("kind", AdjustmentKind),
        link("write_off", "Write-off undone or restored"),
        "counts_as_earned",
        state("status", AdjustmentStatus),
        "reason",
        "proposed_by",
        "proposed_at",
        "decided_by",
        titled("decide_reason", "Decision reason"),
        "decided_at",
        link("earning"),
        copied("pk", "Id"),
    ]


@admin.register(Api)
class ApiAdmin(ReadOnlyAdmin):
    list_display = [titled("external_id", "API id"), "name", link("source"), "created_at"]
    list_select_related = ["source"]
    list_filter = ["source"]
    search_fields = ["external_id__startswith", "name__istartswith", "pk"]
    search_help_text = "Start of an API id or name"
    ordering = ["external_id"]
    details = [
        copied("external_id", "API id"),
        "name",
        link("source"),
        "created_at",
        copied("pk", "Id"),
    ]


@admin.register(ApiChange)
class ApiChangeAdmin(LargeTableAdmin):
    list_display = [
        number,
        link("api", "API"),
        state("field", ApiField),
        "before",
        "after",
        "owned_from",
        "had_sales",
        *CHANGED_BY,
    ]
    list_select_related = ["api"]
    list_filter = ["field", "had_sales", "way", narrowed_by("api", Api), OfOwner]
    search_fields = ["api__external_id", "creator__external_id"]
    search_help_text = "API id or new owner's creator id"
    details = [
        link("api", "API"),
        state("field", ApiField),
        "before",
        "after",
        link("creator", "New owner"),
        "owned_from",
        "had_sales",
        *CHANGED_BY,
        "reason",
    ]


@admin.register(ApiOwnership)
class ApiOwnershipAdmin(LargeTableAdmin):
    list_display = ["__str__", link("api", "API"), link("creator"), "owned_from"]
    list_select_related = ["api", "creator"]
    list_filter = [narrowed_by("api", Api), narrowed_by("creator", Creator)]
    search_fields = ["api__external_id", "creator__external_id"]
    search_help_text = "API id or creator id"
    details = [link("api", "API"), link("creator"), "owned_from", "created_at"]


@admin.register(CommissionRate)
class CommissionRateAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "effective_from", link("api", "API"), link("creator"), "actor", "reason"]
    list_select_related = ["api", "creator"]
    list_filter = [narrowed_by("api", Api), narrowed_by("creator", Creator)]
    ordering = ["-effective_from", "-pk"]
    details = [
        "__str__",
        "effective_from",
        link("api", "API"),
        link("creator"),
        "actor",
        "reason",
        "created_at",
    ]


@admin.register(BillingSource)
class BillingSourceAdmin(ReadOnlyAdmin):
    list_display = ["name", "created_at", "read_until"]
    ordering = ["name"]
    details = ["name", "created_at", "read_until"]


@column("Reason")
def why_set_aside(batch: BillingBatch) -> SafeString:
    return show(batch.set_aside_reason.partition("\n")[0])


_COUNTS = [count("accepted"), count("duplicates"), count("conflicts"), count("quarantined")]


@admin.register(BillingBatch)
class BillingBatchAdmin(LargeTableAdmin):
    list_display = [
        "__str__",
        link("source"),
        *_COUNTS,
        "received_at",
        "posted_at",
        link("posting"),
        "set_aside_at",
        why_set_aside,
    ]
    list_select_related = ["source", "posting"]
    list_filter = [
        "source",
        ("posted_at", admin.EmptyFieldListFilter),
        ("set_aside_at", admin.EmptyFieldListFilter),
        narrowed_by("posting", Posting),
        narrowed_by("part_of", BillingBatch),
        OfTrace,
    ]
    search_fields = ["pk"]
    search_help_text = "Batch number"
    details = [
        "origin",
        link("source"),
        *_COUNTS,
        "received_at",
        "posted_at",
        link("posting"),
        "set_aside_at",
        block("set_aside_reason", "Why it can't be posted"),
        link("part_of", "Part of"),
    ]


_ACT = state("kind", BatchActKind, "Action")
_WHEN = titled("at", "When")


@admin.register(BatchAct)
class BatchActAdmin(LargeTableAdmin):
    list_display = [number, link("batch"), _ACT, "actor", "reason", _WHEN]
    list_select_related = ["batch"]
    list_filter = ["kind", narrowed_by("batch", BillingBatch)]
    details = [link("batch"), _ACT, "actor", "reason", _WHEN]


@admin.register(Posting)
class PostingAdmin(LargeTableAdmin):
    list_display = [number, "posted_at"]
    details = ["posted_at"]


@admin.register(BillingRecord)
class BillingRecordAdmin(LargeTableAdmin):
    list_display = [
        "record_id",
        state("kind", RecordKind),
        money("amount"),
        link("creator"),
        link("api", "API"),
        "occurred_at",
        link("batch"),
    ]
    list_select_related = ["creator", "api", "batch"]
    list_filter = [OfEarning, narrowed_by("batch", BillingBatch)]
    search_fields = ["batch"]
    search_help_text = "Record id, creator id, API id or batch number"
    details = [
        copied("record_id", "Record id"),
        link("source"),
        state("kind", RecordKind),
        money("amount"),
        link("creator"),
        link("api", "API"),
        percent("commission_bps", "Commission"),
        "occurred_at",
        count("api_calls", "API calls"),
        copied("subscription_id", "Subscription"),
        copied("customer_id", "Customer"),
        copied("related_record_id", "Related charge"),
        link("batch"),
    ]


look_up(BillingRecord)(records_with_id)
look_up(BillingRecord)(records_of_creator)
look_up(BillingRecord)(records_of_api)


@column("What to do")
def what_to_do(record: QuarantinedRecord) -> str:
    return remedy(record)


@admin.register(QuarantinedRecord)
class QuarantinedRecordAdmin(LargeTableAdmin):
    list_display = [
        number,
        "record_id",
        state("reason", Reason),
        link("batch"),
        "created_at",
        state("resolution", Resolution),
        "resolved_at",
    ]
    list_select_related = ["batch"]
    list_filter = [
        ("resolved_at", admin.EmptyFieldListFilter),
        "reason",
        "source",
        narrowed_by("batch", BillingBatch),
    ]
    search_fields = ["record_id"]
    search_help_text = "Full record id"
    details = [
        "record_id",
        state("reason", Reason),
        what_to_do,
        link("source"),
        link("batch"),
        "content",
        "created_at",
        state("resolution", Resolution),
        "resolved_at",
    ]


@admin.register(CreatorEarning)
class CreatorEarningAdmin(LargeTableAdmin):
    list_display = [
        ident("pk", "Earning"),
        link("creator"),
        link("api", "API"),
        period,
        money("gross"),
        money("platform_fee"),
        money("net"),
        open_or_closed,
        link("payout"),
    ]
    list_select_related = ["creator", "api", "payout__creator"]
    list_filter = [
        ClaimedFilter,
        narrowed_by("creator", Creator),
        narrowed_by("api", Api),
        narrowed_to("currency"),
    ]
    search_fields = ["creator__external_id", "api__external_id", "pk"]
    search_help_text = "Creator id, API id or earning id"
    details = [
        link("creator"),
        link("api", "API"),
        period,
        money("refunds", "Refunds (included in gross)"),
        count("transactions", "Charges"),
        count("api_calls", "API calls"),
        "description",
        open_or_closed,
        "closed_at",
        link("payout"),
        "created_at",
        "updated_at",
        copied("pk", "Id"),
    ]


@column("Gross added", kind="figure")
def added(posting: EarningPosting) -> object:
    return Money(posting.gross, posting.earning.currency)


@column("Batches", kind="figure")
def batches(posting: EarningPosting) -> object:
    return anchor(list_of(BillingBatch, trace=posting.pk), len(posting.batches))


@admin.register(EarningPosting)
class EarningPostingAdmin(LargeTableAdmin):
    list_display = [
        number,
        link("posting"),
        link("earning.creator"),
        link("earning.api", "API"),
        link("earning"),
        added,
        count("transactions", "Charges"),
        batches,
    ]
    list_select_related = ["posting", "earning__creator", "earning__api"]
    list_filter = [narrowed_by("posting", Posting), OfBatch, narrowed_by("earning", CreatorEarning)]
    details = [
        link("posting"),
        link("earning.creator"),
        link("earning.api", "API"),
        link("earning"),
        added,
        count("transactions", "Charges"),
        count("api_calls", "API calls"),
        batches,
    ]
