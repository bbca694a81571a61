"""Import APIs and their owners from CSV: api_id,api_name,creator_id,creator_email,creator_country[,owned_from]."""

import csv
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import pycountry
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import MaxLengthValidator, RegexValidator, validate_email
from django.db import transaction

from database import sql
from database.commands import add_json_option, print_result
from database.fields import EXTERNAL_ID_REGEX
from earnings.errors import CatalogLineRefused, OwnershipTooEarly
from earnings.records import parse_time
from earnings.services import catalog
from earnings.services.catalog import CatalogEntry

COLUMNS = ("api_id", "api_name", "creator_id", "creator_email", "creator_country")
AT_ONCE = 5_000
LONGEST_NAME = 255
_external_id = RegexValidator(EXTERNAL_ID_REGEX)
_fits = MaxLengthValidator(254)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="its path")
        add_json_option(parser)

    @transaction.atomic
    def handle(self, *args: object, **options: object) -> None:
        now, path = sql.now(), Path(str(options["file"]))
        apis = began = 0
        try:
            with path.open(newline="", encoding="utf-8-sig") as lines:
                entries = list(_entries(lines))
            for start in range(0, len(entries), AT_ONCE):
                began += catalog.register_apis(entries[start : start + AT_ONCE], now=now)
            apis = len({entry.api_id for entry in entries})
        except (CatalogLineRefused, OwnershipTooEarly, OSError, UnicodeDecodeError, csv.Error) as refusal:
            raise CommandError(f"{path.name}: {refusal}. Nothing was imported.") from refusal
        print_result(
            self.stdout, as_json=bool(options["json"]), result={"apis": apis, "ownerships_begun": began}
        )


def _entries(lines: Iterator[str]) -> Iterator[CatalogEntry]:
    reader = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
    if missing:
        raise CatalogLineRefused(1, f"the header lacks {', '.join(missing)}")
    dated: dict[str, bool] = {}
    for row in reader:
        if None in row:
            raise CatalogLineRefused(reader.line_num, "it has more fields than the header")
        entry = _entry(reader.line_num, row)
        says_when = entry.owned_from is not None
        if entry.api_id in dated and not (says_when and dated[entry.api_id]):
            raise CatalogLineRefused(
                reader.line_num, f"{entry.api_id} comes more than once: each of its lines needs owned_from"
            )
        dated[entry.api_id] = says_when
        yield entry


def _entry(line: int, row: dict[str, str | None]) -> CatalogEntry:
    api_id, api_name, creator_id, email, country = ((row[name] or "").strip() for name in COLUMNS)
    owned_from = parse_time(row.get("owned_from") or "")
    if row.get("owned_from") and owned_from is None:
        raise CatalogLineRefused(line, "owned_from is not a time with its offset")
    if owned_from and catalog.begins_too_early(owned_from):
        raise CatalogLineRefused(
            line, "owned_from lies before the year 2000; leave it empty for the first owner"
        )
    country = country.upper()
    if country and pycountry.countries.get(alpha_2=country) is None:
        raise CatalogLineRefused(line, f"{country!r} is no ISO 3166 country")
    if len(api_name) > LONGEST_NAME or "\x00" in api_name:
        raise CatalogLineRefused(line, "the API's name is too long, or no text")
    try:
        _external_id(api_id)
        _external_id(creator_id)
        if email:
            validate_email(email)
            _fits(email)
    except ValidationError as error:
        raise CatalogLineRefused(line, "an id or the e-mail address can't be used") from error
    return CatalogEntry(
        api_id=api_id,
        api_name=api_name,
        creator_id=creator_id,
        creator_email=email,
        creator_country=country,
        owned_from=owned_from,
    )
