"""`POST /billing/records`: services push billing records."""

import json
from collections import Counter
from contextlib import ExitStack
from typing import Any

from django.http import HttpResponseBase
from django.urls import path
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.endpoints import ServiceEndpoint
from database import sql
from database.fields import EXTERNAL_ID_CHARACTERS
from earnings.models import BillingSource, Reason, RecordKind
from earnings.reading.records import BATCH_SIZE, REQUIRED, Rules
from earnings.services import pushing, sources
from earnings.services.pushing import Outcome, PushedRecord
from money import LARGEST_AMOUNT
from web import ndjson
from web.inputs import Input
from web.ndjson import NdjsonBody, NdjsonFile, NdjsonRenderer
from web.outputs import Output

TAGS = ["Services"]
MOST_RECORDS = 1_000
# A conflict is an outcome of its own, and `unpostable` is only found after the answer.
QUARANTINE_REASONS = [reason for reason in Reason if reason not in {Reason.CONFLICT, Reason.UNPOSTABLE}]
REASONS_LISTED = "; ".join(f"`{reason.value}`: {reason.label}" for reason in QUARANTINE_REASONS)
NDJSON_TEXT = {"type": "string", "description": "A JSON object per line."}


def _id(description: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^{EXTERNAL_ID_CHARACTERS}$", "description": description}


RECORD = {
    "title": "BillingRecord",
    "description": "A valid billing record.",
    "type": "object",
    "additionalProperties": False,
    "required": list(REQUIRED),
    "properties": {
        "record_id": _id("Your unique id of this record. Never reuse it."),
        "kind": {
            "type": "string",
            "enum": RecordKind.values,
            "description": "What happened. It determines the sign of the amount.",
        },
        "api_id": _id("The API that was sold. It can be empty if `related_record_id` is set."),
        "amount": {
            "type": "integer",
            "minimum": 1,
            "maximum": LARGEST_AMOUNT,
            "description": "The amount charged or returned, in minor units (cents).",
        },
        "currency": {
            "type": "string",
            "pattern": "^[A-Z]{3}$",
            "description": "ISO 4217 code of a currency in which creators are paid.",
        },
        "occurred_at": {
            "type": "string",
            "format": "date-time",
            "description": "When it happened, with a UTC offset. From the year 2000 on, and not in the future.",
        },
        "creator_id": _id("The API's owner at that time. If you send it, it is checked."),
        "subscription_id": _id("The subscription that was charged."),
        "customer_id": _id("The customer who was charged."),
        "api_calls": {
            "type": "integer",
            "minimum": 0,
            "maximum": LARGEST_AMOUNT,
            "description": "The number of API calls that the charge is for.",
        },
        "related_record_id": _id(
            "The charge that a refund, chargeback or reversal belongs to. The record gets its creator, API and rate "
            "from the charge, and can't exceed what is left of it."
        ),
    },
}
ANYTHING_ELSE = {
    "title": "AnythingElse",
    "description": "Anything else is quarantined, with the reason. The other records are accepted.",
}
CHARGE = {
    "record_id": "inv-2041",
    "kind": "charge",
    "api_id": "com.acme.weather",
    "amount": 4900,
    "currency": "USD",
    "occurred_at": "2026-10-03T09:12:44Z",
    "subscription_id": "sub-77",
    "customer_id": "cus-12",
    "api_calls": 1200,
}
REFUND = {
    "record_id": "ref-310",
    "kind": "refund",
    "api_id": "com.acme.weather",
    "amount": 900,
    "currency": "USD",
    "occurred_at": "2026-10-05T16:00:00+02:00",
    "related_record_id": "inv-2041",
}
ANSWERS = [
    {"line": 1, "record_id": "inv-2041", "outcome": "accepted", "reason": None},
    {"line": 2, "record_id": "ref-310", "outcome": "quarantined", "reason": "exceeds_charge"},
]
SUMMARY = {"accepted": 1, "duplicate": 0, "conflict": 0, "quarantined": 1}


@extend_schema_field({"anyOf": [RECORD, ANYTHING_ELSE]})
class AnyRecord(serializers.Field[Any, Any, Any, Any]):
    """Any JSON value: invalid records are quarantined, not rejected."""

    def to_internal_value(self, data: Any) -> Any:
        return data


# `allow_null` adds null to a `oneOf`, but not to a bare enum.
@extend_schema_field({"oneOf": [{"type": "string", "enum": [reason.value for reason in QUARANTINE_REASONS]}]})
class ReasonField(serializers.CharField):
    """Why a record is quarantined, or null."""


class PushInput(Input):
    """Billing records of one source."""

    records = serializers.ListField(
        child=AnyRecord(allow_null=True),
        max_length=MOST_RECORDS,
        help_text=f"Up to {MOST_RECORDS:,} records. They are processed together, in this order.",
    )


class AnswerOutput(Output):
    """The outcome of one record."""

    line = serializers.IntegerField(min_value=1, help_text="The record's position in the request, from 1.")
    record_id = serializers.CharField(
        allow_null=True, help_text="The record's id, or null if it has no valid id."
    )
    outcome = serializers.ChoiceField(
        choices=[outcome.value for outcome in Outcome],
        help_text="`accepted`: the record is new. `duplicate`: we already have the same record, and it counts once. "
        "`conflict`: another record has its id; it is kept in quarantine. `quarantined`: it can't be used, for the "
        "given reason. It enters automatically once the cause is gone, or is superseded by a corrected copy.",
    )
    reason = ReasonField(allow_null=True, help_text=f"Why it is quarantined, else null. {REASONS_LISTED}")


class PushSummaryOutput(Output):
    """The number of records by outcome."""

    accepted = serializers.IntegerField(min_value=0, help_text="Number of new records.")
    duplicate = serializers.IntegerField(min_value=0, help_text="Number of records that we already have.")
    conflict = serializers.IntegerField(min_value=0, help_text="Number of records with another record's id.")
    quarantined = serializers.IntegerField(min_value=0, help_text="Number of records that can't be used.")


class PushOutput(Output):
    """The outcome of the records of a request."""

    summary = PushSummaryOutput(help_text="The number of records by outcome.")
    results = AnswerOutput(many=True, help_text="The outcome of each record, in the order of the request.")


class BillingRecords(ServiceEndpoint):
    def get_renderers(self) -> list[BaseRenderer]:
        # Answer in the media type of the request.
        return [NdjsonRenderer() if ndjson.is_ndjson(self.request) else JSONRenderer()]

    @extend_schema(
        operation_id="push_billing_records",
        tags=TAGS,
        summary="Push billing records",
        description=f"""Charges, refunds, chargebacks and their reversals from the billing source that the token's \
`sub` names. A record counts once, however often it is pushed or imported. If you don't know the outcome of a \
request, send it again, in whole or in part. Records that can't be used don't affect the others. New records are in \
the earnings a few seconds later.

As `application/json`: up to {MOST_RECORDS:,} records, which are all processed or, if the request fails, none of them.

As `{ndjson.MEDIA_TYPE}`: one record per line, up to {ndjson.MAX_LINES:,} lines and 100 MB. The body is read as a \
stream (`Transfer-Encoding: chunked` works) and processed {BATCH_SIZE:,} lines or a few megabytes at a time. A line \
that is not a record, or is longer than {ndjson.LONGEST_LINE:,} bytes, is quarantined as `syntax`. The answer has one \
line per record, as in `results`, and a last line `{{"summary": …}}`. If the body is too long (`too_large`) or ends in \
the middle of a line (`cut_off`), the lines before that are processed, and the problem says how many.""",
        request={"application/json": PushInput, ndjson.MEDIA_TYPE: NDJSON_TEXT},
        responses={
            (200, "application/json"): PushOutput,
            (200, ndjson.MEDIA_TYPE): NDJSON_TEXT,
            413: OpenApiResponse(),
        },
        examples=[
            OpenApiExample(
                "A charge and its refund",
                value={"records": [CHARGE, REFUND]},
                media_type="application/json",
                request_only=True,
            ),
            OpenApiExample(
                "A charge and its refund by line",
                value=f"{json.dumps(CHARGE)}\n{json.dumps(REFUND)}\n",
                media_type=ndjson.MEDIA_TYPE,
                request_only=True,
            ),
            OpenApiExample(
                "Accepted in part",
                value={"summary": SUMMARY, "results": ANSWERS},
                media_type="application/json",
                response_only=True,
            ),
            OpenApiExample(
                "Accepted in part by line",
                value="".join(f"{json.dumps(line)}\n" for line in [*ANSWERS, {"summary": SUMMARY}]),
                media_type=ndjson.MEDIA_TYPE,
                response_only=True,
            ),
        ],
    )
    def create(self, request: Request) -> HttpResponseBase:
        source = sources.known_source(self.source_name)
        rules = Rules.at(sql.now())
        if ndjson.is_ndjson(request):
            return _take_lines(NdjsonBody(request), source=source, rules=rules)
        pushed = PushInput(data=request.data)
        pushed.is_valid(raise_exception=True)
        return _take_records(pushed.validated_data["records"], source=source, rules=rules)


def _take_records(values: list[object], *, source: BillingSource, rules: Rules) -> Response:
    records = [PushedRecord.of(line, value, rules) for line, value in enumerate(values, start=1)]
    results = [answer for answers in pushing.push(records, source=source) for answer in answers]
    counts = Counter(answer.outcome for answer in results)
    return Response(PushOutput({"summary": _summary(counts), "results": results}).data)


def _take_lines(body: NdjsonBody, *, source: BillingSource, rules: Rules) -> NdjsonFile:
    counts: Counter[Outcome] = Counter()
    written = AnswerOutput().to_representation
    records = (PushedRecord.of(line, value, rules) for line, value in body)
    with ExitStack() as closing:
        file = closing.enter_context(ndjson.new_file())
        for answers in pushing.push(records, source=source):
            counts.update(answer.outcome for answer in answers)
            file.writelines(_line(written(answer)) for answer in answers)
        if body.refusal is not None:
            raise body.refusal
        file.write(_line({"summary": _summary(counts)}))
        closing.pop_all()  # the response closes the file
    return NdjsonFile(file)


def _summary(counts: Counter[Outcome]) -> dict[str, int]:
    return {outcome.value: counts[outcome] for outcome in Outcome}


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


urlpatterns = [path("billing/records", BillingRecords.as_view({"post": "create"}))]
