"""Import APIs and their owners from CSV: api_id,api_name,creator_id,creator_email,creator_country[,owned_from].

New APIs belong to --source, or to the only source. If there are several and none is named, staff assign them later.
Details of creators who are already known are counted as ignored.
"""

import csv
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import RegexValidator
from django.db import transaction

from accounts.services.creators import is_country, is_email
from database import sql
from database.changes import Author, Way
from database.commands import ServiceCommand
from database.fields import EXTERNAL_ID_REGEX
from database.refusals import Refusal
from earnings import selectors
from earnings.errors import ApiRefused, CatalogLineRefused
from earnings.models import BillingSource
from earnings.reading.columns import REMEDY, as_text, read_header, read_rows
from earnings.reading.rows import Rows
from earnings.services import catalog, ownership, sources
from earnings.services.catalog import CatalogEntry
from money import parse_time

REQUIRED = ("api_id", "api_name", "creator_id", "creator_email", "creator_country")
OPTIONAL = ("owned_from",)
IDS = ("api_id", "creator_id")
LONGEST_NAME = 255
_external_id = RegexValidator(EXTERNAL_ID_REGEX)


class Command(ServiceCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="path of the file")
        parser.add_argument("--source", help="name of the source that new APIs belong to")

    @transaction.atomic
    def handle(self, *args: object, **options: object) -> None:
        now, path, name = sql.now(), Path(str(options["file"])), options["source"]
        source = sources.known_source(str(name)) if name else sources.only_source()
        entries = _read(path, now=now)
        by = Author(Way.FILE, actor=path.name[:255], source=source.name if source else "")
        try:
            registered = catalog.register_apis(entries, source=source, by=by, now=now)
        except ApiRefused as refusal:
            raise _error(path, refusal) from refusal
        self._warn_unassigned(source, now=now)
        result = {
            "apis": len({entry.api_id for entry in entries}),
            "ownerships_begun": registered.ownerships_begun,
            "ignored": {f"creator_{field.value}": count for field, count in registered.ignored.items()},
        }
        self.show(options, result)

    def _warn_unassigned(self, source: BillingSource | None, *, now: datetime) -> None:
        count = selectors.catalog_concerns(now=now).unassigned
        if count:
            self.stderr.write(
                f"{count} APIs have no source, so no service can change them. Assign them: manage.py catalog"
                f" assign --unassigned --source {source.name if source else 'NAME'} --reason … --actor …"
            )


def _read(path: Path, *, now: datetime) -> list[CatalogEntry]:
    try:
        with path.open("rb") as raw, as_text(raw, errors="strict") as lines:
            return list(_entries(lines, now=now))
    except UnicodeDecodeError as error:
        raise _error(path, f"the file is not UTF-8: {REMEDY}") from error
    except (Refusal, OSError, csv.Error) as error:
        raise _error(path, error) from error


def _error(path: Path, problem: object) -> CommandError:
    return CommandError(f"{path.name}: {str(problem).rstrip('.')}. Nothing was imported.")


def _entries(lines: Iterator[str], *, now: datetime) -> Iterator[CatalogEntry]:
    rows = Rows(lines)
    header = read_header(rows, required=REQUIRED, optional=OPTIONAL)
    has_time_by_api: dict[str, bool] = {}
    for row in read_rows(rows, header, required=IDS):
        if row is None:
            rows.first_line()
            raise CatalogLineRefused(rows.line, "a quote is out of place")
        fitted = header.fit(row)
        if fitted is None:
            raise CatalogLineRefused(
                rows.line, f"it has {len(row)} fields, and the header has {len(header.names)}"
            )
        values = {name: fitted[place].strip() for name, place in header.places.items()}
        entry = _entry(rows.line, values, now=now)
        has_time = entry.owned_from is not None
        if entry.api_id in has_time_by_api and not (has_time and has_time_by_api[entry.api_id]):
            raise CatalogLineRefused(
                rows.line, f"{entry.api_id} occurs more than once, so each of its lines needs owned_from"
            )
        has_time_by_api[entry.api_id] = has_time
        yield entry


def _entry(line: int, row: dict[str, str], *, now: datetime) -> CatalogEntry:
    api_id, api_name, creator_id, email, country = (row[name] for name in REQUIRED)
    moment = row.get("owned_from", "")
    owned_from = parse_time(moment)
    if moment and owned_from is None:
        raise CatalogLineRefused(line, "owned_from is not a time with an offset")
    if owned_from and ownership.begins_too_early(owned_from):
        raise CatalogLineRefused(
            line, "owned_from is before the year 2000; leave it empty for the first owner"
        )
    if owned_from and ownership.begins_too_late(owned_from, now=now):
        raise CatalogLineRefused(line, "owned_from is more than a year ahead")
    country = country.upper()
    if country and not is_country(country):
        raise CatalogLineRefused(line, f"{country!r} is not an ISO 3166 country code")
    if len(api_name) > LONGEST_NAME or "\x00" in api_name:
        raise CatalogLineRefused(line, "the API's name is too long or contains NUL")
    if email and not is_email(email):
        raise CatalogLineRefused(line, "the creator's email address is not valid")
    try:
        _external_id(api_id)
        _external_id(creator_id)
    except ValidationError as error:
        raise CatalogLineRefused(line, "the API's or the creator's id is not valid") from error
    return CatalogEntry(
        api_id=api_id,
        api_name=api_name,
        creator_id=creator_id,
        creator_email=email,
        creator_country=country,
        owned_from=owned_from,
    )
