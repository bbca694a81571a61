"""Files that are read by column name, of both kinds: which headers are valid, and which are not."""

import codecs
import gzip
import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from earnings.models import Api, BillingBatch, BillingRecord, BillingSource, QuarantinedRecord

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice", "source")]

BILLING = (
    "record_id,kind,api_id,amount,currency,occurred_at",
    "r-1,charge,api-a,4900,USD,2024-01-15T12:00:00Z",
)
CATALOG = ("api_id,api_name,creator_id,creator_email,creator_country", "api-n,New,alice,alice@example.com,US")
Rows = tuple[str, str]
Load = Callable[[bytes], dict[str, Any]]


@pytest.fixture(params=["billing", "catalog"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def rows(kind: str) -> Rows:
    """A valid header and row."""
    return BILLING if kind == "billing" else CATALOG


@pytest.fixture
def load(kind: str, tmp_path: Path) -> Load:
    """Import a file of these bytes with its command; return the JSON output."""

    def load(content: bytes) -> dict[str, Any]:
        path, out = tmp_path / "given.csv", io.StringIO()
        path.write_bytes(content)
        call_command(f"import_{kind}", str(path), "--source", "billing", "--json", stdout=out)
        return dict(json.loads(out.getvalue().splitlines()[-1]))

    return load


def text(header: str, *rows: str) -> bytes:
    return "\r\n".join([header, *rows, ""]).encode()


def loaded() -> bool:
    return BillingRecord.objects.exists() or Api.objects.filter(external_id="api-n").exists()


@pytest.mark.parametrize("place", [0, 2, 99])
@pytest.mark.parametrize("name", ["", " ", "note", "Ünread"])
def test_ignored_columns_can_be_anywhere_and_repeat(load: Load, rows: Rows, place: int, name: str) -> None:
    def add(line: str, cells: list[str]) -> str:
        old = line.split(",")
        return ",".join([*old[:place], *cells, *old[place:]])

    load(text(add(rows[0], [name, name]), add(rows[1], ["x", "y"])))
    assert loaded()
    assert not QuarantinedRecord.objects.exists()


def test_rows_can_omit_nameless_columns_at_the_end(load: Load, rows: Rows) -> None:
    load(text(f"{rows[0]},,", rows[1]))
    assert loaded()


@pytest.mark.parametrize("kind", ["catalog"])
@pytest.mark.parametrize("place", range(6))
def test_a_repeated_column_is_named_and_nothing_is_imported(load: Load, rows: Rows, place: int) -> None:
    names, values = rows[0].split(","), rows[1].split(",")
    name, value = names[min(place, len(names) - 1)], values[min(place, len(names) - 1)]
    with pytest.raises(CommandError, match=f"the header names {name} more than once"):
        load(text(f"{rows[0]},note, {name}", f"{rows[1]},n,{value}"))
    assert not loaded()
    assert not BillingBatch.objects.exists()


@pytest.mark.parametrize(("kind", "name"), [("billing", "related_record_id"), ("catalog", "owned_from")])
def test_an_optional_column_cannot_repeat_either(load: Load, rows: Rows, name: str) -> None:
    with pytest.raises(CommandError, match=f"the header names {name} more than once"):
        load(text(f"{rows[0]},{name},{name}", f"{rows[1]},,"))
    assert not loaded()


def test_what_is_missing_is_named(load: Load, rows: Rows) -> None:
    names = rows[0].split(",")
    with pytest.raises(CommandError, match=f"the header lacks {names[0]}, {names[2]}"):
        load(text(",".join([names[1], *names[3:]])))


def test_a_name_in_the_wrong_case_is_missing_and_reported(load: Load, rows: Rows) -> None:
    with pytest.raises(CommandError, match="lacks api_id; it has API_ID, but names must be lower case"):
        load(text(rows[0].replace("api_id", "API_ID"), rows[1]))
    assert not loaded()


def test_a_line_that_names_the_separator_is_refused_as_such(load: Load, rows: Rows) -> None:
    with pytest.raises(
        CommandError, match="the first line names the separator and is not a header: delete it"
    ):
        load(text("sep=,", *rows))


def test_spaces_around_a_name_and_blank_lines_before_it_do_not_matter(load: Load, rows: Rows) -> None:
    load(b"\r\n\r\n" + text(rows[0].replace(",", " , "), rows[1]))
    assert loaded()


def test_utf_8_can_have_a_byte_order_mark(load: Load, rows: Rows) -> None:
    load(codecs.BOM_UTF8 + text(*rows))
    assert loaded()


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("utf-32-be", codecs.BOM_UTF32_BE),
    ],
)
@pytest.mark.parametrize("separator", [",", "\t"])
def test_another_unicode_encoding_is_refused_with_a_remedy(
    load: Load, rows: Rows, encoding: str, mark: bytes, separator: str
) -> None:
    wide = text(*rows).decode().replace(",", separator).encode(encoding)
    called = encoding[:6].upper()
    with pytest.raises(
        CommandError, match=f"the file is {called}: save it as CSV UTF-8, separated by commas"
    ):
        load(mark + wide)
    assert not loaded()


