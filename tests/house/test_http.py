"""What all responses have in common: problem documents, request ids, headers, limits."""

import gzip
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import path
from pytest_django import Settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient

from accounts import errors as accounts
from accounts.endpoints import CreatorEndpoint, PlatformEndpoint, PublicEndpoint
from database.refusals import Refusal
from earnings import errors as earnings
from payouts_project import problems, urls
from payouts_project.problems import REFUSALS
from tests.answers import Answer
from tests.api import admin, caller, nobody, service
from web import ndjson
from web.inputs import Input
from web.log_lines import RefusalsInOneLine


class Order(Input):
    amount = serializers.IntegerField(min_value=1)
    names = serializers.ListField(child=serializers.CharField(max_length=3), required=False)


class Month(Input):
    month = serializers.RegexField(r"\A[0-9]{4}-[0-9]{2}\Z", required=False)


class Orders(CreatorEndpoint):
    queries = {"retrieve": Month}

    def create(self, request: Request) -> Response:
        order = Order(data=request.data)
        order.is_valid(raise_exception=True)
        return Response(order.validated_data)

    def retrieve(self, request: Request) -> Response:
        return Response({"month": self.query.get("month")})


class Broken(PublicEndpoint):
    def retrieve(self, request: Request, kind: str) -> Response:
        raise {"bug": KeyError("a secret"), "database": OperationalError("host=secret")}[kind]


class Books(PlatformEndpoint):
    def retrieve(self, request: Request) -> Response:
        return Response({})


urlpatterns = [
    path("api/v1/orders", Orders.as_view({"post": "create", "get": "retrieve"})),
    path("api/v1/broken/<kind>", Broken.as_view({"get": "retrieve"})),
    path("api/v1/books", Books.as_view({"get": "retrieve"})),
    *urls.urlpatterns,
]
handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404
handler500 = urls.handler500

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
ORDERS = "/api/v1/orders"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
EXAMPLES: dict[type[Exception], Exception] = {
    type(error): error
    for error in (
        accounts.AccountRejected(),
        accounts.AlreadyActive(),
        accounts.BusinessTypeRefused("individual", country="AE"),
        accounts.CountryFixed("DE"),
        accounts.CountryNotSupported("KP"),
        accounts.EmailRefused("maker@example.invalid"),
        accounts.KeysUnavailable(),
        accounts.NoPaymentAccount(),
        accounts.OnboardingIncomplete(),
        accounts.PlatformNotReady(),
        accounts.StripeAccountGone("acct_1"),
        earnings.ApiOfAnotherSource("api-1", source="billing"),
        earnings.ApiUnassigned("api-1"),
        ndjson.BodyCutOff(7),
        ndjson.BodyTooLarge(7),
        earnings.OwnershipSuperseded("api-1", creator="alice", owner="bob"),
        earnings.OwnershipTooEarly("api-1", owned_from=NOW, latest=NOW),
        earnings.UnknownSource("nosuch"),
    )
}


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = json.loads(answer.content)
    assert problem["type"] == "about:blank"
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["title"]
    assert problem["detail"]
    return problem


