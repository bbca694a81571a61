"""Billing files: CSV and NDJSON in every form, compressed or not, complete or truncated."""

import csv
import gzip
import io
import json
import lzma
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from earnings.models import BillingBatch, BillingRecord, BillingSource, ChargeTakeback, QuarantinedRecord
from earnings.reading import files
from earnings.reading.records import FIELDS
from tests.feeding import held, record, refund

WITH_NOTES = [*FIELDS, "notes"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice", "bob", "source")]


def load(path: Path | str, *options: str) -> dict[str, Any]:
    """Import a file with the command; return its JSON output."""
    out = io.StringIO()
    call_command("import_billing", str(path), "--source", "billing", "--json", *options, stdout=out)
    return dict(json.loads(out.getvalue().splitlines()[-1]))


def as_csv(records: Iterable[Mapping[str, str]], columns: Iterable[str] = FIELDS, **how: Any) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns), extrasaction="ignore", **how)
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()


def as_ndjson(records: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in records).encode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "billing.csv"


def test_columns_come_in_any_order(file: Path) -> None:
    sold = record(subscription_id="s-1", customer_id="c-1", creator_id="alice", api_calls="17")
    file.write_bytes(as_csv([sold], columns=reversed(FIELDS)))
    assert load(file) == {"accepted": 1, "duplicate": 0, "conflict": 0, "quarantined": {}}
    entered = BillingRecord.objects.get()
    assert (entered.record_id, entered.subscription_id, entered.customer_id, entered.amount) == (
        sold["record_id"],
        "s-1",
        "c-1",
        1000,
    )
    assert (entered.api_calls, entered.api.external_id, entered.currency) == (17, "api-a", "USD")


def test_optional_columns_may_be_left_out(file: Path) -> None:
    file.write_bytes(
        as_csv([record()], columns=["record_id", "kind", "api_id", "amount", "currency", "occurred_at"])
    )
    assert load(file)["accepted"] == 1


@pytest.mark.parametrize("missing", ["record_id", "kind", "api_id", "amount", "currency", "occurred_at"])
def test_a_header_without_a_required_column_is_refused(file: Path, missing: str) -> None:
    file.write_bytes(as_csv([record()], columns=[name for name in FIELDS if name != missing]))
    with pytest.raises(CommandError, match=f"the header lacks {missing}$"):
        load(file)
    assert not BillingBatch.objects.exists()


def test_a_header_that_names_a_column_twice_is_refused(file: Path) -> None:
    file.write_bytes(as_csv([record()]).replace(b"customer_id", b"creator_id"))
    with pytest.raises(CommandError, match="the header names creator_id more than once"):
        load(file)
    assert not BillingBatch.objects.exists()


