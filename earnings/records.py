"""The billing record format: what one record says, and what is wrong with it by itself.

What depends on other rows (a known API, its owner, the charge taken from) is settled in `services.intake`.
"""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from django.conf import settings

from earnings.models import Reason, RecordKind
from money import currencies

REQUIRED = ("record_id", "kind", "api_id", "amount", "currency", "occurred_at")
OPTIONAL = ("creator_id", "subscription_id", "customer_id", "api_calls", "related_record_id")
FIELDS = (*REQUIRED, *OPTIONAL)

_INTEGER = re.compile(r"-?[0-9]+")
# The six ids of a record, joined by a character that none of them may hold: one match checks them all.
_ID = r"[!\"$&-.0->@-~]"
_IDS = re.compile(rf"{_ID}{{1,255}}" + rf"/{_ID}{{0,255}}" * 5)
_KINDS = frozenset(RecordKind.values)
LARGEST = 10**15  # minor units; far below what a sum of records could overflow


class StagedRecord(NamedTuple):
    """One record on its way in, as `billing_intake` takes it; `content` is what came, as JSON, if it can't be used."""

    line: int
    record_id: str
    kind: str | None = None
    api_id: str | None = None
    creator_id: str | None = None
    subscription_id: str | None = None
    customer_id: str | None = None
    amount: int | None = None
    currency: str | None = None
    occurred_at: datetime | None = None
    api_calls: int | None = None
    related_record_id: str | None = None
    reason: str = ""
    content: str | None = None

    @property
    def told_time(self) -> datetime | None:
        """When it happened, as far as that can be read, usable or not."""
        return self.occurred_at or (
            parse_time(json.loads(self.content).get("occurred_at")) if self.content else None
        )


@dataclass(frozen=True, slots=True)
class StagedBatch:
    """Records on their way in together, written out as PostgreSQL's COPY takes them."""

    text: str
    size: int
    links: bool  # some record names a charge that it takes from

    @classmethod
    def of(cls, records: Sequence[StagedRecord]) -> Self:
        text = io.StringIO()
        csv.writer(text).writerows(records)
        return cls(text.getvalue(), len(records), any(record.related_record_id for record in records))


def stage(line: int, given: Mapping[str, Any], *, now: datetime) -> StagedRecord:
    """Read one record; values may be text, or JSON's own numbers. `now` bounds `occurred_at`."""
    record_id = _text(given, "record_id")
    kind = _text(given, "kind")
    api_id = _text(given, "api_id")
    creator_id = _text(given, "creator_id")
    subscription_id = _text(given, "subscription_id")
    customer_id = _text(given, "customer_id")
    related = _text(given, "related_record_id")
    calls = _text(given, "api_calls") or "0"
    amount = _text(given, "amount")
    currency = _text(given, "currency")
    occurred_at = parse_time(given.get("occurred_at"))
    ids = f"{record_id}/{api_id}/{creator_id}/{subscription_id}/{customer_id}/{related}"
    if (
        _IDS.fullmatch(ids) is None
        or kind not in _KINDS
        or not (api_id or related)
        or (related and kind == RecordKind.CHARGE)
        or not _is_count(calls)
    ):
        reason = Reason.SYNTAX
    elif _INTEGER.fullmatch(amount) is None:
        reason = Reason.AMOUNT_NOT_INTEGER
    elif amount[0] == "-" or len(amount) > len(str(LARGEST)) or not 0 < int(amount) <= LARGEST:
        reason = Reason.AMOUNT_NOT_POSITIVE if amount[0] == "-" or not amount.strip("0") else Reason.SYNTAX
    elif not currencies.is_known(currency):
        reason = Reason.CURRENCY_UNKNOWN
    elif currency not in settings.MINIMUM_PAYOUT:
        reason = Reason.CURRENCY_NOT_PAID
    elif occurred_at is None:
        reason = Reason.TIME_INVALID
    elif occurred_at > now:
        reason = Reason.TIME_IN_FUTURE
    else:
        return StagedRecord(
            line,
            record_id,
            kind,
            api_id,
            creator_id,
            subscription_id,
            customer_id,
            int(amount),
            currency,
            occurred_at,
            int(calls),
            related,
        )
    return refused(line, given, reason=reason, record_id=record_id)


def refused(line: int, given: Mapping[str, Any], *, reason: Reason, record_id: str = "") -> StagedRecord:
    """Keep what came, as text that PostgreSQL can hold, beside the reason that it can't be used."""
    content = {str(name): _storable(value) for name, value in given.items() if value not in ("", None)}
    return StagedRecord(line, _storable(record_id)[:255], reason=reason.value, content=json.dumps(content))


def parse_time(value: object) -> datetime | None:
    """Read an ISO 8601 time with its offset; None if it is not one."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST)) and int(text) <= LARGEST


def _storable(value: object) -> str:
    """Make text that PostgreSQL can hold: no NUL, no lone surrogates."""
    text = value if isinstance(value, str) else str(value)
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