@pytest.mark.parametrize(
    ("separator", "called"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")]
)
@pytest.mark.parametrize("quote", ["", '"'])
def test_another_separator_is_refused_with_a_remedy(
    load: Load, rows: Rows, separator: str, called: str, quote: str
) -> None:
    converted = [separator.join(f"{quote}{cell}{quote}" for cell in row.split(",")) for row in rows]
    with pytest.raises(CommandError, match=f"the file is separated by {called}: save it as CSV UTF-8"):
        load(text(converted[0], converted[1]))
    assert not loaded()


@pytest.mark.parametrize(
    ("name", "pack"), [("b.csv.gz", gzip.compress), ("b.csv.xz", lzma.compress), ("b.ndjson", bytes)]
)
def test_another_unicode_encoding_is_refused_in_compressed_and_json_files_too(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / name).write_bytes(pack('{"record_id": "r-1"}\n'.encode("utf-16")))
    with pytest.raises(CommandError, match="the file is UTF-16"):
        call_command("import_billing", str(tmp_path / name), "--source", "billing")


def test_a_header_alone_is_a_file_without_rows(load: Load, rows: Rows) -> None:
    result = load(text(rows[0]))
    assert result.get("accepted", result.get("apis")) == 0


@pytest.mark.parametrize("kind", ["catalog"])
@pytest.mark.parametrize("change", [lambda row: row.rpartition(",")[0], lambda row: f"{row},more"])
def test_a_row_of_the_catalogue_that_is_too_short_or_too_long_is_named_and_nothing_is_registered(
    load: Load, rows: Rows, change: Callable[[str], str]
) -> None:
    with pytest.raises(CommandError, match=r"line 3: it has \d fields, and the header has 5\. Nothing"):
        load(text(rows[0], rows[1], change(rows[1].replace("api-n", "api-m"))))
    assert not loaded()


@pytest.mark.parametrize("kind", ["catalog"])
@pytest.mark.parametrize("place", range(6))
def test_a_quote_out_of_place_in_a_catalogue_is_named_and_nothing_is_registered(
    load: Load, place: int
) -> None:
    fields = f"{CATALOG[1]},note".split(",")
    fields[place] = f'"{fields[place]}'
    others = [f"api-{number},,alice,,,note" for number in range(3)]
    with pytest.raises(CommandError, match="line 3: a quote is out of place"):
        load(text(f"{CATALOG[0]},notes", others[0], ",".join(fields), *others[1:]))
    assert not loaded()


@pytest.mark.parametrize("kind", ["catalog"])
def test_a_catalogue_in_a_windows_encoding_is_refused_as_such(load: Load, rows: Rows) -> None:
    with pytest.raises(CommandError, match="the file is not UTF-8: save it as CSV UTF-8"):
        load(text(*rows).replace(b"New", "Été".encode("cp1252")))
    assert not loaded()


@pytest.mark.parametrize("field", ["amount", "api_id", "note"])
def test_a_line_of_json_that_names_a_field_twice_is_kept_and_not_counted(
    source: BillingSource, tmp_path: Path, field: str
) -> None:
    good = json.dumps(dict(zip(BILLING[0].split(","), BILLING[1].split(","), strict=True)))
    twice = good.replace("r-1", "r-2").removesuffix("}") + f', "{field}": "7", "{field}": "8"}}'
    (tmp_path / "b.ndjson").write_text(f"{twice}\n{good}\n")
    call_command("import_billing", str(tmp_path / "b.ndjson"), "--source", "billing")
    assert BillingRecord.objects.get().record_id == "r-1"
    assert QuarantinedRecord.objects.get().content == {"line": twice}
