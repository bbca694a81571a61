"""`/payouts`: a creator's payouts, with their line items and history."""

from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.core.validators import RegexValidator
from django.db.models import F, QuerySet, Subquery
from django.http import Http404
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.endpoints import CreatorEndpoint
from accounts.models import Creator
from money import last_moment, midnight
from payouts.explanations import explain_failure, explain_move
from payouts.models import Payout, PayoutEvent, PayoutLineItem
from payouts.states import PayoutStatus
from web.inputs import CURRENCY_REGEX
from web.outputs import Output

TAGS = ["Payouts"]
ORDERINGS = ["-created_at", "created_at", "-net_amount", "net_amount"]
PAYOUT = {
    "id": "019aa7a0-3f5e-7c3a-9b1e-0d5a4b8c7d21",
    "created_at": "2026-11-01T00:15:02.117Z",
    "creator": "alice",
    "retry_of": None,
    "currency": "USD",
    "gross_amount": 125_000,
    "platform_fee": 25_000,
    "net_amount": 100_000,
    "period_start": "2026-10-01",
    "period_end": "2026-11-01",
    "status": "paid",
    "stripe_transfer_id": "tr_1Q2w3E4r5T6y7U8i",
    "stripe_payout_id": "po_1Q2w3E4r5T6y7U8i",
    "bank_amount": 100_000,
    "bank_currency": "USD",
    "arrival_date": "2026-11-03",
    "trace_id": "20261103MMQFMP0001",
    "trace_status": "supported",
    "failure_code": None,
    "failure_message": None,
    "paid_at": "2026-11-03T09:12:44.020Z",
}
LINE = {
    "id": "019aa7a0-3f60-7a11-8c53-6f0e2b9d4c10",
    "api_id": "com.acme.weather",
    "api_name": "Acme Weather",
    "description": None,
    "period_start": "2026-10-01",
    "period_end": "2026-11-01",
    "currency": "USD",
    "commission_bps": 2_000,
    "gross_revenue": 125_000,
    "platform_fee": 25_000,
    "net_revenue": 100_000,
    "total_subscriptions": 31,
    "total_api_calls": 904_233,
}
EVENT = {
    "status": "paid",
    "at": "2026-11-03T09:12:44.020Z",
    "message": explain_move(PayoutStatus.IN_TRANSIT, PayoutStatus.PAID),
}


class NoBlanks(forms.Form):
    """Rejects a filter without a value; the framework would ignore it."""

    def clean(self) -> dict[str, Any]:
        for name in self.fields:
            if self.data.get(name) == "":
                self.add_error(name, forms.ValidationError("This field may not be blank.", code="blank"))
        return super().clean() or {}


