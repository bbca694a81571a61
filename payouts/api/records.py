"""The billing records behind a payout and behind each of its lines."""

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
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.renderers import JSONRenderer

from accounts.endpoints import CreatorEndpoint, Input
from accounts.links import public_link
from accounts.outputs import absent_as_null
from accounts.renderers import CsvRenderer, FormatNegotiation, csv_file
from earnings.models import RecordKind
from earnings.selectors import NEWEST, Position, RecordBehind, RecordsBehind
from payouts.models import PayoutLineItem

if TYPE_CHECKING:
    from rest_framework.request import Request

TAG = "Payouts"
LARGEST_PAGE = 100
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


class RecordsQuery(Input):
    format = serializers.ChoiceField(
        choices=["json", "csv"],
        required=False,
        help_text="`csv` answers with all records in one file; `cursor` and `page_size` then mean nothing.",
    )


class PageSize(serializers.Serializer[Any]):
    page_size = serializers.IntegerField(
        min_value=1, max_value=LARGEST_PAGE, default=LARGEST_PAGE, help_text="Records on a page."
    )


class RecordOut(serializers.Serializer[Any]):
    line_item_id = serializers.UUIDField(help_text="The line of the payout that it is part of.")
    source = serializers.CharField(  # type: ignore[assignment]  # a field here, and fields have a `source`
        help_text="The system that issued it."
    )
    record_id = serializers.CharField(help_text="Its id there; unique within the source.")
    kind = serializers.ChoiceField(choices=RecordKind.choices, help_text="What happened.")
    api_id = serializers.CharField(help_text="The marketplace's id of the API that was sold.")
    subscription_id = serializers.CharField(
        allow_null=True, help_text="The customer's subscription; null if not known."
    )
    customer_id = serializers.CharField(allow_null=True, help_text="The customer; null if not known.")
    amount = serializers.IntegerField(min_value=1, help_text="Minor units, always positive.")
    gross = serializers.IntegerField(
        help_text="Minor units: what it adds to the line's gross; negative for refunds and chargebacks."
    )
    currency = serializers.CharField(help_text="ISO 4217 currency of the amounts beside it.")
    occurred_at = serializers.DateTimeField(help_text="When it happened.")
    api_calls = serializers.IntegerField(min_value=0, help_text="API calls that it is for.")
    related_record_id = serializers.CharField(
        allow_null=True,
        help_text="The charge that a refund, chargeback or reversal is about; null if none is named.",
    )


class RecordPages(CursorPagination):
    """Pages by the place where a record lies, so that each costs the same; `cursor` is in the links."""

    page_size = LARGEST_PAGE
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE

    def read(self, records: RecordsBehind, request: Request) -> list[RecordBehind]:
        """Read the page that the request asks for, as `paginate_queryset` does of a queryset."""
        reader = PageSize(data=request.query_params)
        reader.is_valid(raise_exception=True)
        size = reader.validated_data["page_size"]
        self.base_url = public_link(request.build_absolute_uri())
        self.cursor = self.decode_cursor(request)
        backwards = self.cursor is not None and self.cursor.reverse
        position = _position(self.cursor)
        read = records.after if backwards else records.before
        found = read(position, count=size + 1)  # one more, to see whether there is another page
        more = len(found) > size
        page = found[-size:] if backwards else found[:size]
        self.has_next = backwards or more
        self.has_previous = more if backwards else self.cursor is not None
        self.ends = (page[0], page[-1]) if page else None
        return page

    def get_next_link(self) -> str | None:
        return self._link(self.ends[1], reverse=False) if self.ends and self.has_next else None

    def get_previous_link(self) -> str | None:
        return self._link(self.ends[0], reverse=True) if self.ends and self.has_previous else None

    def _link(self, record: RecordBehind, *, reverse: bool) -> str:
        position = f"{record.batch_id}-{record.id}"
        return str(self.encode_cursor(Cursor(offset=0, reverse=reverse, position=position)))  # type: ignore[arg-type]  # text


