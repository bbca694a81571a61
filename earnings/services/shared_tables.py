"""Reading the marketplace's own tables: its APIs and owners, and its paid invoices as billing records.

How far it was read is committed with what was read, so a pass that dies anywhere loses nothing, and the next
one, which starts a little earlier, counts nothing twice.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q

from database import sql
from database.fields import EXTERNAL_ID_REGEX
from earnings.errors import OwnershipTooEarly
from earnings.invoices import Invoice
from earnings.models import ApiOwnership, BillingSource, Reason, RecordKind
from earnings.records import Rules, StagedBatch, parse_time, stage
from earnings.services import catalog, sources
from earnings.services.catalog import CatalogEntry
from earnings.services.intake import IntakeResult, take_in
from earnings.tables import BillingTables, MarketplaceApi, open_billing_tables

_FIRST_TOLD = sql.read(Path(__file__).with_name("first_told.sql"))
SOURCE = "marketplace"
ORIGIN = "shared tables"
# Read again each time: clocks differ, and transactions that are hidden from us commit late.
OVERLAP = timedelta(hours=1)
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_LONGEST_NAME = 255
_LONGEST_EMAIL = 254
_EXTERNAL_ID = re.compile(EXTERNAL_ID_REGEX)
# Sound in themselves: they enter as they are, once what they wait for is there.
_WAITING = (
    Reason.CURRENCY_NOT_PAID,
    Reason.API_UNKNOWN,
    Reason.OWNER_UNKNOWN,
    Reason.CHARGE_UNKNOWN,
    Reason.EXCEEDS_CHARGE,
)
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class ReadResult:
    """What one pass found; counts of records but for `invoices` and the last two, which count APIs."""

    invoices: int = 0
    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    quarantined: Counter[Reason] = field(default_factory=Counter)
    ownerships_begun: int = 0
    apis_refused: int = 0

    def add(self, taken: IntakeResult) -> None:
        self.accepted += taken.accepted
        self.duplicates += len(taken.duplicates)
        self.conflicts += taken.conflicts
        self.quarantined += taken.quarantined


def read_shared_tables(
    database: Mapping[str, Any], *, now: datetime, since: datetime | None = None
) -> ReadResult:
    """Read what changed there since the last pass, or since `since` if that is earlier.

    `database` says how to connect, as BILLING_DATABASE does. Raises: BillingDatabaseRefused; what was read
    until then is in.
    """
    source = sources.register_source(SOURCE)
    with open_billing_tables(database) as tables:
        if not tables.sees_all:
            logger.warning(
                "the billing database hides its open transactions: one that commits more than %s after it "
                "set updated_at may be missed. docs/billing.md has the remedy.",
                OVERLAP,
            )
        return _read(tables, source=source, since=_start(source, since), now=now)


def _start(source: BillingSource, since: datetime | None) -> datetime:
    start = source.read_until - OVERLAP if source.read_until else _BEGINNING
    return min(start, since) if since else start


def _read(tables: BillingTables, *, source: BillingSource, since: datetime, now: datetime) -> ReadResult:
    result = ReadResult()
    for apis in tables.apis():
        _register(apis, source=source, result=result, now=now)
    for invoices in tables.undated_invoices():
        _take_in(invoices, source=source, result=result, now=now, read_until=None)
    for invoices in tables.invoices(since=since):
        last_change = parse_time(invoices[-1].updated_at or "") or tables.settled_until
        read_until = min(last_change, tables.settled_until)
        _take_in(invoices, source=source, result=result, now=now, read_until=read_until)
    _advance(source, to=tables.settled_until)
    return result


def _take_in(
    invoices: Sequence[Invoice],
    *,
    source: BillingSource,
    result: ReadResult,
    now: datetime,
    read_until: datetime | None,
) -> None:
    rules = Rules.at(now)
    given = [record for invoice in invoices for record in invoice.records()]
    with transaction.atomic():
        _take_turns(source)
        _keep_first_told(given, source=source)
        staged = [stage(line, record, rules) for line, record in enumerate(given, start=1)]
        taken = take_in(StagedBatch.of(staged), source=source, origin=ORIGIN)
        if read_until:
            _advance(source, to=read_until)
    result.invoices += len(invoices)
    result.add(taken)


def _keep_first_told(given: Iterable[dict[str, str]], *, source: BillingSource) -> None:
    """Give records that came before the time of refund and the usage that they came with.

    An invoice that is touched again after its refund, or whose usage still grows, has not changed.
    """
    by_id = {record["record_id"]: record for record in given}
    names = {"source": source.pk, "ids": list(by_id), "waiting": list(_WAITING)}
    for told in sql.rows(_FIRST_TOLD, names):
        record = by_id[told["record_id"]]
        name = "occurred_at" if record["kind"] == RecordKind.REFUND else "api_calls"
        record[name] = told[name] or record[name]


def _advance(source: BillingSource, *, to: datetime) -> None:
    behind = Q(read_until=None) | Q(read_until__lt=to)
    BillingSource.objects.filter(behind, pk=source.pk).update(read_until=to)


def _register(
    apis: Iterable[MarketplaceApi], *, source: BillingSource, result: ReadResult, now: datetime
) -> None:
    """Register what is new in the catalogue; an API that is refused keeps no other from it."""
    entries: list[CatalogEntry] = []
    for api in apis:
        entry = _entry(api)
        if entry is None:
            logger.warning("API %r and its owner %r can't be registered", api.id, api.creator_id)
            result.apis_refused += 1
        else:
            entries.append(entry)
    while entries:
        try:
            with transaction.atomic():
                _take_turns(source)
                result.ownerships_begun += catalog.register_apis(_new(entries), now=now)
        except OwnershipTooEarly as refusal:
            logger.warning("%s", refusal)
            result.apis_refused += 1
            entries = [entry for entry in entries if entry.api_id != refusal.api]
        else:
            return


def _entry(api: MarketplaceApi) -> CatalogEntry | None:
    """Make the catalogue's entry; None if it can't have one. An e-mail address that is none is left out."""
    if not all(_EXTERNAL_ID.fullmatch(text or "") for text in (api.id, api.creator_id)):
        return None
    email = api.creator_email or ""
    try:
        validate_email(email)
    except ValidationError:
        email = ""
    return CatalogEntry(
        api_id=api.id,
        api_name=(api.name or "")[:_LONGEST_NAME],
        creator_id=api.creator_id or "",
        creator_email=email if len(email) <= _LONGEST_EMAIL else "",
    )


def _new(entries: Sequence[CatalogEntry]) -> list[CatalogEntry]:
    """Select what the catalogue doesn't say already: an hour seldom brings any."""
    latest = (
        ApiOwnership.objects.filter(api__external_id__in=[entry.api_id for entry in entries])
        .order_by("api", "-owned_from")
        .distinct("api")
        .values_list("api__external_id", "api__name", "creator__external_id", "creator__email")
    )
    known = {api: (name, creator, email) for api, name, creator, email in latest}

    def says_more(entry: CatalogEntry) -> bool:
        name, creator, email = known.get(entry.api_id, ("", "", ""))
        return (
            entry.creator_id != creator
            or entry.api_name not in {"", name}
            or entry.creator_email not in {"", email}
        )

    return [entry for entry in entries if says_more(entry)]


def _take_turns(source: BillingSource) -> None:
    """Have two passes at once see what the other did: each would call the other's records a conflict."""
    BillingSource.objects.select_for_update(no_key=True).get(pk=source.pk)
