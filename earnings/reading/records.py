"""The billing record format: what one record says, and what is wrong with it by itself.

What depends on other rows (a known API, its owner, the charge taken from) is settled in `services.intake`.
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
# The six ids of a record, joined by a character that none of them may hold: one match checks them all.
_ID = r"[!\"$&-.0->@-~]"
_IDS = re.compile(rf"{_ID}{{1,{LONGEST_ID}}}" + rf"/{_ID}{{0,{LONGEST_ID}}}" * 5)
_NAMES = frozenset(FIELDS)
_TEXT_OR_NUMBER = frozenset([str, int, float])  # true and false are neither, though whole numbers to Python
_KINDS = frozenset(RecordKind.values)
_MENDED_BY_TIME_OR_SETTINGS = frozenset([Reason.TIME_IN_FUTURE, Reason.CURRENCY_NOT_PAID])
_DIGITS = len(str(LARGEST_AMOUNT))
_COUNT = re.compile(r"[0-9]+")
_COUNT_WITHIN_LIMITS = re.compile(rf"0*[0-9]{{1,{_DIGITS}}}")
# A time before it was never set by whoever issued the record: zero, to a computer, is 1970 or the year 1.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
# A record as nearly all are written: its fields, in order, hold nothing that CSV would have to quote, and a time
# that Python and PostgreSQL read alike.
_PLAIN_ID = r"[!$&-+\-.0->@-~]"
_PLAIN = re.compile(
    rf"{_PLAIN_ID}{{1,{LONGEST_ID}}},(?:{'|'.join(RecordKind.values)}),{_PLAIN_ID}{{1,{LONGEST_ID}}},"
    rf"[1-9][0-9]{{0,{_DIGITS - 1}}},[A-Z]{{3}},"
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,6})?Z"
    rf"(?:,{_PLAIN_ID}{{0,{LONGEST_ID}}}){{3}},[0-9]{{0,{_DIGITS}}},{_PLAIN_ID}{{0,{LONGEST_ID}}}"
)


# A batch ends at so many records, or sooner if they are large: what can't be used is kept as it came.
BATCH_SIZE = 10_000
BATCH_CHARACTERS = 4_000_000
COUNTED_AT_ONCE = 50


class StagedRecord(NamedTuple):
    """One record on its way in; `content` is what came, as JSON, if it can't be used, with the `reason`."""

    line: int
    fields: str  # of FIELDS, as CSV; of a record that can't be used, its id at most
    told_time: datetime | None  # when it happened, as far as that can be read, usable or not
    links: bool = False  # it names a charge that it takes from
    reason: str = ""
    content: str = ""


@dataclass(frozen=True, slots=True)
class StagedBatch:
    """Records on their way in together, written out as PostgreSQL's COPY takes them."""

    text: str
    size: int
    links: bool  # some record names a charge that it takes from

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
    """Cut records into batches, as they are read, by their number and by the `content` that is kept of them."""
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
    """What records are held against: nothing before EARLIEST or after `now`, no currency in which nobody is paid."""

    now: datetime
    paid_currencies: frozenset[str]

    @classmethod
    def at(cls, now: datetime) -> Self:
        return cls(now=now, paid_currencies=frozenset(settings.MINIMUM_PAYOUT))


def stage_plain(line: int, values: Sequence[str], rules: Rules) -> StagedRecord | None:
    """Stage a record that is written plainly, its values in the order of FIELDS, by one look at all of them.

    None leaves it to `stage`, which finds the same, or says what is wrong.
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


def stage(line: int, given: Mapping[str, str], rules: Rules) -> StagedRecord:
    """Read one record, its values as text; a field that is not given counts as empty."""
    field = given.get
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
    if occurred_at is not None and reason in _MENDED_BY_TIME_OR_SETTINGS:
        # PostgreSQL will ask whether it may enter by now, and reads fewer ways of writing a time than Python.
        given = {**given, "occurred_at": occurred_at.isoformat()}
    return refused(line, given, reason=reason, record_id=record_id)


def stage_object(line: int, given: object, rules: Rules) -> StagedRecord:
    """Read what came as JSON: a record is an object of its fields, each a text, a number or null."""
    if not isinstance(given, dict):
        return refused(line, {"line": _written(given)}, reason=Reason.SYNTAX)
    text = as_text(given)
    if given.keys() <= _NAMES and all(
        value is None or type(value) in _TEXT_OR_NUMBER for value in given.values()
    ):
        values = [text.get(name, "") for name in FIELDS]
        return stage_plain(line, values, rules) or stage(line, text, rules)
    return refused(line, text, reason=Reason.SYNTAX, record_id=text.get("record_id", ""))


def as_text(given: Mapping[str, Any]) -> dict[str, str]:
    """Write JSON's values as the text that a CSV file would have; null is empty."""
    return {name: _written(value) for name, value in given.items() if value is not None}


def refused(line: int, given: Mapping[str, str], *, reason: Reason, record_id: str = "") -> StagedRecord:
    """Keep what came, as text that PostgreSQL can hold, beside the reason that it can't be used."""
    content = {storable(name): storable(value) for name, value in given.items() if value}
    fields = _csv(_shortened(storable(record_id)), *[""] * (len(FIELDS) - 1))
    told_time = parse_time(given.get("occurred_at", ""))
    return StagedRecord(line, fields, told_time, reason=reason.value, content=json.dumps(content))


def _shortened(record_id: str) -> str:
    """Cut what is too long for an id so that it is none, and stays apart from the one that it begins with."""
    return record_id if len(record_id) <= LONGEST_ID else record_id[: LONGEST_ID - 1] + "…"


def is_too_old(moment: datetime) -> bool:
    """Say whether a time lies before anything that is recorded here can have happened."""
    return moment < EARLIEST


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)  # what JSON says too, in a tenth of the time
    try:
        return json.dumps(value)
    except RecursionError:
        return "(nested too deep to be kept)"


def _csv(*values: str) -> str:
    """Write values as one line without its end."""
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue().removesuffix("\r\n")
