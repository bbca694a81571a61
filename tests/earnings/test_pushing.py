"""Pushed billing records: each is answered, and counts once however often it is pushed."""

import codecs
import gzip
import json
from io import BytesIO
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import Creator
from earnings.models import ApiOwnership, BillingBatch, BillingRecord, BillingSource, QuarantinedRecord
from earnings.reading.records import FIELDS, REQUIRED
from tests.answers import Answer
from tests.api import admin, caller, nobody, service
from tests.factories import SourceFactory
from tests.feeding import earned, held, post, record, refund
from tests.threads import at_once
from web import ndjson

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice", "bob", "source")]
ADDRESS = "/api/v1/billing/records"
NDJSON = "application/x-ndjson"


def push(*records: Any, by: str = "billing") -> Answer:
    return service(by).generic("POST", ADDRESS, json.dumps({"records": records}), "application/json")


def push_lines(body: Any, *, by: str = "billing", **extra: Any) -> Answer:
    return service(by).generic("POST", ADDRESS, body, NDJSON, **extra)


def push_in_chunks(body: str) -> Answer:
    """Push lines without a content length."""
    stream: dict[str, Any] = {"wsgi.input": BytesIO(body.encode())}
    return push_lines("", HTTP_TRANSFER_ENCODING="chunked", **stream)


def lines(*records: Any) -> str:
    return "".join(f"{json.dumps(value)}\n" for value in records)


def outcomes_of(answer: Answer) -> list[tuple[str | None, str, str | None]]:
    """Check that an answer is consistent; return the outcome of each record."""
    assert answer.status_code == 200, answer.content
    if answer["Content-Type"] == NDJSON:
        *results, last = [json.loads(line) for line in answer.getvalue().splitlines()]
        summary = last["summary"]
    else:
        results, summary = answer.json()["results"], answer.json()["summary"]
    outcomes = [result["outcome"] for result in results]
    assert summary == {
        name: outcomes.count(name) for name in ["accepted", "duplicate", "conflict", "quarantined"]
    }
    assert [result["line"] for result in results] == sorted({result["line"] for result in results})
    return [(result["record_id"], result["outcome"], result["reason"]) for result in results]


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert answer["Content-Type"] == "application/problem+json", answer.content
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    return problem


def test_each_record_is_answered_in_order() -> None:
    sold = record(record_id="sold", amount=1000)
    push(sold)
    answer = push(
        sold,
        sold | {"amount": 2000},
        record(record_id="new"),
        record(record_id="lost", api_id="api-z"),
        refund(sold, record_id="back", amount=600),
        refund(sold, record_id="too much", amount=1),
        refund(sold, record_id="much", amount=600),
        record(record_id="new"),
        "not a record",
    )
    assert outcomes_of(answer) == [
        ("sold", "duplicate", None),
        ("sold", "conflict", None),
        ("new", "accepted", None),
        ("lost", "quarantined", "api_unknown"),
        ("back", "accepted", None),
        (None, "quarantined", "syntax"),
        ("much", "quarantined", "exceeds_charge"),
        ("new", "duplicate", None),
        (None, "quarantined", "syntax"),
    ]
    assert BillingRecord.objects.count() == 3


def test_lines_are_answered_like_records() -> None:
    records = [
        record(record_id=f"r-{number}", api_id="api-a" if number % 3 else "api-z") for number in range(9)
    ]
    expected = [
        (f"r-{number}", "accepted" if number % 3 else "quarantined", None if number % 3 else "api_unknown")
        for number in range(9)
    ]
    assert outcomes_of(push_lines(lines(*records))) == expected
    again = [
        (name, "duplicate" if outcome == "accepted" else outcome, why) for name, outcome, why in expected
    ]
    assert outcomes_of(push(*records)) == again
    assert outcomes_of(push_lines(lines(*records[2:5]))) == again[2:5]
    assert BillingRecord.objects.count() == 6
    assert len(held()) == 3


def test_a_push_is_one_batch_and_a_repeated_one_none(source: BillingSource) -> None:
    records = [record() for _ in range(1_000)]
    push(*records)
    batch = BillingBatch.objects.get()
    assert (batch.source, batch.origin, batch.accepted) == (source, "push", 1_000)
    push(*records)
    assert BillingBatch.objects.count() == 1