@extend_schema_field({"type": "string", "pattern": "^[A-Z]{3}$"})
class CurrencyFilter(django_filters.CharFilter):
    """An ISO 4217 currency."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validators=[RegexValidator(CURRENCY_REGEX)], strip=False, **options)


class PayoutFilter(django_filters.FilterSet):
    """Filters for payouts. Days are UTC and inclusive."""

    status = django_filters.ChoiceFilter(
        choices=PayoutStatus.choices, help_text="Only payouts with this status."
    )
    currency = CurrencyFilter(help_text="Only payouts in this currency.")
    # `from` is a Python keyword.
    vars()["from"] = django_filters.DateFilter(
        method="made_from",
        input_formats=["%Y-%m-%d"],
        help_text="Only payouts created on or after this day (UTC): `YYYY-MM-DD`.",
    )
    to = django_filters.DateFilter(
        method="made_to",
        input_formats=["%Y-%m-%d"],
        help_text="Only payouts created on or before this day (UTC): `YYYY-MM-DD`.",
    )
    ordering = django_filters.ChoiceFilter(
        choices=[(ordering, ordering) for ordering in ORDERINGS],
        method="in_order",
        help_text="Sort order: `-created_at` (newest first, the default), `created_at`, `-net_amount` (largest first) "
        "or `net_amount`.",
    )

    class Meta:
        model = Payout
        fields: list[str] = []
        form = NoBlanks

    def made_from(self, payouts: QuerySet[Payout], name: str, day: Any) -> QuerySet[Payout]:
        return payouts.filter(created_at__gte=midnight(day))

    def made_to(self, payouts: QuerySet[Payout], name: str, day: Any) -> QuerySet[Payout]:
        return payouts.filter(created_at__lte=last_moment(day))

    def in_order(self, payouts: QuerySet[Payout], name: str, ordering: str) -> QuerySet[Payout]:
        return payouts.order_by(ordering, "-pk" if ordering.startswith("-") else "pk")


@extend_schema_field(OpenApiTypes.STR)
class FailureMessage(serializers.Field[str, Any, str | None, Any]):
    """The explanation of a failure code."""

    def to_representation(self, value: str) -> str | None:
        return explain_failure(value) or None


@extend_schema_field(OpenApiTypes.STR)
class MoveMessage(serializers.Field[PayoutEvent, Any, str, Any]):
    """The explanation of a move."""

    def to_representation(self, value: PayoutEvent) -> str:
        return explain_move(value.from_status, value.to_status)


class PayoutOutput(Output):
    """One payment to one creator."""

    id = serializers.UUIDField(help_text="The payout's id.")
    created_at = serializers.DateTimeField(help_text="When the payout was created.")
    creator = serializers.CharField(help_text="The marketplace's id of the creator who is paid.")
    retry_of = serializers.UUIDField(
        allow_null=True, help_text="The payout that this one retries; null if none."
    )
    currency = serializers.CharField(
        help_text="ISO 4217 currency of all amounts in this object except `bank_amount`."
    )
    gross_amount = serializers.IntegerField(help_text="Charges less refunds and chargebacks, in minor units.")
    platform_fee = serializers.IntegerField(help_text="The platform's commission, in minor units.")
    net_amount = serializers.IntegerField(
        min_value=1, help_text="What the creator gets: gross less platform fee, in minor units."
    )
    period_start = serializers.DateField(help_text="First day (UTC) of the period whose earnings are paid.")
    period_end = serializers.DateField(help_text="Day (UTC) on which that period ends (exclusive).")
    status = serializers.ChoiceField(
        choices=PayoutStatus.choices, help_text="Current status. `events` explains it."
    )
    stripe_transfer_id = serializers.CharField(
        allow_null=True,
        help_text="Stripe's id of the transfer to the creator's account; null until there is one.",
    )
    stripe_payout_id = serializers.CharField(
        allow_null=True, help_text="Stripe's id of the payout to the creator's bank; null until there is one."
    )
    bank_amount = serializers.IntegerField(
        allow_null=True,
        help_text="What goes to the bank, in minor units of `bank_currency`; null until known.",
    )
    bank_currency = serializers.CharField(
        allow_null=True, help_text="ISO 4217 currency of `bank_amount`; null until known."
    )
    arrival_date = serializers.DateField(
        allow_null=True, help_text="Day on which the money should arrive at the bank; null until known."
    )
    trace_id = serializers.CharField(
        allow_null=True,
        help_text="What the bank knows the payment by, to ask for it if it doesn't show up; null until known.",
    )
    trace_status = serializers.CharField(
        allow_null=True,
        help_text="Stripe's status of `trace_id`: `pending` (for up to ten days after the payment), `supported` or "
        "`unsupported`; null until the payment is made.",
    )
    failure_code = serializers.CharField(
        allow_null=True, help_text="Why it failed, as a code, mostly Stripe's; null if it didn't."
    )
    failure_message = FailureMessage(
        source="failure_code",
        allow_null=True,
        help_text="Why it failed and what to do, in words for the creator; null if it didn't.",
    )
    paid_at = serializers.DateTimeField(
        allow_null=True, help_text="When Stripe reported that the bank has the money; null until then."
    )


class LineOutput(Output):
    """A line item of a payout: what one API earned in one period, or an adjustment.

    A line of a later period than the payout's is negative: the creator owed it when the payout was made.
    """

    id = serializers.UUIDField(help_text="The line's id.")
    api_id = serializers.CharField(
        source="api.external_id",
        allow_null=True,
        help_text="The marketplace's id of the API; null for an adjustment.",
    )
    api_name = serializers.CharField(
        source="api.name",
        allow_null=True,
        help_text="The API's name; null if it has none, and for an adjustment.",
    )
    description = serializers.CharField(
        allow_null=True, help_text="What an adjustment is for; null for an API."
    )
    period_start = serializers.DateField(help_text="First day (UTC) of the sales.")
    period_end = serializers.DateField(help_text="Day (UTC) after the last day of the sales (exclusive).")
    currency = serializers.CharField(help_text="ISO 4217 currency of the amounts in this object.")
    commission_bps = serializers.IntegerField(
        min_value=0, max_value=10_000, help_text="The platform's commission in basis points: 2000 is 20%."
    )
    gross_revenue = serializers.IntegerField(
        help_text="Charges less refunds and chargebacks, in minor units; may be negative."
    )
    platform_fee = serializers.IntegerField(
        help_text="The commission on gross, in minor units, rounded half away from zero."
    )
    net_revenue = serializers.IntegerField(help_text="Gross less platform fee, in minor units.")
    total_subscriptions = serializers.IntegerField(min_value=0, help_text="Number of subscriptions charged.")
    total_api_calls = serializers.IntegerField(min_value=0, help_text="API calls that the charges are for.")


class EventOutput(Output):
    """One move of a payout to another status."""

    status = serializers.ChoiceField(
        source="to_status", choices=PayoutStatus.choices, help_text="The payout's new status."
    )
    at = serializers.DateTimeField(help_text="When it got that status.")
    message = MoveMessage(source="*", help_text="What the status means, in a sentence for the creator.")


class PayoutDetailOutput(PayoutOutput):
    """A payout with its line items and history."""

    line_items = LineOutput(many=True, help_text="The line items, largest first. They add up to the payout.")
    events = EventOutput(many=True, help_text="The payout's history, oldest first.")


COLUMNS = sorted(PayoutOutput().fields.keys() - {"creator", "failure_message"})


class Payouts(CreatorEndpoint):
    filterset_class = PayoutFilter
    serializer_class = PayoutOutput

    def get_queryset(self) -> QuerySet[Payout, dict[str, Any]]:
        payouts: QuerySet[Payout, dict[str, Any]] = Payout.objects.values(*COLUMNS)
        if getattr(self, "swagger_fake_view", False):
            return payouts.none()
        # A subquery, not a join: the index by creator then gives the order too, and only the page is read.
        creator = Creator.objects.filter(external_id=self.creator_id).values("pk")
        return payouts.filter(creator=Subquery(creator)).order_by("-created_at", "-pk")

    def filter_queryset(self, queryset: QuerySet[Payout, Any]) -> QuerySet[Payout, Any]:
        # Most requests have no filters, and skip the filters' form.
        return super().filter_queryset(queryset) if self.request.query_params else queryset

    @extend_schema(
        operation_id="list_payouts",
        tags=TAGS,
        summary="List payouts",
        description="The creator's payouts, newest first. A payout that failed or was cancelled stays in the list; a "
        "later payout includes its earnings.",
        examples=[OpenApiExample("A payout", value=PAYOUT, response_only=True)],
    )
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        if not page:
            _ = self.creator  # a creator without payouts may be new: this creates them
        output = PayoutOutput([self._with_creator(row) for row in page], many=True)
        return self.get_paginated_response(output.data)

    @extend_schema(
        operation_id="get_payout",
        tags=TAGS,
        summary="Retrieve a payout",
        description="A payout with its line items and its history.",
        responses=PayoutDetailOutput,
        examples=[
            OpenApiExample(
                "A payout", value={**PAYOUT, "line_items": [LINE], "events": [EVENT]}, response_only=True
            )
        ],
    )
    def retrieve(self, request: Request, payoutId: UUID) -> Response:  # noqa: N803 (named in the address)
        payout = self.get_queryset().filter(pk=payoutId).first()
        if payout is None:
            raise Http404
        lines = PayoutLineItem.objects.filter(payout=payoutId).annotate(currency=F("payout__currency"))
        detail = {
            **self._with_creator(payout),
            "line_items": lines.select_related("api").order_by("-net_revenue", "pk"),
            "events": PayoutEvent.objects.filter(payout=payoutId).order_by("pk"),
        }
        return Response(PayoutDetailOutput(detail).data)

    def _with_creator(self, payout: dict[str, Any]) -> dict[str, Any]:
        return {**payout, "creator": self.creator_id}


urlpatterns = [
    path("payouts", Payouts.as_view({"get": "list"})),
    path("payouts/<uuid:payoutId>", Payouts.as_view({"get": "retrieve"})),
]
