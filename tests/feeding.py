"""Feeding billing records to the service without a file, and reading the results."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from earnings.models import BillingSource, CreatorEarning, QuarantinedRecord
from earnings.reading.records import FIELDS, Rules, StagedBatch, StagedRecord, as_text, stage
from earnings.services import posting
from earnings.services.intake import IntakeResult, take_in
from money import parse_time
from tests.factories import RecordFactory

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def record(**fields: Any) -> dict[str, Any]:
    """Make one raw record; by default a charge of $10 for `api-a` in January 2024."""
    made: dict[str, Any] = RecordFactory.build(**fields)
    return made


def refund(of: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """Make a refund of a charge, by default of $10; `kind=` makes another kind of record that refers to one."""
    return record(**{"kind": "refund", "api_id": "", "related_record_id": of["record_id"]} | fields)


def feed(source: BillingSource, *records: Mapping[str, Any], now: datetime = NOW) -> IntakeResult:
    """Accept one batch; line numbers start at 1."""
    rules = Rules.at(now)
    staged = [stage(line, as_text(content), rules) for line, content in enumerate(records, start=1)]
    return take_in(StagedBatch.of(staged), source=source, origin="a test")


def feed_unchecked(source: BillingSource, *records: Mapping[str, Any]) -> IntakeResult:
    """Accept one batch like an earlier version with fewer limits."""
    staged = [
        StagedRecord(
            line, ",".join(str(content[name]) for name in FIELDS), parse_time(content["occurred_at"]), False
        )
        for line, content in enumerate(records, start=1)
    ]
    return take_in(StagedBatch.of(staged), source=source, origin="a test")


def post(now: datetime = NOW) -> posting.Posted:
    return posting.post_due(now=now)


def held(source: BillingSource | None = None) -> list[tuple[str, str]]:
    """List the records in quarantine: ids and reasons, oldest first."""
    rows = QuarantinedRecord.objects.filter(resolved_at=None).order_by("pk")
    return list((rows.filter(source=source) if source else rows).values_list("record_id", "reason"))


def earned() -> list[tuple[str, str, str, int, int, int]]:
    """List all earnings as (creator, API, month, gross, fee, net), sorted by creator, API and month."""
    rows = CreatorEarning.objects.order_by(
        "creator__external_id", "api__external_id", "period_start", "commission_bps", "created_at", "pk"
    )
    return [
        (creator, api, f"{month:%Y-%m}", gross, fee, net)
        for creator, api, month, gross, fee, net in rows.values_list(
            "creator__external_id", "api__external_id", "period_start", "gross", "platform_fee", "net"
        )
    ]