def test_many_lines_are_taken_in_as_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earnings.reading.records.BATCH_SIZE", 4)
    monkeypatch.setattr(ndjson, "PIECE", 100)  # shorter than a line
    records = [record(record_id=f"r-{number}") for number in range(10)]
    assert outcomes_of(push_lines(lines(*records))) == [
        (f"r-{number}", "accepted", None) for number in range(10)
    ]
    assert list(BillingBatch.objects.order_by("pk").values_list("accepted", flat=True)) == [4, 4, 2]


def test_a_record_counts_once_whatever_way_it_comes(source: BillingSource) -> None:
    sold = record(record_id="r-1")
    push(sold)
    assert outcomes_of(push_lines(lines(sold))) == [("r-1", "duplicate", None)]
    SourceFactory.create(name="another")
    assert outcomes_of(push(sold, by="another")) == [("r-1", "accepted", None)]  # ids are unique per source


@pytest.mark.django_db(transaction=True)
def test_a_refund_pushed_in_parallel_counts_once() -> None:
    sold = record(record_id="sold", amount=1000)
    push(sold)
    back = refund(sold, record_id="back", amount=600)
    answers = at_once(*[lambda: outcomes_of(push(back))] * 4)
    assert sorted(outcome for [(_, outcome, _)] in answers) == ["accepted", *["duplicate"] * 3]


@pytest.mark.django_db(transaction=True)
def test_refunds_pushed_in_parallel_take_no_more_than_their_charge() -> None:
    sold = record(record_id="sold", amount=1000)
    push(sold)
    backs = [refund(sold, record_id=f"back-{number}", amount=600) for number in range(3)]
    answers = at_once(*[lambda back=back: outcomes_of(push(back)) for back in backs])
    assert sorted((outcome, reason) for [(_, outcome, reason)] in answers) == [
        ("accepted", None),
        ("quarantined", "exceeds_charge"),
        ("quarantined", "exceeds_charge"),
    ]


def test_a_refund_pushed_before_its_charge_waits_for_it() -> None:
    sold = record(record_id="sold", amount=1000)
    assert outcomes_of(push(refund(sold, record_id="back", amount=400))) == [
        ("back", "quarantined", "charge_unknown")
    ]
    push(sold)
    post()
    assert earned() == [("alice", "api-a", "2024-01", 600, 120, 480)]


def test_each_owner_gets_what_was_sold_in_their_time(bob: Creator) -> None:
    ApiOwnership.objects.create(
        api=ApiOwnership.objects.get(creator__external_id="alice").api,
        creator=bob,
        owned_from="2024-01-15T12:00:00Z",
    )
    answer = push(
        record(occurred_at="2024-01-15T11:59:59.999999Z", amount=100),
        record(occurred_at="2024-01-15T12:00:00Z", amount=200, creator_id="bob"),
        record(record_id="mistaken", occurred_at="2024-01-15T12:00:00Z", creator_id="alice"),
    )
    assert outcomes_of(answer)[2] == ("mistaken", "quarantined", "owner_mismatch")
    post()
    assert [row[:4] for row in earned()] == [
        ("alice", "api-a", "2024-01", 100),
        ("bob", "api-a", "2024-01", 200),
    ]


def test_a_corrected_copy_takes_the_place_of_one_that_is_no_record() -> None:
    push(record(record_id="r-1", amount=True), record(record_id="r-2", note="?"))
    assert held() == [("r-1", "syntax"), ("r-2", "syntax")]
    push(record(record_id="r-1", amount=1), record(record_id="r-2"))
    assert held() == []


def test_null_and_numbers_are_as_good_as_text() -> None:
    records = record(record_id="r-1", amount=5, creator_id=None, api_calls=3, related_record_id=None)
    assert outcomes_of(push(records)) == [("r-1", "accepted", None)]
    assert outcomes_of(push(records | {"amount": "5", "api_calls": "3"})) == [("r-1", "duplicate", None)]


# Permissions


def test_a_service_pushes_for_its_own_source_only() -> None:
    refused(push(record(), by="unheard-of"), 403, "source_unknown")
    refused(push_lines(lines(record()), by="unheard-of"), 403, "source_unknown")
    assert not BillingRecord.objects.exists()


def test_only_services_push() -> None:
    refused(nobody().post(ADDRESS, {"records": []}, format="json"), 401, "not_authenticated")
    for other in (caller("alice"), admin()):
        refused(other.post(ADDRESS, {"records": []}, format="json"), 403, "permission_denied")


# Invalid input

