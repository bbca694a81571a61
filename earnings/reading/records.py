"""The billing record format: parse and validate one record by itself.

Whatever depends on other rows (the API, its owner, the charge) is checked in `services.intake`.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple, Self, TypeVar

from django.conf import settings

from database.texts import storable
from earnings.models import Reason, RecordKind
from money import LARGEST_AMOUNT, currencies, parse_time

T = TypeVar("T")
REQUIRED = ("record_id", "kind", "api_id", "amount", "currency", "occurred_at")
OPTIONAL = ("creator_id", "subscription_id", "customer_id", "api_calls", "related_record_id")
FIELDS = (*REQUIRED, *OPTIONAL)

_INTEGER = re.compile(r"-?[0-9]+")
LONGEST_ID = 255
# The six ids of a record, joined by a character that none of them can contain: one match checks them all.
_ID = r"[!\"$&-.0->@-~]"
_IDS = re.compile(rf"{_ID}{{1,{LONGEST_ID}}}" + rf"/{_ID}{{0,{LONGEST_ID}}}" * 5)
_NAMES = frozenset(FIELDS)
_TEXT_OR_NUMBER = frozenset([str, int, float])  # not bool, though it is an int to isinstance
_KINDS = frozenset(RecordKind.values)
_RESOLVED_BY_TIME_OR_SETTINGS = frozenset([Reason.TIME_IN_FUTURE, Reason.CURRENCY_NOT_PAID])
_DIGITS = len(str(LARGEST_AMOUNT))
_COUNT = re.compile(r"[0-9]+")
_COUNT_WITHIN_LIMITS = re.compile(rf"0*[0-9]{{1,{_DIGITS}}}")
# Earlier times are unset values of the issuing system: zero, to a computer, is 1970 or the year 1.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
# Nearly all records are plain: the fields in order, none of which CSV would have to quote, and a time that Python and
# PostgreSQL parse alike.
_PLAIN_ID = r"[!$&-+\-.0->@-~]"
_PLAIN = re.compile(
    rf"{_PLAIN_ID}{{1,{LONGEST_ID}}},(?:{'|'.join(RecordKind.values)}),{_PLAIN_ID}{{1,{LONGEST_ID}}},"
    rf"[1-9][0-9]{{0,{_DIGITS - 1}}},[A-Z]{{3}},"
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,6})?Z"
    rf"(?:,{_PLAIN_ID}{{0,{LONGEST_ID}}}){{3}},[0-9]{{0,{_DIGITS}}},{_PLAIN_ID}{{0,{LONGEST_ID}}}"
)


# Limits of one batch. Unusable records are kept as they came, so their characters count too.
BATCH_SIZE = 10_000
BATCH_CHARACTERS = 4_000_000
COUNTED_AT_ONCE = 50


class StagedRecord(NamedTuple):
    """One parsed record. If it can't be used, it has a `reason`, and `content` is the record as it came, as JSON."""

    line: int
    fields: str  # FIELDS as CSV; only the id if the record can't be used
    occurred_at: datetime | None  # None if it can't be parsed
    links: bool = False  # it names a charge
    reason: str = ""
    content: str = ""


@dataclass(frozen=True, slots=True)
class StagedBatch:
    """A batch of parsed records, formatted for PostgreSQL's COPY."""

    text: str
    size: int
    links: bool  # some record names a charge

    @classmethod
    def of(cls, records: Sequence[StagedRecord]) -> Self:
        text = "".join(
            [
                f"{record.line},{record.reason},{_csv(record.content) if record.content else ''},{record.fields}\n"
                for record in records
            ]
        )
        return cls(text, len(records), any(record.links for record in records))


def in_batches(records: Iterable[T], *, content: Callable[[T], str]) -> Iterator[list[T]]:
    """Split records into batches as they are read, by number and by the length of their kept `content`."""
    iterator = iter(records)
    batch: list[T] = []
    kept = 0
    while some := list(islice(iterator, min(COUNTED_AT_ONCE, BATCH_SIZE - len(batch)))):
        batch += some
        kept += sum(map(len, map(content, some)))
        if len(batch) == BATCH_SIZE or kept >= BATCH_CHARACTERS:
            yield batch
            batch, kept = [], 0
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class Rules:
    """What records are checked against: no time after `now`, and only currencies in which creators are paid."""

    now: datetime
    paid_currencies: frozenset[str]

    @classmethod
    def at(cls, now: datetime) -> Self:
        return cls(now=now, paid_currencies=frozenset(settings.MINIMUM_PAYOUT))


def stage_plain(line: int, values: Sequence[str], rules: Rules) -> StagedRecord | None:
    """Stage a plain record, its values in the order of FIELDS, with a single regex match.

    Return None if it has to go through `stage`, which gives the same result, or a reason.
    """
    fields = ",".join(values)
    if _PLAIN.fullmatch(fields) is None:
        return None
    kind, currency, occurred_at, related = values[1], values[4], parse_time(values[5]), values[-1]
    if (
        occurred_at is None
        or occurred_at > rules.now
        or currency not in rules.paid_currencies
        or (related and kind == "charge")
    ):
        return None
    return StagedRecord(line, fields, occurred_at, related != "")


