"""Every error of the API as a problem document.

Source: https://www.rfc-editor.org/rfc/rfc9457
"""

import logging
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from django.core import exceptions as django
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions as framework
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

from accounts import errors as accounts
from database.refusals import Refusal
from earnings import errors as earnings
from payouts_project.throttles import if_refused_too_often

MEDIA_TYPE = "application/problem+json"
API = "/api/"
E = TypeVar("E", bound=Exception)
log = logging.getLogger(__name__)


class ProblemRenderer(JSONRenderer):
    """JSON under its name for errors."""

    media_type = MEDIA_TYPE
    charset = None
    ensure_ascii = True  # what is refused may be quoted, and be no text that UTF-8 can write


@dataclass(frozen=True, slots=True)
class Problem:
    """How one kind of error is told: its status and its stable code, and how many seconds to wait with a retry.

    What an error of ours says is its `detail`, unless that is for developers: then `detail` is here, for people, and
    the error's own words are the hint in `data`. `facts` names what else of the error stands there.
    """

    status: HTTPStatus
    code: str
    retry_after: int | None = None
    detail: str = ""
    facts: tuple[str, ...] = ()


# Our own refusals.
REFUSALS: Mapping[type[Refusal], Problem] = {
    accounts.AccountRejected: Problem(HTTPStatus.CONFLICT, "account_rejected"),
    accounts.AlreadyActive: Problem(HTTPStatus.CONFLICT, "already_active"),
    accounts.CountryFixed: Problem(HTTPStatus.CONFLICT, "country_fixed", facts=("country",)),
    accounts.CountryNotSupported: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "country_not_supported", facts=("country",)
    ),
    accounts.KeysUnavailable: Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "keys_unavailable",
        retry_after=10,
        detail="We can't check who you are right now. Please try again in a moment.",
    ),
    accounts.NoPaymentAccount: Problem(HTTPStatus.NOT_FOUND, "no_payment_account"),
    accounts.OnboardingIncomplete: Problem(HTTPStatus.CONFLICT, "onboarding_incomplete"),
    accounts.StripeAccountGone: Problem(
        HTTPStatus.CONFLICT,
        "stripe_account_gone",
        detail="Your Stripe account was closed or disconnected. Start onboarding again to open a new one.",
        facts=("stripe_account_id",),
    ),
    earnings.ApiOfAnotherSource: Problem(
        HTTPStatus.FORBIDDEN,
        "api_of_another_source",
        detail="This API belongs to another service, and only that one can change it.",
        facts=("api", "source"),
    ),
    earnings.ApiUnassigned: Problem(
        HTTPStatus.FORBIDDEN,
        "api_unassigned",
        detail="This API is not assigned to a service yet. The platform's staff assign it.",
        facts=("api",),
    ),
    earnings.PushCutOff: Problem(HTTPStatus.BAD_REQUEST, "cut_off", facts=("line",)),
    earnings.PushTooLarge: Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", facts=("line",)),
    earnings.OwnershipSuperseded: Problem(
        HTTPStatus.CONFLICT,
        "ownership_superseded",
        detail="Somebody else has the API since. If this is no older message, say from when on, with a new time.",
        facts=("api", "creator", "owner"),
    ),
    earnings.OwnershipTooEarly: Problem(
        HTTPStatus.CONFLICT,
        "ownership_too_early",
        detail="The API can't change its owner from that time on: its sales are settled up to a later one.",
        facts=("api", "owned_from", "latest"),
    ),
    earnings.UnknownSource: Problem(
        HTTPStatus.FORBIDDEN,
        "source_unknown",
        detail="This service is not registered to hand over billing data.",
        facts=("source",),
    ),
}
# What comes from below; its text may say too much.
INTERNAL = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal")
FAULTS: Mapping[type[Exception], Problem] = {
    Http404: Problem(HTTPStatus.NOT_FOUND, "not_found"),
    accounts.StripeUnavailable: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "stripe_unavailable", retry_after=30),
    OperationalError: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", retry_after=5),
    django.BadRequest: Problem(HTTPStatus.BAD_REQUEST, "malformed"),
    django.PermissionDenied: Problem(HTTPStatus.FORBIDDEN, "permission_denied"),
    django.RequestDataTooBig: Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"),
    django.SuspiciousOperation: Problem(HTTPStatus.BAD_REQUEST, "malformed"),
}
# What people are told where the error's own words are for developers.
DETAILS = {
    HTTPStatus.BAD_REQUEST: "The request can't be read.",
    HTTPStatus.UNAUTHORIZED: "Please log in.",
    HTTPStatus.FORBIDDEN: "This is not open to you.",
    HTTPStatus.NOT_FOUND: "There is nothing here.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This can't be done here.",
    HTTPStatus.NOT_ACCEPTABLE: "The answer can't be had in this form.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The request is in a form that can't be read here.",
    HTTPStatus.TOO_MANY_REQUESTS: "These were too many requests at once. Please wait a minute and try again.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong here. It has been logged; please try again later.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The service can't answer right now. Please try again.",
}
INVALID = "Something in the request can't be used as it is."
REFUSED = (framework.NotAuthenticated, framework.AuthenticationFailed, framework.PermissionDenied)


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """Answer an exception of a view; one that nobody foresaw is logged, and a 500 that says nothing of it."""
    set_rollback()
    # Whatever media type was asked for, an error is a problem document.
    context["request"].accepted_renderer = ProblemRenderer()
    context["request"].accepted_media_type = MEDIA_TYPE
    if isinstance(error, REFUSED):
        error = if_refused_too_often(context["request"]) or error
    if isinstance(error, framework.APIException):
        return _of_framework(error)
    if problem := _find(error, REFUSALS):
        return _of_ours(problem, error)
    problem = _find(error, FAULTS) or INTERNAL
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("A request could not be answered", exc_info=error)
    return _response(problem, detail=DETAILS[problem.status])