DOCUMENTED: dict[str, Any] = {
    "tags": [TAG],
    "parameters": [RecordsQuery, PageSize],
    "responses": {(200, "application/json"): RecordOut(many=True), (200, "text/csv"): OpenApiTypes.STR},
    "examples": [OpenApiExample("A refund", value=RECORD, response_only=True, media_type="application/json")],
}


class Records(CreatorEndpoint):
    queries = {"list": RecordsQuery}
    filter_backends = []
    pagination_class = RecordPages
    renderer_classes = [JSONRenderer, CsvRenderer]
    content_negotiation_class = FormatNegotiation
    serializer_class = RecordOut

    def answer(self, lines: QuerySet[PayoutLineItem], *, name: str) -> HttpResponseBase:
        """Answer with the records behind these lines, if they are the creator's; the CSV file is `name`."""
        mine = lines.filter(payout__creator=self.creator)
        by_earning: dict[UUID, UUID] = dict(mine.values_list("earning", "pk"))
        if not by_earning:
            raise Http404
        records = RecordsBehind(list(by_earning))
        if isinstance(self.request.accepted_renderer, CsvRenderer):
            rows = (_record(record, by_earning) for record in records.stream())
            return csv_file(f"{name}.csv", rows, columns=RecordOut().fields)
        page = cast("RecordPages", self.paginator).read(records, self.request)
        return self.get_paginated_response([_record(record, by_earning) for record in page])


class PayoutRecords(Records):
    @extend_schema(
        operation_id="list_payout_records",
        summary="The billing records behind a payout",
        description="Every charge, refund, chargeback and reversal behind a payout, the last to arrive first: their "
        "`gross` adds up to that of the payout, adjustments apart.",
        **DOCUMENTED,
    )
    def list(self, request: Request, payoutId: UUID) -> HttpResponseBase:  # noqa: N803 (named in the address)
        lines = PayoutLineItem.objects.filter(payout=payoutId)
        return self.answer(lines, name=f"payout-{payoutId}-records")


class LineRecords(Records):
    @extend_schema(
        operation_id="list_line_item_records",
        summary="The billing records behind one line of a payout",
        description="Every charge, refund, chargeback and reversal behind a line, the last to arrive first: their "
        "`gross` adds up to that of the line. An adjustment has none.",
        **DOCUMENTED,
    )
    def list(self, request: Request, payoutId: UUID, lineId: UUID) -> HttpResponseBase:  # noqa: N803
        lines = PayoutLineItem.objects.filter(payout=payoutId, pk=lineId)
        return self.answer(lines, name=f"line-{lineId}-records")


def _record(record: RecordBehind, lines: Mapping[UUID, UUID]) -> Mapping[str, Any]:
    return absent_as_null(
        {
            "line_item_id": lines[record.earning_id],
            "source": record.source,
            "record_id": record.record_id,
            "kind": record.kind,
            "api_id": record.api_id,
            "subscription_id": record.subscription_id,
            "customer_id": record.customer_id,
            "amount": record.amount,
            "gross": record.gross,
            "currency": record.currency,
            "occurred_at": record.occurred_at,
            "api_calls": record.api_calls,
            "related_record_id": record.related_record_id,
        }
    )


def _position(cursor: Cursor | None) -> Position:
    if cursor is None:
        return NEWEST
    batch_id, _, record_id = str(cursor.position).partition("-")
    if not (batch_id.isdecimal() and record_id.isdecimal()):
        raise NotFound("This cursor is from no page of this list.")
    return Position(min(int(batch_id), NEWEST.batch_id), min(int(record_id), NEWEST.id))


urlpatterns = [
    path("payouts/<uuid:payoutId>/records", PayoutRecords.as_view({"get": "list"})),
    path("payouts/<uuid:payoutId>/line-items/<uuid:lineId>/records", LineRecords.as_view({"get": "list"})),
]
