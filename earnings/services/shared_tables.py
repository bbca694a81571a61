"""Read the marketplace's own tables: its APIs and owners, and its paid invoices as billing records.

How far we have read is committed with the records, so a pass that dies loses nothing. The next pass starts a little
earlier, and counts nothing twice.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q

from accounts.models import CreatorField
from accounts.services.creators import is_email
from database.changes import Author, Way
from database.fields import EXTERNAL_ID_REGEX
from earnings.errors import ApiRefused
from earnings.models import ApiOwnership, BillingSource, Reason
from earnings.reading.invoices import Invoice, records
from earnings.reading.records import Rules, StagedBatch, stage
from earnings.reading.tables import BillingTables, MarketplaceApi, open_billing_tables
from earnings.services import catalog, sources
from earnings.services.catalog import CatalogEntry
from earnings.services.intake import IntakeResult, take_in
from earnings.services.known_invoices import known_invoices
from money import parse_time

SOURCE = "marketplace"
ORIGIN = "shared tables"
# Read again each time: clocks differ, and transactions that are hidden from us can commit late.
OVERLAP = timedelta(hours=1)
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_LONGEST_NAME = 255
_LISTED = 5  # in a warning
_EXTERNAL_ID = re.compile(EXTERNAL_ID_REGEX)
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class ReadResult:
    """The result of one pass, in numbers of records except where the name says otherwise.

    `emails_ignored` counts creators whose e-mail address differs from ours, which stays as it is.
    """

    invoices: int = 0
    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    quarantined: Counter[Reason] = field(default_factory=Counter)
    ownerships_begun: int = 0
    apis_refused: int = 0
    emails_ignored: int = 0

    def add(self, intake: IntakeResult) -> None:
        self.accepted += intake.accepted
        self.duplicates += len(intake.duplicates)
        self.conflicts += intake.conflicts
        self.quarantined += intake.quarantined


def read_shared_tables(
    database: Mapping[str, Any], *, now: datetime, since: datetime | None = None
) -> ReadResult:
    """Read what changed since the last pass, or since `since` if that is earlier.

    `database` has connection parameters, as in BILLING_DATABASE.

    Raises: BillingDatabaseRefused; what was read until then is kept.
    """
    source = sources.register_source(SOURCE)
    with open_billing_tables(database) as tables:
        return read_pass(tables, source=source, now=now, since=since)


def read_pass(
    tables: BillingTables, *, source: BillingSource, now: datetime, since: datetime | None = None
) -> ReadResult:
    """Read one snapshot of the tables, taken at `now` or later.

    Raises: BillingDatabaseRefused.
    """
    if not tables.sees_all:
        logger.warning(
            "the billing database hides its open transactions: we may miss one that commits more than %s after it "
            "set updated_at. See docs/billing.md.",
            OVERLAP,
        )
    since = _start(source, since)
    result = ReadResult()
    for apis in tables.apis():
        _register(apis, source=source, result=result, now=now)
    if result.emails_ignored:
        logger.info(
            "%d creators have a different e-mail address in the billing database; ours stays until staff change it",
            result.emails_ignored,
        )
    for invoices in tables.undated_invoices():
        take_in_invoices(invoices, source=source, result=result, now=now)
    for invoices in tables.invoices(since=since):
        last_change = parse_time(invoices[-1].updated_at or "") or tables.settled_until
        read_until = min(last_change, tables.settled_until)
        take_in_invoices(invoices, source=source, result=result, now=now, read_until=read_until)
    _advance(source, to=tables.settled_until)
    return result


def _start(source: BillingSource, since: datetime | None) -> datetime:
    start = source.read_until - OVERLAP if source.read_until else _BEGINNING
    return min(start, since) if since else start


def take_in_invoices(
    invoices: Sequence[Invoice],
    *,
    source: BillingSource,
    result: ReadResult,
    now: datetime,
    read_until: datetime | None = None,
) -> None:
    """Take in the records of invoices that were read at `now` or later, and save `read_until` with them."""
    rules = Rules.at(now)
    with transaction.atomic():
        _lock(source)
        known = known_invoices([invoice.id for invoice in invoices], source=source)
        new_records = [
            record for invoice in invoices for record in records(invoice, known[invoice.id], as_of=now)
        ]
        staged = [stage(line, record, rules) for line, record in enumerate(new_records, start=1)]
        intake = take_in(StagedBatch.of(staged), source=source, origin=ORIGIN)
        if read_until:
            _advance(source, to=read_until)
    result.invoices += len(invoices)
    result.add(intake)


def _advance(source: BillingSource, *, to: datetime) -> None:
    behind = Q(read_until=None) | Q(read_until__lt=to)
    BillingSource.objects.filter(behind, pk=source.pk).update(read_until=to)


def _register(
    apis: Iterable[MarketplaceApi], *, source: BillingSource, result: ReadResult, now: datetime
) -> None:
    """Register APIs that are new or changed; a refused one doesn't affect the others."""
    by = Author(Way.TABLES, source=source.name)
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
                changed = _changed(entries, source=source, now=now)
                registered = catalog.register_apis_of(source, changed.entries, by=by, now=now)
        except ApiRefused as refusal:
            logger.warning("%s", refusal)
            result.apis_refused += 1
            entries = [entry for entry in entries if entry.api_id != refusal.api]
        else:
            result.apis_refused += len(changed.refused)
            result.ownerships_begun += registered.ownerships_begun
            result.emails_ignored += registered.ignored[CreatorField.EMAIL]
            if changed.refused:
                logger.warning(
                    "changes of %d APIs were ignored, as they belong to another source or to none: %s%s. "
                    "docs/billing.md explains how to assign them.",
                    len(changed.refused),
                    ", ".join(changed.refused[:_LISTED]),
                    ", …" if len(changed.refused) > _LISTED else "",
                )
            return