def stage(line: int, record: Mapping[str, str], rules: Rules) -> StagedRecord:
    """Parse and validate one record whose values are text; a missing field is empty."""
    field = record.get
    record_id = field("record_id", "")
    kind = field("kind", "")
    api_id = field("api_id", "")
    creator_id = field("creator_id", "")
    subscription_id = field("subscription_id", "")
    customer_id = field("customer_id", "")
    related = field("related_record_id", "")
    calls = field("api_calls") or "0"
    amount = field("amount", "")
    currency = field("currency", "")
    occurred_at = parse_time(field("occurred_at", ""))
    ids = f"{record_id}/{api_id}/{creator_id}/{subscription_id}/{customer_id}/{related}"
    if (
        _IDS.fullmatch(ids) is None
        or kind not in _KINDS
        or not (api_id or related)
        or (related and kind == "charge")
        or _COUNT.fullmatch(calls) is None
    ):
        reason = Reason.SYNTAX
    elif _INTEGER.fullmatch(amount) is None:
        reason = Reason.AMOUNT_NOT_INTEGER
    elif amount[0] == "-" or not amount.strip("0"):
        reason = Reason.AMOUNT_NOT_POSITIVE
    elif _COUNT_WITHIN_LIMITS.fullmatch(amount) is None or _COUNT_WITHIN_LIMITS.fullmatch(calls) is None:
        reason = Reason.TOO_LARGE
    elif currency not in rules.paid_currencies:
        reason = Reason.CURRENCY_NOT_PAID if currencies.is_current(currency) else Reason.CURRENCY_UNKNOWN
    elif occurred_at is None:
        reason = Reason.TIME_INVALID
    elif is_too_old(occurred_at):
        reason = Reason.TIME_TOO_OLD
    elif occurred_at > rules.now:
        reason = Reason.TIME_IN_FUTURE
    else:
        values = record_id, kind, api_id, amount, currency, occurred_at.isoformat()
        optional = creator_id, subscription_id, customer_id, calls, related
        return StagedRecord(line, _csv(*values, *optional), occurred_at, related != "")
    if occurred_at is not None and reason in _RESOLVED_BY_TIME_OR_SETTINGS:
        # PostgreSQL compares this time when it looks for records that can enter, and parses fewer formats than Python.
        record = {**record, "occurred_at": occurred_at.isoformat()}
    return stage_refused(line, record, reason=reason, record_id=record_id)


def stage_object(line: int, record: object, rules: Rules) -> StagedRecord:
    """Stage a JSON value: a valid record is an object whose fields are strings, numbers or null."""
    if not isinstance(record, dict):
        return stage_refused(line, {"line": _value_as_text(record)}, reason=Reason.SYNTAX)
    text = as_text(record)
    if record.keys() <= _NAMES and all(
        value is None or type(value) in _TEXT_OR_NUMBER for value in record.values()
    ):
        values = [text.get(name, "") for name in FIELDS]
        return stage_plain(line, values, rules) or stage(line, text, rules)
    return stage_refused(line, text, reason=Reason.SYNTAX, record_id=text.get("record_id", ""))


def as_text(record: Mapping[str, Any]) -> dict[str, str]:
    """Convert JSON values to the text that a CSV file would have; null is left out."""
    return {name: _value_as_text(value) for name, value in record.items() if value is not None}


def stage_refused(
    line: int, record: Mapping[str, str], *, reason: Reason, record_id: str = ""
) -> StagedRecord:
    """Stage a record that can't be used, with the reason, and its content as text that PostgreSQL can store."""
    content = {storable(name): storable(value) for name, value in record.items() if value}
    fields = _csv(_shortened(storable(record_id)), *[""] * (len(FIELDS) - 1))
    occurred_at = parse_time(record.get("occurred_at", ""))
    return StagedRecord(line, fields, occurred_at, reason=reason.value, content=json.dumps(content))


def _shortened(record_id: str) -> str:
    """Truncate an overlong id, and mark it with a character that no valid id contains, so it can't equal one."""
    return record_id if len(record_id) <= LONGEST_ID else record_id[: LONGEST_ID - 1] + "…"


def is_too_old(moment: datetime) -> bool:
    """Tell whether a time is too early to be real."""
    return moment < EARLIEST


def _value_as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)  # same as json.dumps, in a tenth of the time
    try:
        return json.dumps(value)
    except RecursionError:
        return "(nested too deep to be kept)"


def _csv(*values: str) -> str:
    """Format values as one CSV line, without its line break."""
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue().removesuffix("\r\n")
