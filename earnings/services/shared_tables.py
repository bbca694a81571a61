"""Reading the marketplace's own tables: its APIs and owners, and its paid invoices as billing records.

How far it was read is committed with what was read, so a pass that dies anywhere loses nothing, and the next
one, which starts a little earlier, counts nothing twice.
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
# Read again each time: clocks differ, and transactions that are hidden from us commit late.
OVERLAP = timedelta(hours=1)
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_LONGEST_NAME = 255
_NAMED = 5  # in a warning
_EXTERNAL_ID = re.compile(EXTERNAL_ID_REGEX)
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class ReadResult:
    """What one pass found; counts of records but for `invoices` and the last three.

    These count APIs, and creators whose e-mail address is another here, and stays so.
    """

    invoices: int = 0
    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    quarantined: Counter[Reason] = field(default_factory=Counter)
    ownerships_begun: int = 0
    apis_refused: int = 0
    emails_ignored: int = 0

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
        return read_pass(tables, source=source, now=now, since=since)


def read_pass(
    tables: BillingTables, *, source: BillingSource, now: datetime, since: datetime | None = None
) -> ReadResult:
    """Read the tables as they were when they were opened, at `now` or later.

    Raises: BillingDatabaseRefused.
    """
    if not tables.sees_all:
        logger.warning(
            "the billing database hides its open transactions: one that commits more than %s after it "
            "set updated_at may be missed. docs/billing.md has the remedy.",
            OVERLAP,
        )
    since = _start(source, since)
    result = ReadResult()
    for apis in tables.apis():
        _register(apis, source=source, result=result, now=now)
    if result.emails_ignored:
        logger.info(
            "%d creators have another e-mail address there than here, which stays as it is until staff change it.",
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
    """Take in what these invoices, looked at `now` or later, say; note with it up to when all was read."""
    rules = Rules.at(now)
    with transaction.atomic():
        _take_turns(source)
        known = known_invoices([invoice.id for invoice in invoices], source=source)
        given = [each for invoice in invoices for each in records(invoice, known[invoice.id], as_of=now)]
        staged = [stage(line, record, rules) for line, record in enumerate(given, start=1)]
        taken = take_in(StagedBatch.of(staged), source=source, origin=ORIGIN)
        if read_until:
            _advance(source, to=read_until)
    result.invoices += len(invoices)
    result.add(taken)


def _advance(source: BillingSource, *, to: datetime) -> None:
    behind = Q(read_until=None) | Q(read_until__lt=to)
    BillingSource.objects.filter(behind, pk=source.pk).update(read_until=to)


def _register(
    apis: Iterable[MarketplaceApi], *, source: BillingSource, result: ReadResult, now: datetime
) -> None:
    """Register what is new in the catalogue; an API that is refused keeps no other from it."""
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
                news = _news(entries, source=source, now=now)
                registered = catalog.register_apis_of(source, news.entries, by=by, now=now)
        except ApiRefused as refusal:
            logger.warning("%s", refusal)
            result.apis_refused += 1
            entries = [entry for entry in entries if entry.api_id != refusal.api]
        else:
            result.apis_refused += len(news.refused)
            result.ownerships_begun += registered.ownerships_begun
            result.emails_ignored += registered.ignored[CreatorField.EMAIL]
            if news.refused:
                logger.warning(
                    "%d APIs changed that belong to another source, or to none, and stay as they are: %s%s. "
                    "docs/billing.md says how to assign them.",
                    len(news.refused),
                    ", ".join(news.refused[:_NAMED]),
                    ", …" if len(news.refused) > _NAMED else "",
                )
            return


def _entry(api: MarketplaceApi) -> CatalogEntry | None:
    """Make the catalogue's entry; None if it can't have one. An e-mail address that is none is left out."""
    if not all(_EXTERNAL_ID.fullmatch(text or "") for text in (api.id, api.creator_id)):
        return None
    email = api.creator_email or ""
    return CatalogEntry(
        api_id=api.id,
        api_name=(api.name or "")[:_LONGEST_NAME],
        creator_id=api.creator_id or "",
        creator_email=email if is_email(email) else "",
    )


class _News(NamedTuple):
    """What the tables say that the catalogue doesn't, and the APIs of which they may say nothing."""

    entries: list[CatalogEntry]
    refused: list[str]


def _news(entries: Sequence[CatalogEntry], *, source: BillingSource, now: datetime) -> _News:
    """Select what the catalogue doesn't say already: an hour seldom brings any.

    The tables say who has an API now. Who is to have it later is for others to say, and stays.
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
    news = _News([], [])
    for entry in entries:
        name, source_id, creator, email = known.get(entry.api_id, ("", source.pk, "", ""))
        changes_api = entry.creator_id != creator or entry.api_name not in {"", name}
        if source_id != source.pk:
            if changes_api:
                news.refused.append(entry.api_id)
        elif changes_api or entry.creator_email not in {"", email}:
            changed_hands = creator not in {"", entry.creator_id}
            news.entries.append(replace(entry, owned_from=now) if changed_hands else entry)
    return news


def _take_turns(source: BillingSource) -> None:
    """Have two passes at once see what the other did: each would call the other's records a conflict."""
    BillingSource.objects.select_for_update(no_key=True).get(pk=source.pk)