HOSTILE: list[Any] = [
    None,
    True,
    7,
    1e308,
    -(10**400),
    "text",
    "\x00",
    "\ud800",
    "\U0001f9fe",
    [],
    [[[[]]]],
    {},
    {"record_id": None},
    {"": ""},
    {"\x00": "\x00"},
    {"\ud800": ["\ud800"]},
]


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
def test_an_invalid_record_is_kept_and_stops_nothing(value: Any) -> None:
    for body in ("json", "lines"):
        records = [value, record(record_id=f"good-{body}")]
        answer = push(*records) if body == "json" else push_lines(lines(*records))
        assert outcomes_of(answer) == [(None, "quarantined", "syntax"), (f"good-{body}", "accepted", None)]
    assert QuarantinedRecord.objects.get().reason == "syntax"  # the same for JSON and NDJSON


@pytest.mark.parametrize("name", FIELDS)
def test_a_hostile_value_spoils_its_record_only(name: str) -> None:
    odd = [record(record_id=f"odd-{number}") | {name: value} for number, value in enumerate(HOSTILE)]
    records = [value for one in odd for value in (one, record())]
    first = [outcome for _, outcome, _ in outcomes_of(push(*records))]
    assert first[1::2] == ["accepted"] * len(odd)
    assert set(first[::2]) <= {"accepted", "quarantined"}
    assert "quarantined" in first
    again = [outcome for _, outcome, _ in outcomes_of(push_lines(lines(*records)))]
    assert again == [{"accepted": "duplicate"}.get(outcome, outcome) for outcome in first]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\x00",
        b'{"record_id": "r-1"}}',
        b'{"amount": 1' + b"0" * 5_000 + b"}",
        b'{"amount": NaN}',
        b"[" * 60_000,
        b'{"record_id": "' + b"x" * 70_000 + b'"}',
        b" " * 70_000 + lines(record(record_id="r-1")).strip().encode(),
    ],
    ids=lambda line: repr(line[:20]),
)
def test_a_line_that_is_no_record_is_kept_and_stops_nothing(line: bytes) -> None:
    body = (
        lines(record(record_id="first")).encode()
        + line
        + b"\r\n\r\n"
        + lines(record(record_id="last")).encode()
    )
    for outcome in ("accepted", "duplicate"):
        assert outcomes_of(push_lines(body)) == [
            ("first", outcome, None),
            (None, "quarantined", "syntax"),
            ("last", outcome, None),
        ]
    assert QuarantinedRecord.objects.count() == 1


def test_any_depth_of_nesting_is_handled() -> None:
    depths = range(600, 1_000)  # the limits of parsing and of writing are in between
    nested = ["[" * depth + "]" * depth for depth in depths]
    answer = push_lines("".join(f'{{"record_id": "r-1", "customer_id": {deep}}}\n' for deep in nested))
    assert {(outcome, reason) for _, outcome, reason in outcomes_of(answer)} == {("quarantined", "syntax")}
    for deep in nested[::20]:
        body = f'{{"records": [{{"customer_id": {deep}}}]}}'
        assert service("billing").generic("POST", ADDRESS, body, "application/json").status_code in {200, 400}


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "7", "null", '{"records": {}}', '{"records": [], "more": 1}', '{"records": null}']
)
def test_json_that_is_not_a_push_is_refused_whole(body: str) -> None:
    answer = service("billing").generic("POST", ADDRESS, body, "application/json")
    assert answer.status_code == 400
    assert answer.json()["code"] in {"malformed", "invalid"}


def test_an_empty_push_is_accepted() -> None:
    assert outcomes_of(push()) == []
    assert outcomes_of(push_lines("")) == []
    assert outcomes_of(push_lines("\n\r\n  \n")) == []


def test_too_many_records_are_refused_whole() -> None:
    problem = refused(push(*[record()] * 1_001), 400, "invalid")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("records", "max_length")]
    assert not BillingRecord.objects.exists()


def test_too_many_lines_are_taken_in_up_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "MAX_LINES", 3)
    records = [record(record_id=f"r-{number}") for number in range(5)]
    problem = refused(push_lines(lines(*records)), 413, "too_large")
    assert "line 4" in problem["detail"]
    assert BillingRecord.objects.count() == 3
    assert outcomes_of(push_lines(lines(*records[3:]))) == [
        ("r-3", "accepted", None),
        ("r-4", "accepted", None),
    ]
    assert [outcome for _, outcome, _ in outcomes_of(push_lines(lines(*records[:3])))] == ["duplicate"] * 3


def test_a_body_with_too_large_a_content_length_is_not_read(settings: Settings) -> None:
    settings.NDJSON_MAX_BYTES = 1_000
    records = [record() for _ in range(10)]
    refused(push_lines(lines(*records)), 413, "too_large")
    assert not BillingRecord.objects.exists()


