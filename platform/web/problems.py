"""Problem documents: the API's error responses.

Source: https://www.rfc-editor.org/rfc/rfc9457
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from django.core import exceptions as django
from django.db import OperationalError
from django.http import Http404, HttpResponse, JsonResponse
from rest_framework import exceptions as framework
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

MEDIA_TYPE = "application/problem+json"
API = "/api/"
E = TypeVar("E", bound=Exception)


class ProblemRenderer(JSONRenderer):
    """JSON with the media type for errors."""

    media_type = MEDIA_TYPE
    charset = None
    ensure_ascii = True  # a message may quote input that UTF-8 can't encode


@dataclass(frozen=True, slots=True)
class Problem:
    """How one kind of error is reported: its status, its stable code, and the seconds to wait before a retry.

    The error's own message is the document's `detail`. If that message is for developers, set `detail` here to a
    sentence for people: the message then becomes the hint in `data`. `facts` names the error's attributes that are
    added to `data`.
    """

    status: HTTPStatus
    code: str
    retry_after: int | None = None
    detail: str = ""
    facts: tuple[str, ...] = ()


INTERNAL = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal")
# Errors of the framework and the database, whose text may reveal too much.
FAULTS: Mapping[type[Exception], Problem] = {
    Http404: Problem(HTTPStatus.NOT_FOUND, "not_found"),
    OperationalError: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", retry_after=5),
    django.BadRequest: Problem(HTTPStatus.BAD_REQUEST, "malformed"),
    django.PermissionDenied: Problem(HTTPStatus.FORBIDDEN, "permission_denied"),
    django.RequestDataTooBig: Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"),
    django.SuspiciousOperation: Problem(HTTPStatus.BAD_REQUEST, "malformed"),
}
# What people read when the error's own message is for developers.
DETAILS = {
    HTTPStatus.BAD_REQUEST: "The request can't be read.",
    HTTPStatus.UNAUTHORIZED: "Please log in.",
    HTTPStatus.FORBIDDEN: "You do not have permission to do this.",
    HTTPStatus.NOT_FOUND: "Not found.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This action is not available.",
    HTTPStatus.NOT_ACCEPTABLE: "The response is not available in the requested format.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The request's content type is not supported.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests. Please wait a minute and try again.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong. The error was logged; please try again later.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The service is temporarily unavailable. Please try again.",
}
INVALID = "Some of the details are not valid."


def document(
    problem: Problem,
    *,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    data: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Build a problem document; `errors` lists the invalid fields, and `data` is for developers."""
    # "about:blank": the status is the kind of problem, and our `code` identifies it.
    written: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": detail,
        "code": problem.code,
    }
    if errors is not None:
        written["errors"] = errors
    if data:
        written["data"] = data
    return written


def answer(problem: Problem, *, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return a problem document outside the REST framework."""
    written = document(problem, detail=problem.detail or DETAILS[problem.status])
    return JsonResponse(
        written,
        status=problem.status,
        content_type=MEDIA_TYPE,
        headers={**wait_header(problem), **(headers or {})},
    )


def of_refusal(problem: Problem, error: Exception) -> Response:
    """Report one of our refusals, with its own message or with the problem's `detail`."""
    data = {name: getattr(error, name) for name in problem.facts}
    if problem.detail:
        return respond(problem, detail=problem.detail, data={"hint": str(error), **data})
    return respond(problem, detail=str(error), data=data)


def of_framework(error: framework.APIException) -> Response:
    """Report an error of the framework, whose own message is for developers."""
    status = HTTPStatus(error.status_code)
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = f"{challenge}{_token_error(error)}"
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if isinstance(error, framework.ValidationError):
        errors = list(_field_errors(error.get_full_details()))
        hint = " ".join(dict.fromkeys(_sentence(item) for item in errors))
        return respond(Problem(status, "invalid"), detail=INVALID, errors=errors, data={"hint": hint})
    codes = error.get_codes()
    code = "malformed" if isinstance(error, framework.ParseError) else str(codes)
    return respond(
        Problem(status, code), detail=DETAILS[status], data={"hint": str(error.detail)}, headers=headers
    )


def _token_error(error: framework.APIException) -> str:
    """Source: https://www.rfc-editor.org/rfc/rfc6750#section-3.1"""
    if not isinstance(error, framework.AuthenticationFailed):
        return ""
    return f', error="invalid_token", error_description="{error.detail}"'


def _field_errors(details: Any, *, path: str = "") -> Iterator[dict[str, str]]:
    """Flatten the framework's nested errors; items of lists are numbered, or are lists themselves."""
    if _is_error(details):
        yield {"field": path, "code": str(details["code"]), "message": str(details["message"])}
    elif isinstance(details, dict):
        for name, below in details.items():
            yield from _field_errors(below, path=_below(path, name))
    else:
        for index, below in enumerate(details):
            yield from _field_errors(below, path=path if _is_error(below) else f"{path}[{index}]")


def _is_error(details: Any) -> bool:
    return (
        isinstance(details, dict)
        and set(details) == {"message", "code"}
        and not isinstance(details["code"], list)
    )


def _below(path: str, name: str | int) -> str:
    if name == "non_field_errors":
        return path
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else name


def _sentence(error: Mapping[str, str]) -> str:
    return f"{error['field']}: {error['message']}" if error["field"] else error["message"]


def find(error: BaseException | None, known: Mapping[type[E], Problem]) -> Problem | None:
    """Find the problem for an error's class or one of its base classes."""
    return next((problem for kind, problem in known.items() if isinstance(error, kind)), None)


def respond(
    problem: Problem,
    *,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    data: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem document within the REST framework."""
    written = document(problem, detail=detail, errors=errors, data=data)
    return Response(written, status=problem.status, headers={**wait_header(problem), **(headers or {})})


def wait_header(problem: Problem) -> dict[str, str]:
    """Return the header with the seconds to wait before a retry, if they are known."""
    return {} if problem.retry_after is None else {"Retry-After": str(problem.retry_after)}
