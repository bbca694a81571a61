"""`POST /billing/records`: services hand over billing records."""

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
# A conflict is an outcome of its own, and what can't be posted is found out later.
QUARANTINE_REASONS = [reason for reason in Reason if reason not in {Reason.CONFLICT, Reason.UNPOSTABLE}]
REASONS_SAID = "; ".join(f"`{reason.value}`: {reason.label}" for reason in QUARANTINE_REASONS)
NDJSON_TEXT = {"type": "string", "description": "A JSON object per line."}


def _id(description: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^{EXTERNAL_ID_CHARACTERS}$", "description": description}


RECORD = {
    "title": "BillingRecord",
    "description": "A record that can be used.",
    "type": "object",
    "additionalProperties": False,
    "required": list(REQUIRED),
    "properties": {
        "record_id": _id("Your id of this record, unique among yours, for ever."),
        "kind": {
            "type": "string",
            "enum": RecordKind.values,
            "description": "What happened; it gives the amount its sign.",
        },
        "api_id": _id("The API that was sold; may be empty where `related_record_id` names a charge."),
        "amount": {
            "type": "integer",
            "minimum": 1,
            "maximum": LARGEST_AMOUNT,
            "description": "What the customer was charged, or got back, in minor units (cents).",
        },
        "currency": {
            "type": "string",
            "pattern": "^[A-Z]{3}$",
            "description": "ISO 4217, and one in which creators are paid.",
        },
        "occurred_at": {
            "type": "string",
            "format": "date-time",
            "description": "When it happened, with its offset; not before the year 2000, and not in the future.",
        },
        "creator_id": _id("Whom you take for the API's owner at that time; if given, it must be."),
        "subscription_id": _id("The subscription that was charged."),
        "customer_id": _id("Who was charged."),
        "api_calls": {
            "type": "integer",
            "minimum": 0,
            "maximum": LARGEST_AMOUNT,
            "description": "How many calls the charge is for.",
        },
        "related_record_id": _id(
            "The charge that a refund, chargeback or reversal takes from; it takes creator, API and rate from it, "
            "and never more than is left of it."
        ),
    },
}
ANYTHING_ELSE = {
    "title": "AnythingElse",
    "description": "It is kept in quarantine, with the reason; the other records enter.",
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
    """Whatever is pushed as a record: what can't be used is for quarantine to keep."""

    def to_internal_value(self, data: Any) -> Any:
        return data


# Null is added by `allow_null`; to an enum by itself it would not be.
@extend_schema_field({"oneOf": [{"type": "string", "enum": [reason.value for reason in QUARANTINE_REASONS]}]})
class ReasonField(serializers.CharField):
    """Why a record is in quarantine, or null."""


class PushInput(Input):
    """Billing records of one source."""

    records = serializers.ListField(
        child=AnyRecord(allow_null=True),
        max_length=MOST_RECORDS,
        help_text=f"Up to {MOST_RECORDS:,} records. They are taken in together, in this order.",
    )


class AnswerOutput(Output):
    """What became of one record."""

    line = serializers.IntegerField(min_value=1, help_text="Which record: its place in the request, from 1.")
    record_id = serializers.CharField(
        allow_null=True, help_text="Its id; null if it has none that can be one."
    )
    outcome = serializers.ChoiceField(
        choices=[outcome.value for outcome in Outcome],
        help_text="`accepted`: it counts. `duplicate`: the same record is here already, and counts once. `conflict`: "
        "another record has its id; it is kept in quarantine. `quarantined`: it can't be used, for the reason given, "
        "but is kept, and enters by itself once its cause is mended, or when a corrected copy comes.",
    )
    reason = ReasonField(allow_null=True, help_text=f"Why it is quarantined, else null. {REASONS_SAID}")


class PushSummaryOutput(Output):
    """How many records came to what."""

    accepted = serializers.IntegerField(min_value=0, help_text="How many records are new.")
    duplicate = serializers.IntegerField(min_value=0, help_text="How many were here already.")
    conflict = serializers.IntegerField(min_value=0, help_text="How many have the id of another record.")
    quarantined = serializers.IntegerField(min_value=0, help_text="How many can't be used.")


class PushOutput(Output):
    """What became of the records of a request."""

    summary = PushSummaryOutput(help_text="How many records came to what.")
    results = AnswerOutput(many=True, help_text="What became of each record, in the order of the request.")


class BillingRecords(ServiceEndpoint):
    def get_renderers(self) -> list[BaseRenderer]:
        # Each media type is answered in kind.
        return [NdjsonRenderer() if ndjson.is_ndjson(self.request) else JSONRenderer()]

    @extend_schema(
        operation_id="push_billing_records",
        tags=TAGS,
        summary="Hand over billing records",
        description=f"""Charges, refunds, chargebacks and their reversals of the one billing source that the token's \
`sub` names. A record counts once however often it is pushed, imported or read: repeat a request, whole or in part, \
whenever you don't know what became of it. What can't be used stops nothing else. What is new shows in earnings a few \
seconds later.

As `application/json`: up to {MOST_RECORDS:,} records, taken in all together or, if the request fails, not at all.

As `{ndjson.MEDIA_TYPE}`: a record per line, up to {ndjson.MOST_LINES:,} lines and 100 MB, read as a stream \
(`Transfer-Encoding: chunked` is fine) and taken in {BATCH_SIZE:,} lines or some megabytes at a time. A line that is \
no record, or is longer than {ndjson.LONGEST_LINE:,} bytes, is quarantined as `syntax`. The answer has a line for each \
record, as `results` has them in JSON, and a last line `{{"summary": …}}`. Of a body that is too long (`too_large`) or \
breaks off in the middle of a line (`cut_off`), the lines before that are taken in; the problem says how far.""",
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
                "Taken in part",
                value={"summary": SUMMARY, "results": ANSWERS},
                media_type="application/json",
                response_only=True,
            ),
            OpenApiExample(
                "Taken in part by line",
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


def _take_records(given: list[object], *, source: BillingSource, rules: Rules) -> Response:
    records = [PushedRecord.of(line, record, rules) for line, record in enumerate(given, start=1)]
    results = [answer for answers in pushing.push(records, source=source) for answer in answers]
    counts = Counter(answer.outcome for answer in results)
    return Response(PushOutput({"summary": _summary(counts), "results": results}).data)


def _take_lines(body: NdjsonBody, *, source: BillingSource, rules: Rules) -> NdjsonFile:
    counts: Counter[Outcome] = Counter()
    written = AnswerOutput().to_representation
    records = (PushedRecord.of(line, given, rules) for line, given in body)
    with ExitStack() as closing:
        file = closing.enter_context(ndjson.new_file())
        for answers in pushing.push(records, source=source):
            counts.update(answer.outcome for answer in answers)
            file.writelines(_line(written(answer)) for answer in answers)
        if body.refusal is not None:
            raise body.refusal
        file.write(_line({"summary": _summary(counts)}))
        closing.pop_all()  # the answer closes it
    return NdjsonFile(file)


def _summary(counts: Counter[Outcome]) -> dict[str, int]:
    return {outcome.value: counts[outcome] for outcome in Outcome}


def _line(said: dict[str, Any]) -> bytes:
    return json.dumps(said).encode() + b"\n"


urlpatterns = [path("billing/records", BillingRecords.as_view({"post": "create"}))]
