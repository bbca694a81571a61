"""The billing records behind a payout and behind each of its line items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from accounts.endpoints import CreatorEndpoint
from earnings.models import RecordKind
from earnings.selectors import RecordBehind, RecordsBehind
from payouts.models import PayoutLineItem
from web.cursors import PageSizeInput, PositionPages
from web.inputs import Input
from web.outputs import Output
from web.renderers import CsvRenderer, FormatNegotiation, csv_file

if TYPE_CHECKING:
    from rest_framework.request import Request

TAGS = ["Payouts"]
RECORD = {
    "line_item_id": "019aa7a0-3f60-7a11-8c53-6f0e2b9d4c10",
    "source": "billing",
    "record_id": "in_9f3c.1",
    "kind": "refund",
    "api_id": "com.acme.weather",
    "subscription_id": "sub_77",
    "customer_id": "cus_12",
    "amount": 1_500,
    "gross": -1_500,
    "currency": "USD",
    "occurred_at": "2026-10-12T08:30:00Z",
    "api_calls": 0,
    "related_record_id": "in_9f3c",
}


class RecordsInput(Input):
    format = serializers.ChoiceField(
        choices=["json", "csv"],
        required=False,
        help_text="`csv` returns all records in one file and ignores `cursor` and `page_size`.",
    )


class RecordOutput(Output):
    """A billing record behind a payout."""

    line_item_id = serializers.UUIDField(help_text="The payout's line item that the record is part of.")
    source = serializers.CharField(  # type: ignore[assignment]  # a field here, and fields have a `source`
        help_text="The system that issued the record."
    )
    record_id = serializers.CharField(help_text="The record's id, unique within its source.")
    kind = serializers.ChoiceField(choices=RecordKind.choices, help_text="What happened.")
    api_id = serializers.CharField(help_text="The marketplace's id of the API that was sold.")
    subscription_id = serializers.CharField(
        allow_null=True, help_text="The customer's subscription; null if unknown."
    )
    customer_id = serializers.CharField(allow_null=True, help_text="The customer; null if unknown.")
    amount = serializers.IntegerField(min_value=1, help_text="Amount in minor units, always positive.")
    gross = serializers.IntegerField(
        help_text="What the record adds to the line item's gross, in minor units; negative for refunds and chargebacks."
    )
    currency = serializers.CharField(help_text="ISO 4217 currency of the amounts in this object.")
    occurred_at = serializers.DateTimeField(help_text="When it happened.")
    api_calls = serializers.IntegerField(min_value=0, help_text="API calls that the record is for.")
    related_record_id = serializers.CharField(
        allow_null=True,
        help_text="The charge that a refund, chargeback or reversal relates to; null if none is named.",
    )


DOCUMENTED: dict[str, Any] = {
    "tags": TAGS,
    "parameters": [RecordsInput, PageSizeInput],
    "responses": {(200, "application/json"): RecordOutput(many=True), (200, "text/csv"): OpenApiTypes.STR},
    "examples": [OpenApiExample("A refund", value=RECORD, response_only=True, media_type="application/json")],
}


class Records(CreatorEndpoint):
    queries = {"list": RecordsInput}
    filter_backends = []
    pagination_class = PositionPages
    renderer_classes = [JSONRenderer, CsvRenderer]
    content_negotiation_class = FormatNegotiation
    serializer_class = RecordOutput

    def answer(self, lines: QuerySet[PayoutLineItem], *, name: str) -> HttpResponseBase:
        """Return the records behind these lines if they are the creator's; `name` is the CSV file's."""
        mine = lines.filter(payout__creator=self.creator)
        by_earning: dict[UUID, UUID] = dict(mine.values_list("earning", "pk"))
        if not by_earning:
            raise Http404
        records = RecordsBehind(list(by_earning))
        if isinstance(self.request.accepted_renderer, CsvRenderer):
            serializer = RecordOutput()
            rows = (
                serializer.to_representation(_with_line(record, by_earning)) for record in records.stream()
            )
            return csv_file(f"{name}.csv", rows, columns=serializer.fields)
        page = cast("PositionPages", self.paginator).read(records, self.request)
        output = RecordOutput([_with_line(record, by_earning) for record in page], many=True)
        return self.get_paginated_response(output.data)


class PayoutRecords(Records):
    @extend_schema(
        operation_id="list_payout_records",
        summary="List a payout's billing records",
        description="Every charge, refund, chargeback and reversal behind a payout, the last received first. Their "
        "`gross` adds up to the payout's, adjustments apart.",
        **DOCUMENTED,
    )
    def list(self, request: Request, payoutId: UUID) -> HttpResponseBase:  # noqa: N803 (named in the address)
        lines = PayoutLineItem.objects.filter(payout=payoutId)
        return self.answer(lines, name=f"payout-{payoutId}-records")


class LineRecords(Records):
    @extend_schema(
        operation_id="list_line_item_records",
        summary="List a line item's billing records",
        description="Every charge, refund, chargeback and reversal behind a line item, the last received first. Their "
        "`gross` adds up to the line item's. An adjustment has none.",
        **DOCUMENTED,
    )
    def list(self, request: Request, payoutId: UUID, lineId: UUID) -> HttpResponseBase:  # noqa: N803
        lines = PayoutLineItem.objects.filter(payout=payoutId, pk=lineId)
        return self.answer(lines, name=f"line-{lineId}-records")


def _with_line(record: RecordBehind, lines: Mapping[UUID, UUID]) -> dict[str, Any]:
    return {**record._asdict(), "line_item_id": lines[record.earning_id]}


urlpatterns = [
    path("payouts/<uuid:payoutId>/records", PayoutRecords.as_view({"get": "list"})),
    path("payouts/<uuid:payoutId>/line-items/<uuid:lineId>/records", LineRecords.as_view({"get": "list"})),
]
