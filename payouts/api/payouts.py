"""`/payouts`: what was paid to a creator, what it is made of, and what became of it."""

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
    """Refuses a filter that is named without a value; the framework would let it pass for none."""

    def clean(self) -> dict[str, Any]:
        for name in self.fields:
            if self.data.get(name) == "":
                self.add_error(name, forms.ValidationError("This may not be blank.", code="blank"))
        return super().clean() or {}


@extend_schema_field({"type": "string", "pattern": "^[A-Z]{3}$"})
class CurrencyFilter(django_filters.CharFilter):
    """An ISO 4217 currency."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validators=[RegexValidator(CURRENCY_REGEX)], strip=False, **options)


class PayoutFilter(django_filters.FilterSet):
    """Days are UTC, and both are included."""

    status = django_filters.ChoiceFilter(
        choices=PayoutStatus.choices, help_text="Only payouts in this state."
    )
    currency = CurrencyFilter(help_text="Only payouts in this currency.")
    # `from` is a word of Python's.
    vars()["from"] = django_filters.DateFilter(
        method="made_from",
        input_formats=["%Y-%m-%d"],
        help_text="Only payouts made (`created_at`) on this day, UTC, or later: `YYYY-MM-DD`.",
    )
    to = django_filters.DateFilter(
        method="made_to",
        input_formats=["%Y-%m-%d"],
        help_text="Only payouts made (`created_at`) on this day, UTC, or earlier: `YYYY-MM-DD`.",
    )
    ordering = django_filters.ChoiceFilter(
        choices=[(given, given) for given in ORDERINGS],
        method="in_order",
        help_text="Which come first: `-created_at` (the newest; the default), `created_at`, `-net_amount` (the "
        "largest) or `net_amount`.",
    )

    class Meta:
        model = Payout
        fields: list[str] = []
        form = NoBlanks

    def made_from(self, payouts: QuerySet[Payout], name: str, day: Any) -> QuerySet[Payout]:
        return payouts.filter(created_at__gte=midnight(day))

    def made_to(self, payouts: QuerySet[Payout], name: str, day: Any) -> QuerySet[Payout]:
        return payouts.filter(created_at__lte=last_moment(day))

    def in_order(self, payouts: QuerySet[Payout], name: str, given: str) -> QuerySet[Payout]:
        return payouts.order_by(given, "-pk" if given.startswith("-") else "pk")


@extend_schema_field(OpenApiTypes.STR)
class FailureMessage(serializers.Field[str, Any, str | None, Any]):
    """What a failure means, by its code."""

    def to_representation(self, value: str) -> str | None:
        return explain_failure(value) or None


@extend_schema_field(OpenApiTypes.STR)
class MoveMessage(serializers.Field[PayoutEvent, Any, str, Any]):
    """What a move of a payout means."""

    def to_representation(self, value: PayoutEvent) -> str:
        return explain_move(value.from_status, value.to_status)


class PayoutOutput(Output):
    """One payment to one creator."""

    id = serializers.UUIDField(help_text="The payout's id.")
    created_at = serializers.DateTimeField(help_text="When it was made.")
    creator = serializers.CharField(help_text="The marketplace's id of the creator who is paid.")
    retry_of = serializers.UUIDField(
        allow_null=True, help_text="The payout that this one was made anew from; null if none."
    )
    currency = serializers.CharField(
        help_text="ISO 4217 currency of all amounts beside it but `bank_amount`."
    )
    gross_amount = serializers.IntegerField(
        help_text="Minor units: what customers were charged, less refunds and chargebacks."
    )
    platform_fee = serializers.IntegerField(help_text="Minor units: the platform's commission.")
    net_amount = serializers.IntegerField(
        min_value=1, help_text="Minor units: what the creator gets, gross less platform fee."
    )
    period_start = serializers.DateField(help_text="First day (UTC) of the earnings that are paid.")
    period_end = serializers.DateField(help_text="Day (UTC) before which they were earned; exclusive.")
    status = serializers.ChoiceField(
        choices=PayoutStatus.choices, help_text="Where it stands; `events` says what that means."
    )
    stripe_transfer_id = serializers.CharField(
        allow_null=True, help_text="Stripe's transfer to the creator's account; null until there is one."
    )
    stripe_payout_id = serializers.CharField(
        allow_null=True, help_text="Stripe's payout to the creator's bank; null until there is one."
    )
    bank_amount = serializers.IntegerField(
        allow_null=True, help_text="Minor units of `bank_currency`: what goes to the bank; null until known."
    )
    bank_currency = serializers.CharField(
        allow_null=True, help_text="ISO 4217 currency of `bank_amount`; null until known."
    )
    arrival_date = serializers.DateField(
        allow_null=True, help_text="Day on which the bank should have it; null until known."
    )
    failure_code = serializers.CharField(
        allow_null=True, help_text="What went wrong, as Stripe names it; null if nothing."
    )
    failure_message = FailureMessage(
        source="failure_code",
        allow_null=True,
        help_text="What went wrong and what to do, for the creator; null if nothing.",
    )
    paid_at = serializers.DateTimeField(allow_null=True, help_text="When Stripe said that the bank has it.")


class LineOutput(Output):
    """A line of a payout: what one API earned in one period, or an adjustment."""

    id = serializers.UUIDField(help_text="The line's id.")
    api_id = serializers.CharField(
        source="api.external_id",
        allow_null=True,
        help_text="The marketplace's id of the API; null for an adjustment.",
    )
    api_name = serializers.CharField(
        source="api.name", allow_null=True, help_text="Its name; null if it has none, and for an adjustment."
    )
    description = serializers.CharField(
        allow_null=True, help_text="What an adjustment is for; null for an API."
    )
    period_start = serializers.DateField(help_text="First day (UTC) of the sales.")
    period_end = serializers.DateField(help_text="Day (UTC) after the last; exclusive.")
    currency = serializers.CharField(help_text="ISO 4217 currency of the amounts beside it.")
    commission_bps = serializers.IntegerField(
        min_value=0, max_value=10_000, help_text="The platform's commission in basis points: 2000 is 20 %."
    )
    gross_revenue = serializers.IntegerField(
        help_text="Minor units: what customers were charged, less refunds and chargebacks; may be negative."
    )
    platform_fee = serializers.IntegerField(
        help_text="Minor units: commission on gross, halves away from zero."
    )
    net_revenue = serializers.IntegerField(help_text="Minor units: gross less platform fee.")
    total_subscriptions = serializers.IntegerField(
        min_value=0, help_text="How many subscriptions were charged."
    )
    total_api_calls = serializers.IntegerField(min_value=0, help_text="API calls of the charges.")


class EventOutput(Output):
    """One step of a payout."""

    status = serializers.ChoiceField(
        source="to_status", choices=PayoutStatus.choices, help_text="The state that the payout came to."
    )
    at = serializers.DateTimeField(help_text="When.")
    message = MoveMessage(source="*", help_text="What it means, in a sentence for the creator.")


class PayoutDetailOutput(PayoutOutput):
    """A payout, line by line, with its history."""

    line_items = LineOutput(
        many=True, help_text="What it is made of; they add up to it. The largest comes first."
    )
    events = EventOutput(many=True, help_text="What became of it, from the first event to the last.")


COLUMNS = sorted(PayoutOutput().fields.keys() - {"creator", "failure_message"})


class Payouts(CreatorEndpoint):
    filterset_class = PayoutFilter
    serializer_class = PayoutOutput

    def get_queryset(self) -> QuerySet[Payout, dict[str, Any]]:
        payouts: QuerySet[Payout, dict[str, Any]] = Payout.objects.values(*COLUMNS)
        if getattr(self, "swagger_fake_view", False):
            return payouts.none()
        # Not joined: so the index by creator gives the order too, and a page is read without the rest.
        creator = Creator.objects.filter(external_id=self.creator_id).values("pk")
        return payouts.filter(creator=Subquery(creator)).order_by("-created_at", "-pk")

    def filter_queryset(self, queryset: QuerySet[Payout, Any]) -> QuerySet[Payout, Any]:
        # Most callers narrow nothing, and need not wait for the filters' form.
        return super().filter_queryset(queryset) if self.request.query_params else queryset

    @extend_schema(
        operation_id="list_payouts",
        tags=TAGS,
        summary="What was paid, and is being paid",
        description="The creator's payouts, newest first. A payout that failed or was cancelled stays in the list; "
        "its earnings go into a later one, and count there.",
        examples=[OpenApiExample("A payout", value=PAYOUT, response_only=True)],
    )
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        if not page:
            _ = self.creator  # who has payouts is known; all others may be here for the first time
        told = PayoutOutput([self._told(row) for row in page], many=True)
        return self.get_paginated_response(told.data)

    @extend_schema(
        operation_id="get_payout",
        tags=TAGS,
        summary="One payout, line by line",
        description="A payout, the lines that add up to it, and its history.",
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
        told = {
            **self._told(payout),
            "line_items": lines.select_related("api").order_by("-net_revenue", "pk"),
            "events": PayoutEvent.objects.filter(payout=payoutId).order_by("pk"),
        }
        return Response(PayoutDetailOutput(told).data)

    def _told(self, payout: dict[str, Any]) -> dict[str, Any]:
        return {**payout, "creator": self.creator_id}


urlpatterns = [
    path("payouts", Payouts.as_view({"get": "list"})),
    path("payouts/<uuid:payoutId>", Payouts.as_view({"get": "retrieve"})),
]