def test_unknown_columns_are_ignored_and_reported(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(
        as_csv([record() | {"colour": "red", "note\x00": "é"}], columns=[*FIELDS, "colour", "note\x00"])
    )
    assert load(file)["accepted"] == 1
    assert "colour" in capsys.readouterr().err


def test_a_bad_record_with_a_column_that_no_text_can_hold_is_kept(file: Path) -> None:
    file.write_bytes(as_csv([record(amount="?") | {"note\x00": "é"}], columns=[*FIELDS, "note\x00"]))
    assert load(file)["quarantined"] == {"amount_not_integer": 1}


def test_a_byte_order_mark_is_not_part_of_the_header(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + as_csv([record()]))
    assert load(file)["accepted"] == 1


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_any_line_ending_is_read(file: Path, ending: str) -> None:
    file.write_bytes(as_csv([record(), record()], lineterminator=ending))
    assert load(file)["accepted"] == 2


def test_a_last_line_needs_no_end_and_blank_lines_are_nothing(file: Path) -> None:
    file.write_bytes(as_csv([record()]) + b"\r\n\r\n" + as_csv([record()]).split(b"\r\n")[1])
    assert load(file) == {"accepted": 2, "duplicate": 0, "conflict": 0, "quarantined": {}}


def test_a_line_break_in_a_column_that_is_read_breaks_the_record(file: Path) -> None:
    file.write_bytes(as_csv([record(customer_id="two\nlines"), record()], quoting=csv.QUOTE_ALL))
    assert load(file) == {"accepted": 1, "duplicate": 0, "conflict": 0, "quarantined": {"syntax": 2}}


@pytest.mark.parametrize("line", [b"only,three,fields", b"," * 30])
def test_a_line_with_another_number_of_fields_is_kept_and_the_next_one_enters(
    file: Path, line: bytes
) -> None:
    file.write_bytes(as_csv([record()]) + line + b"\r\n" + as_csv([record()]).split(b"\r\n")[1])
    assert load(file) == {"accepted": 2, "duplicate": 0, "conflict": 0, "quarantined": {"syntax": 1}}


def spoil(row: str, column: str, quote: str) -> str:
    """Put a quote at the start of a field."""
    fields = row.split(",")
    fields[WITH_NOTES.index(column)] = f"{quote}{fields[WITH_NOTES.index(column)]}"
    return ",".join(fields)


@pytest.mark.parametrize("column", WITH_NOTES)
@pytest.mark.parametrize("spoilt", [[2], [2, 3], [2, 5], [6]], ids=str)
def test_a_quote_out_of_place_spoils_its_own_record_only(
    file: Path, monkeypatch: pytest.MonkeyPatch, column: str, spoilt: list[int]
) -> None:
    monkeypatch.setattr(files, "LONGEST_FIELD", 300)  # a few rows, so that the quote ends within them
    rows = as_csv([record() for _ in range(6)], columns=WITH_NOTES).decode().splitlines()
    for number in spoilt:
        rows[number] = spoil(rows[number], column, '"')
    file.write_text("\n".join(rows))
    told = load(file)
    assert told["accepted"] == 6 - len(spoilt)
    assert told["quarantined"] == {"syntax": len(spoilt)}
    kept = QuarantinedRecord.objects.order_by("pk").values_list("content__line", flat=True)
    assert list(kept) == [rows[number] for number in spoilt]


def test_a_note_of_several_lines_swallows_no_other_records(file: Path) -> None:
    rows = as_csv([record() for _ in range(4)], columns=WITH_NOTES).decode().splitlines()
    rows[1] = spoil(rows[1], "notes", '"')
    rows[3] = f'{rows[3]}5"'
    file.write_text("\n".join(rows))
    assert load(file)["accepted"] == 4 - 1


def test_notes_may_have_several_lines(file: Path) -> None:
    sold = [record() | {"notes": 'Paid late,\nsaid "sorry",\n\nand again'}, record()]
    file.write_bytes(as_csv(sold, columns=WITH_NOTES))
    assert load(file) == {"accepted": 2, "duplicate": 0, "conflict": 0, "quarantined": {}}


@pytest.mark.parametrize("bad", [b"\x00", b"\xff\xfe", b"\xc3(", b"\xed\xa0\x80"])
def test_bytes_that_are_no_text_spoil_only_their_record(file: Path, bad: bytes) -> None:
    spoiled = as_csv([record(customer_id="SPOIL"), record()]).replace(b"SPOIL", b"c" + bad)
    file.write_bytes(spoiled)
    told = load(file)
    # Invalid UTF-8 is shown escaped, and can then be a valid id.
    assert told["accepted"] + told["quarantined"].get("syntax", 0) == 2
    assert told["accepted"] >= 1


def test_a_field_larger_than_any_is_kept_as_a_bad_line(file: Path) -> None:
    file.write_bytes(as_csv([record(customer_id="x" * 1_000_001), record()]))
    told = load(file)
    assert told["accepted"] == 1
    assert told["quarantined"] == {"syntax": 1}


@pytest.mark.parametrize(("name", "pack"), [("b.csv.gz", gzip.compress), ("b.csv.xz", lzma.compress)])
def test_compressed_files_are_read(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / name).write_bytes(pack(as_csv([record(), record()])))
    assert load(tmp_path / name)["accepted"] == 2


@pytest.mark.parametrize("name", ["b.ndjson", "b.jsonl", "b.txt", "b.ndjson.gz"])
def test_ndjson_is_recognised_by_its_name_or_first_character(tmp_path: Path, name: str) -> None:
    lines = as_ndjson([record(), record()])
    (tmp_path / name).write_bytes(gzip.compress(lines) if name.endswith(".gz") else lines)
    assert load(tmp_path / name)["accepted"] == 2


@pytest.mark.parametrize("write", [as_csv, as_ndjson])
def test_standard_input_is_read_too(monkeypatch: pytest.MonkeyPatch, write: Callable[..., bytes]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(write([record(), record()]))))
    assert load("-")["accepted"] == 2
    assert BillingBatch.objects.get().origin == "-"