def test_each_invalid_field_is_named() -> None:
    answer = caller("alice").post(ORDERS, {"amount": "x", "names": ["ok", "long"], "extra": 1}, format="json")
    problem = refused(answer, 400, "invalid")
    assert problem["errors"] == [
        {"field": "extra", "code": "unknown", "message": "There is no such parameter."}
    ]
    answer = caller("alice").post(ORDERS, {"amount": "x", "names": ["ok", "long"]}, format="json")
    assert [(error["field"], error["code"]) for error in refused(answer, 400, "invalid")["errors"]] == [
        ("amount", "invalid"),
        ("names[1]", "max_length"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[" * 100_000,
        '{"amount": 1' + "0" * 5_000 + "}",
        '{"amount": NaN}',
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
)
def test_invalid_json_is_refused(body: Any) -> None:
    answer = caller("alice").post(ORDERS, body, content_type="application/json")
    refused(answer, 400, "malformed")


@pytest.mark.parametrize("body", ["[]", "7", '"text"', "null", '{"amount": [1]}'])
def test_json_of_another_shape_is_refused(body: str) -> None:
    refused(caller("alice").post(ORDERS, body, content_type="application/json"), 400, "invalid")


def test_a_body_that_is_too_large_is_refused(settings: Settings) -> None:
    settings.JSON_MAX_BYTES = 1_000
    answer = caller("alice").post(ORDERS, '{"amount": 1}' + " " * 1_000, content_type="application/json")
    refused(answer, 413, "too_large")


def test_an_unsupported_content_type_is_refused() -> None:
    refused(caller("alice").post(ORDERS, "a=1", content_type="text/plain"), 415, "unsupported_media_type")


def test_an_unavailable_response_type_is_refused() -> None:
    refused(caller("alice").get(ORDERS, headers={"Accept": "text/html"}), 406, "not_acceptable")


def test_a_wrong_method_is_refused_with_the_allowed_ones() -> None:
    answer = caller("alice").delete(ORDERS)
    refused(answer, 405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) >= {"GET", "POST"}


def test_an_unknown_query_parameter_is_refused() -> None:
    assert caller("alice").get(ORDERS, {"month": "2026-01"}).json() == {"month": "2026-01"}
    problem = refused(caller("alice").get(ORDERS, {"moonth": "2026-01"}), 400, "invalid")
    assert problem["errors"][0]["field"] == "moonth"


@pytest.mark.parametrize(
    "address", ["/api", "/api/", "/api/v1", "/api/v1/orders/", "/api/v2/x", "/api/v1/%00"]
)
def test_an_unknown_url_is_answered_with_a_problem_too(address: str) -> None:
    refused(caller("alice").post(address), 404, "not_found")


def test_without_a_token_there_is_a_challenge() -> None:
    answer = nobody().get(ORDERS)
    refused(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_an_invalid_token_is_refused() -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
    refused(client.get(ORDERS), 401, "token_invalid")


def test_each_kind_of_token_opens_only_its_own_endpoints(admin_client: Client, client: Client) -> None:
    for other in (admin(), service("market")):
        refused(other.get(ORDERS), 403, "permission_denied")
    for other in (caller("alice"), service("market")):
        refused(other.get("/api/v1/books"), 403, "permission_denied")
    assert admin().get("/api/v1/books").status_code == 200
    assert admin_client.get("/api/v1/books").status_code == 200
    refused(admin_client.get(ORDERS), 401, "not_authenticated")
    refused(client.get("/api/v1/books"), 401, "not_authenticated")


def knock(*, address: str = "10.0.0.1", **headers: str) -> Answer:
    """Make a request with an invalid token from this address."""
    return nobody().get(ORDERS, REMOTE_ADDR=address, headers={"Authorization": "Bearer nonsense", **headers})


@pytest.fixture
def three_refusals(settings: Settings) -> None:
    """Allow three refusals a minute; each test uses its own address."""
    settings.REQUESTS_PER_MINUTE = {**settings.REQUESTS_PER_MINUTE, "refused": 3}


@pytest.mark.usefixtures("three_refusals")
def test_a_caller_refused_too_often_must_wait_but_not_others_at_that_address() -> None:
    answers = [knock(address="10.0.0.2") for _ in range(8)]  # a minute may end between
    refused(answers[0], 401, "token_invalid")
    refused(answers[-1], 429, "throttled")
    assert 1 <= int(answers[-1]["Retry-After"]) <= 61
    refused(nobody().get(ORDERS, REMOTE_ADDR="10.0.0.2"), 429, "throttled")
    assert caller("alice").get(ORDERS, REMOTE_ADDR="10.0.0.2").status_code == 200
    refused(knock(address="10.0.0.3"), 401, "token_invalid")


@pytest.mark.usefixtures("three_refusals")
def test_refusals_with_a_valid_token_are_counted_per_bearer() -> None:
    answers = [service("knocker").get(ORDERS) for _ in range(8)]
    refused(answers[0], 403, "permission_denied")
    refused(answers[-1], 429, "throttled")
    refused(service("another").get(ORDERS), 403, "permission_denied")


@pytest.mark.usefixtures("three_refusals")
@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_a_caller_cannot_change_their_address_with_a_header(proxies: int) -> None:
    """In X-Forwarded-For, a caller's own values come before those of the trusted proxies."""
    with override_settings(REST_FRAMEWORK={**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}):
        through = ", 10.1.0.9, 10.1.0.8"[: 10 * proxies]
        answers = [
            knock(address=f"10.1.{proxies}.1", **{"X-Forwarded-For": f"10.9.9.{number}{through}"})
            for number in range(8)
        ]
    refused(answers[-1], 429, "throttled")


@pytest.mark.usefixtures("three_refusals")
def test_refusals_are_not_limited_while_redis_is_down(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for _ in range(5):
        refused(knock(address="10.0.0.4"), 401, "token_invalid")


def test_an_invalid_token_is_reported_as_such_and_a_missing_one_is_not() -> None:
    """Source: https://www.rfc-editor.org/rfc/rfc6750#section-3.1"""
    assert nobody().get(ORDERS)["WWW-Authenticate"] == 'Bearer realm="payouts"'
    challenge = knock()["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="payouts", error="invalid_token", error_description="')


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "GZIP", "gzip, identity", "x"])
def test_a_compressed_body_is_refused(coding: str) -> None:
    answer = caller("alice").post(
        ORDERS,
        gzip.compress(b'{"amount": 1}'),
        content_type="application/json",
        headers={"Content-Encoding": coding},
    )
    problem = refused(answer, 415, "unsupported_media_type")
    assert coding in problem["data"]["hint"]


def test_a_body_can_declare_no_compression_and_start_with_a_byte_order_mark() -> None:
    for headers in ({}, {"Content-Encoding": "identity"}, {"Content-Encoding": "Identity"}):
        answer = caller("alice").post(
            ORDERS, b'\xef\xbb\xbf{"amount": 1}', content_type="application/json", headers=headers
        )
        assert (answer.status_code, answer.json()) == (200, {"amount": 1})


@pytest.mark.parametrize("body", [{"amount": 1, "names": None}, {"amount": 1}])
def test_null_is_the_same_as_leaving_out_an_optional_field(body: dict[str, Any]) -> None:
    assert caller("alice").post(ORDERS, body, format="json").json() == {"amount": 1}


def test_null_is_refused_for_a_required_field() -> None:
    problem = refused(caller("alice").post(ORDERS, {"amount": None}, format="json"), 400, "invalid")
    assert problem["errors"] == [
        {"field": "amount", "code": "null", "message": "This field may not be null."}
    ]


FOR_DEVELOPERS = re.compile(
    r"[`{}\[\]]|acct_|manage\.py|token|JSON|dictionary|parameter|Accept|[Mm]ethod|media|field"
)


def all_problems() -> Iterator[Any]:
    """Yield one problem for each way in which the framework or the service refuses."""
    alice = caller("alice")
    yield alice.post(ORDERS, {"amount": "x", "more": 1}, format="json")
    yield alice.post(ORDERS, [], format="json")
    yield alice.post(ORDERS, "{", content_type="application/json")
    yield alice.post(ORDERS, "a", content_type="text/plain")
    yield alice.get(ORDERS, headers={"Accept": "text/html"})
    yield alice.delete(ORDERS)
    yield alice.get("/api/v1/nowhere")
    yield alice.get("/api/v1/payouts?page=7")
    yield alice.get(ORDERS, {"moonth": 1})
    yield nobody().get(ORDERS)
    yield knock()
    yield service("market").get(ORDERS)
    yield service("nosuch").post("/api/v1/billing/records", {"records": []}, format="json")


def test_a_detail_is_for_people_and_data_for_developers() -> None:
    for answer in all_problems():
        problem = json.loads(answer.content)
        assert not FOR_DEVELOPERS.search(problem["detail"]), problem
        assert problem["detail"].endswith("."), problem
        assert problem.get("data", {}).get("hint") or answer.status_code == 404, problem


@pytest.mark.parametrize("kind", REFUSALS)
def test_every_refusal_of_ours_has_a_sentence_for_people(kind: type[Refusal]) -> None:
    error = EXAMPLES[kind]
    context = {"request": Request(HttpRequest())}
    problem: dict[str, Any] = problems.handle(error, context).data
    assert not FOR_DEVELOPERS.search(problem["detail"]), problem
    assert set(problem.get("data", {})) - {"hint"} == set(REFUSALS[kind].facts)


def test_too_many_requests_are_explained_in_words(settings: Settings) -> None:
    settings.REQUESTS_PER_MINUTE = {**settings.REQUESTS_PER_MINUTE, "read": 0}
    problem = refused(caller("alice").get(ORDERS), 429, "throttled")
    assert not FOR_DEVELOPERS.search(problem["detail"])


@pytest.fixture
def log() -> Iterator[StringIO]:
    """Capture what the service's own log handler writes."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    configured: Any = settings.LOGGING
    assert "refusals" in configured["handlers"]["console"]["filters"]
    handler.addFilter(RefusalsInOneLine())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def test_a_callers_mistake_leaves_no_stack_trace_in_the_log(log: StringIO) -> None:
    """Otherwise anyone without a token could fill the disk."""
    large = b"a=" + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    form = "application/x-www-form-urlencoded"
    answers = [
        nobody().post("/admin/login/", large, content_type=form),
        nobody().post("/webhooks/stripe", large, content_type=form),
        nobody().get(ORDERS, headers={"Host": "elsewhere.example"}),
        nobody().get("/admin/login/", headers={"Host": "elsewhere.example"}),
    ]
    assert {answer.status_code for answer in answers} <= {400, 401, 403, 413}
    assert "Traceback" not in log.getvalue()
    assert 0 < len(log.getvalue().splitlines()) <= 2 * len(answers)


def test_an_internal_error_reveals_nothing() -> None:
    answer = nobody().get("/api/v1/broken/bug")
    refused(answer, 500, "internal")
    assert b"secret" not in answer.content


def test_an_unavailable_database_can_be_retried() -> None:
    answer = nobody().get("/api/v1/broken/database")
    refused(answer, 503, "unavailable")
    assert int(answer["Retry-After"]) > 0
    assert b"secret" not in answer.content


def test_too_many_requests_of_one_caller_are_refused_and_of_others_not(settings: Settings) -> None:
    settings.REQUESTS_PER_MINUTE = {"read": 3}
    answers = [caller("throttled").get(ORDERS) for _ in range(8)]  # a minute may end between
    refused(answers[-1], 429, "throttled")
    assert 1 <= int(answers[-1]["Retry-After"]) <= 61
    assert caller("another").get(ORDERS).status_code == 200


def test_nobody_is_limited_while_redis_is_down(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.REQUESTS_PER_MINUTE = {"read": 0}
    assert caller("alice").get(ORDERS).status_code == 200


@pytest.mark.parametrize(
    ("requested", "accepted"), [("abc-1", True), ("a b", False), ("x" * 129, False), ("", False)]
)
def test_a_request_has_an_id(requested: str, accepted: bool) -> None:
    answer = caller("alice").get(ORDERS, headers={"X-Request-ID": requested})
    assert (answer["X-Request-ID"] == requested) is accepted
    assert answer["X-Request-ID"]


def test_an_unchanged_response_is_not_sent_again() -> None:
    first = caller("alice").get(ORDERS)
    again = caller("alice").get(ORDERS, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    changed = caller("alice").get(ORDERS, {"month": "2026-01"}, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200


def test_responses_are_private_and_never_a_page() -> None:
    answer = caller("alice").get(ORDERS)
    assert answer["Cache-Control"] == "private, no-cache"
    assert "Authorization" in answer["Vary"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


@override_settings(CORS_ALLOWED_ORIGINS=["https://portal.example"])
def test_only_the_portals_pages_may_call_the_api() -> None:
    preflight = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    answer = nobody().options(ORDERS, headers={"Origin": "https://portal.example", **preflight})
    assert answer["Access-Control-Allow-Origin"] == "https://portal.example"
    assert "authorization" in answer["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer
    answer = nobody().options(ORDERS, headers={"Origin": "https://elsewhere.example", **preflight})
    assert "Access-Control-Allow-Origin" not in answer


def test_the_document_and_its_page_are_public() -> None:
    document = nobody().get("/api/schema", headers={"Accept": "application/json"})
    assert document.status_code == 200
    assert document.json()["openapi"].startswith("3.1")
    page = nobody().get("/api/docs")
    assert page.status_code == 200
    assert b"https://" not in page.content  # it loads nothing from elsewhere