def document(
    problem: Problem,
    *,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    data: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write a problem document; `errors` names each field that can't be used, `data` is for developers."""
    # "about:blank": the status says the kind of problem, and our `code` which one exactly.
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


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, FAULTS[django.BadRequest]) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, FAULTS[django.PermissionDenied]) or defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, FAULTS[Http404]) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for an exception that Django is handling; a 503 says when to come again, to browsers and Stripe too."""
    problem = _find(sys.exc_info()[1], FAULTS) or INTERNAL
    if page := _page(request, problem):
        return page
    if problem.retry_after is None:
        return defaults.server_error(request)
    return HttpResponse(
        DETAILS[problem.status], status=problem.status, content_type="text/plain", headers=_wait(problem)
    )


@csrf_exempt
def no_such_endpoint(request: HttpRequest) -> HttpResponse:
    """Answer for every address below the API's that is none of its own, in debug mode too."""
    return answer(FAULTS[Http404])


def answer(problem: Problem, *, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Answer where the framework has no part."""
    written = document(problem, detail=problem.detail or DETAILS[problem.status])
    return JsonResponse(
        written,
        status=problem.status,
        content_type=MEDIA_TYPE,
        headers={**_wait(problem), **(headers or {})},
    )


def _page(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    """Answer for the API; the console has pages of its own."""
    return answer(problem) if request.path.startswith(API) else None


def _of_ours(problem: Problem, error: Exception) -> Response:
    data = {name: getattr(error, name) for name in problem.facts}
    if problem.detail:
        return _response(problem, detail=problem.detail, data={"hint": str(error), **data})
    return _response(problem, detail=str(error), data=data)


def _of_framework(error: framework.APIException) -> Response:
    """Tell an error of the framework, whose own words are for developers."""
    status = HTTPStatus(error.status_code)
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = f"{challenge}{_what_is_wrong_with_the_token(error)}"
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if isinstance(error, framework.ValidationError):
        errors = list(_field_errors(error.get_full_details()))
        hint = " ".join(dict.fromkeys(_sentence(said) for said in errors))
        return _response(Problem(status, "invalid"), detail=INVALID, errors=errors, data={"hint": hint})
    codes = error.get_codes()
    code = "malformed" if isinstance(error, framework.ParseError) else str(codes)
    return _response(
        Problem(status, code), detail=DETAILS[status], data={"hint": str(error.detail)}, headers=headers
    )


def _what_is_wrong_with_the_token(error: framework.APIException) -> str:
    """Source: https://www.rfc-editor.org/rfc/rfc6750#section-3.1"""
    if not isinstance(error, framework.AuthenticationFailed):
        return ""
    return f', error="invalid_token", error_description="{error.detail}"'


def _field_errors(details: Any, *, path: str = "") -> Iterator[dict[str, str]]:
    """Flatten the framework's nested errors; items of lists come numbered, or in a list of their own."""
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


def _find(error: BaseException | None, known: Mapping[type[E], Problem]) -> Problem | None:
    return next((problem for kind, problem in known.items() if isinstance(error, kind)), None)


def _response(
    problem: Problem,
    *,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    data: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    written = document(problem, detail=detail, errors=errors, data=data)
    return Response(written, status=problem.status, headers={**_wait(problem), **(headers or {})})


def _wait(problem: Problem) -> dict[str, str]:
    return {} if problem.retry_after is None else {"Retry-After": str(problem.retry_after)}