def test_numbers_and_nulls_of_json_mean_what_they_say(tmp_path: Path) -> None:
    path = tmp_path / "b.ndjson"
    path.write_bytes(
        as_ndjson(
            [
                record(amount=1000, api_calls=3, creator_id=None, record_id=17),
                record(amount=10.0),
                record(amount=1e400),
                record(amount=True),
                record(amount=None),
                record(amount=-5),
            ]
        )
    )
    assert load(path) == {
        "accepted": 1,
        "duplicate": 0,
        "conflict": 0,
        "quarantined": {"amount_not_integer": 3, "amount_not_positive": 1, "syntax": 1},
    }
    entered = BillingRecord.objects.get()
    assert (entered.record_id, entered.amount, entered.api_calls) == ("17", 1000, 3)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "17",
        "null",
        '"text"',
        "not json",
        '{"record_id": "r"',
        "[" * 100_000,
        '{"record_id": "x", "nested": {"a": 1}}',
        json.dumps(record(customer_id=[])),
        json.dumps(record(customer_id={})),
        json.dumps(record(record_id=["r"])),
        json.dumps(record(subscription_id=True)),
        json.dumps(record(customer_id="\x00")),
        json.dumps(record(customer_id="\ud800")),
        json.dumps(record(amount="N")).replace('"N"', "1" * 5_000),
    ],
)
def test_a_line_that_is_no_flat_record_is_kept_and_the_next_one_enters(tmp_path: Path, line: str) -> None:
    path = tmp_path / "b.ndjson"
    path.write_bytes(line.encode() + b"\n\n" + as_ndjson([record()]))
    assert load(path) == {"accepted": 1, "duplicate": 0, "conflict": 0, "quarantined": {"syntax": 1}}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"\n\r\n", "the file is empty"),
        (b"hello\n", "the header lacks record_id, kind, api_id, amount, currency, occurred_at"),
        (b"\x1f\x8b\x08nonsense", "the header lacks record_id"),
        (b"x" * 1_000_001, "the header can't be read: field larger than field limit"),
    ],
)
def test_a_file_that_is_not_a_billing_file_is_refused(file: Path, content: bytes, problem: str) -> None:
    file.write_bytes(content)
    with pytest.raises(CommandError, match=problem):
        load(file)
    assert not BillingBatch.objects.exists()


def test_a_header_alone_is_a_file_without_records(file: Path) -> None:
    file.write_bytes(as_csv([]))
    assert load(file) == {"accepted": 0, "duplicate": 0, "conflict": 0, "quarantined": {}}
    assert not BillingBatch.objects.exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.csv can't be read"):
        load(tmp_path / "nowhere.csv")
    with pytest.raises(CommandError, match="can't be read"):
        load(tmp_path)


def test_an_unknown_source_is_refused_and_says_what_to_do(file: Path) -> None:
    file.write_bytes(as_csv([record()]))
    with pytest.raises(CommandError, match="add_source other"):
        call_command("import_billing", str(file), "--source", "other")