def _entry(api: MarketplaceApi) -> CatalogEntry | None:
    """Make a catalogue entry; None if an id is invalid. An invalid e-mail address is left out."""
    if not all(_EXTERNAL_ID.fullmatch(text or "") for text in (api.id, api.creator_id)):
        return None
    email = api.creator_email or ""
    return CatalogEntry(
        api_id=api.id,
        api_name=(api.name or "")[:_LONGEST_NAME],
        creator_id=api.creator_id or "",
        creator_email=email if is_email(email) else "",
    )


class _Changed(NamedTuple):
    """Entries that differ from the catalogue, and changed APIs that don't belong to this source."""

    entries: list[CatalogEntry]
    refused: list[str]


def _changed(entries: Sequence[CatalogEntry], *, source: BillingSource, now: datetime) -> _Changed:
    """Select the entries that differ from the catalogue: usually few or none.

    The tables only know the current owner of an API. Planned owners come from elsewhere, and stay.
    """
    owners = ApiOwnership.objects.filter(api__external_id__in=[entry.api_id for entry in entries])
    known: dict[str, tuple[str, int | None, str, str]] = {}
    for api, owned_from, name, belongs_to, owner, address in owners.order_by("owned_from").values_list(
        "api__external_id",
        "owned_from",
        "api__name",
        "api__source",
        "creator__external_id",
        "creator__email",
    ):
        if api not in known or owned_from <= now:
            known[api] = (name, belongs_to, owner, address)
    changed = _Changed([], [])
    for entry in entries:
        name, source_id, creator, email = known.get(entry.api_id, ("", source.pk, "", ""))
        changes_api = entry.creator_id != creator or entry.api_name not in {"", name}
        if source_id != source.pk:
            if changes_api:
                changed.refused.append(entry.api_id)
        elif changes_api or entry.creator_email not in {"", email}:
            changed_hands = creator not in {"", entry.creator_id}
            changed.entries.append(replace(entry, owned_from=now) if changed_hands else entry)
    return changed


def _lock(source: BillingSource) -> None:
    """Lock the source: two concurrent passes would otherwise report each other's records as conflicts."""
    BillingSource.objects.select_for_update(no_key=True).get(pk=source.pk)