def test_a_body_that_turns_out_too_large_is_taken_in_up_to_the_limit(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NDJSON_MAX_BYTES = 1_000
    monkeypatch.setattr(ndjson, "PIECE", 500)
    body = lines(*[record() for _ in range(10)])
    problem = refused(push_in_chunks(body), 413, "too_large")
    taken = BillingRecord.objects.count()
    assert 0 < taken < 10
    assert f"line {taken + 1} " in problem["detail"]


@pytest.mark.parametrize("in_chunks", [True, False])
def test_a_truncated_body_is_taken_in_up_to_its_last_complete_line(in_chunks: bool) -> None:
    records = [record(record_id=f"r-{number}") for number in range(3)]
    whole = lines(*records)
    broken = whole[:-20]
    stream: dict[str, Any] = {"wsgi.input": BytesIO(broken.encode())}
    answer = push_in_chunks(broken) if in_chunks else push_lines(whole, **stream)
    assert "line 3" in refused(answer, 400, "cut_off")["detail"]
    assert held() == []
    assert outcomes_of(push_lines(whole)) == [
        ("r-0", "duplicate", None),
        ("r-1", "duplicate", None),
        ("r-2", "accepted", None),
    ]


def test_the_last_line_needs_no_line_break() -> None:
    body = lines(record(record_id="r-1")).strip()
    assert outcomes_of(push_lines(body)) == [("r-1", "accepted", None)]
    assert outcomes_of(push_in_chunks(body)) == [("r-1", "duplicate", None)]
    assert outcomes_of(push_lines("nonsense")) == [(None, "quarantined", "syntax")]


def test_unknown_media_types_are_refused() -> None:
    for media_type in ("text/csv", "application/xml", "multipart/form-data; boundary=x"):
        answer = service("billing").generic("POST", ADDRESS, "a,b", media_type)
        refused(answer, 415, "unsupported_media_type")
    refused(push_lines("\x1f", HTTP_CONTENT_ENCODING="gzip"), 415, "unsupported_media_type")


def test_a_compressed_push_is_refused_and_a_byte_order_mark_is_not() -> None:
    body: Any = json.dumps({"records": [record(record_id="r-1")]}).encode()
    packed: Any = gzip.compress(body)
    for media_type in ("application/json", "application/x-ndjson"):
        answer = service("billing").generic("POST", ADDRESS, packed, media_type, HTTP_CONTENT_ENCODING="gzip")
        refused(answer, 415, "unsupported_media_type")
    marked = service("billing").generic("POST", ADDRESS, codecs.BOM_UTF8 + body, "application/json")
    assert outcomes_of(marked) == [("r-1", "accepted", None)]
    marked_lines = "\ufeff" + lines(record(record_id="r-2"), record(record_id="r-3"))
    for pushed in (push_lines(marked_lines), push_in_chunks(marked_lines)):
        assert {outcome for _, outcome, _ in outcomes_of(pushed)} <= {"accepted", "duplicate"}
    assert outcomes_of(push_lines("\ufeff")) == []
    assert BillingRecord.objects.count() == 3


def test_a_batch_ends_when_its_content_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earnings.reading.records.BATCH_CHARACTERS", 1_000_000)
    body = "".join(
        json.dumps({"record_id": f"r-{number}", "odd": "x" * 60_000}) + "\n" for number in range(120)
    )
    assert {outcome for _, outcome, _ in outcomes_of(push_lines(body))} == {"quarantined"}
    assert list(BillingBatch.objects.order_by("pk").values_list("quarantined", flat=True)) == [50, 50, 20]


def test_each_request_is_answered_in_its_media_type() -> None:
    assert push()["Content-Type"] == "application/json"
    for accepted in ("*/*", "application/x-ndjson, application/json"):
        answer = push_lines("", HTTP_ACCEPT=accepted)
        assert answer["Content-Type"] == NDJSON
        assert outcomes_of(answer) == []
    refused(push_lines("", HTTP_ACCEPT="application/json"), 406, "not_acceptable")


def test_the_document_names_the_fields_of_a_record() -> None:
    document = nobody().get("/api/schema", headers={"Accept": "application/json"}).json()
    items = document["components"]["schemas"]["PushInputRequest"]["properties"]["records"]["items"]
    described = items["anyOf"][0]
    assert set(described["properties"]) == set(FIELDS)
    assert described["required"] == list(REQUIRED)