BREAKS: dict[str, Callable[[bytes], bytes]] = {
    "cut.gz": lambda packed: packed[: len(packed) * 2 // 3],
    "cut.xz": lambda packed: packed[: len(packed) * 2 // 3],
    "no-end.gz": lambda packed: packed[:-1],
    "garbled.gz": lambda packed: packed[: len(packed) // 2] + b"\xff" * 1000,
    "garbled.xz": lambda packed: packed[: len(packed) // 2] + b"\xff" * 1000,
    "not-packed.gz": lambda packed: b"record_id,kind\n",
    "not-packed.xz": lambda packed: b"record_id,kind\n",
    "empty.xz": lambda packed: b"",
}


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_a_truncated_compressed_file_is_refused_after_its_complete_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("earnings.reading.records.BATCH_SIZE", 100)
    pack: Any = gzip.compress if name.endswith(".gz") else lzma.compress
    sales = as_csv([record(customer_id=f"c{number * 7919 % 100_003}") for number in range(2_000)])
    path = tmp_path / f"b.csv.{name.split('.')[1]}"
    path.write_bytes(BREAKS[name](pack(sales)))
    with pytest.raises(CommandError, match=r"can't be decompressed, or is truncated|the file is empty"):
        load(path)
    entered = BillingRecord.objects.count()
    if name.startswith("garbled"):
        return  # garbled data can look like records until the checksum fails
    if name.startswith(("cut", "no-end")):
        assert 0 < entered < 2_000 or name == "no-end.gz"
        assert entered % 100 == 0
    path.write_bytes(pack(sales))
    told = load(path)
    assert (told["accepted"], told["duplicate"]) == (2_000 - entered, entered)


def test_only_the_requested_months_are_imported(file: Path) -> None:
    moments = [
        "2023-12-31T23:59:59.999999Z",
        "2024-01-01T00:00:00Z",
        "2024-02-29T23:59:59.999999Z",
        "2024-03-01T00:00:00Z",
        "2024-03-01T00:30:00+01:00",
    ]
    file.write_bytes(as_csv([record(occurred_at=moment) for moment in moments]))
    assert load(file, "--from", "2024-01", "--to", "2024-02")["accepted"] == 3
    assert load(file, "--to", "2023-12")["accepted"] == 1
    assert load(file, "--from", "2024-03")["accepted"] == 1
    assert load(file)["duplicate"] == 5


def test_a_record_without_a_valid_time_is_kept_for_any_months(file: Path) -> None:
    file.write_bytes(as_csv([record(occurred_at="?"), record(amount="?"), record()]))
    told = load(file, "--from", "2024-02", "--to", "2024-02")
    assert told == {"accepted": 0, "duplicate": 0, "conflict": 0, "quarantined": {"time_invalid": 1}}


@pytest.mark.parametrize("month", ["2024-13", "January", "2024"])
def test_an_invalid_month_option_is_refused(file: Path, month: str) -> None:
    file.write_bytes(as_csv([record()]))
    with pytest.raises(CommandError, match="--from"):
        load(file, "--from", month)


def test_the_command_reports_the_outcome_of_every_record(file: Path) -> None:
    sold = record()
    refunded = refund(sold, amount=2_000)
    file.write_bytes(as_csv([sold, sold, sold | {"amount": "1"}, refunded, record(api_id="api-z")]))
    assert load(file) == {
        "accepted": 1,
        "duplicate": 1,
        "conflict": 1,
        "quarantined": {"api_unknown": 1, "exceeds_charge": 1},
    }


def test_a_refund_in_a_batch_before_its_charge_enters_by_the_end_of_the_import(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earnings.reading.records.BATCH_SIZE", 1)
    sold = record()
    file.write_bytes(as_csv([refund(sold), sold]))
    told = load(file)
    assert (told["accepted"], told["entered_from_quarantine"]) == (1, 1)
    assert held() == []


def test_refunds_alone_in_a_file_take_from_charges_of_an_earlier_one(file: Path) -> None:
    sold = record(amount=1000)
    file.write_bytes(as_csv([sold]))
    load(file)
    file.write_bytes(as_csv(refund(sold, api_id="api-a", amount=amount) for amount in (600, 400)))
    assert load(file)["accepted"] == 2
    assert ChargeTakeback.objects.get().refunded == 1000


def test_importing_again_changes_nothing(file: Path) -> None:
    sold = record()
    file.write_bytes(
        as_csv([sold, refund(sold, amount=600), refund(sold, amount=600), record(amount="?"), {}])
    )
    first = load(file)
    rows = [model.objects.count() for model in (BillingBatch, BillingRecord, QuarantinedRecord)]
    again = load(file)
    assert again == first | {"accepted": 0, "duplicate": 2}
    assert [model.objects.count() for model in (BillingBatch, BillingRecord, QuarantinedRecord)] == rows


def test_a_file_by_another_way_is_the_same_source(file: Path, source: BillingSource, tmp_path: Path) -> None:
    sold = record()
    file.write_bytes(as_csv([sold]))
    other = tmp_path / "other.ndjson"
    other.write_bytes(as_ndjson([sold | {"amount": 1000}]))
    load(file)
    assert load(other)["duplicate"] == 1
