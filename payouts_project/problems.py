"""Map the API's errors to problem documents."""

import logging
import sys
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core import exceptions as django
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions as framework
from rest_framework.response import Response
from rest_framework.views import set_rollback

from accounts import errors as accounts
from console import errors as console
from database.refusals import Refusal
from earnings import errors as earnings
from payouts_project.throttles import if_refused_too_often
from web import ndjson, problems
from web.problems import Problem

log = logging.getLogger(__name__)


# Our own refusals.
REFUSALS: Mapping[type[Refusal], Problem] = {
    accounts.AccountRejected: Problem(HTTPStatus.CONFLICT, "account_rejected"),
    accounts.AlreadyActive: Problem(HTTPStatus.CONFLICT, "already_active"),
    accounts.BusinessTypeRefused: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "business_type_refused", facts=("business_type", "country")
    ),
    accounts.CountryFixed: Problem(HTTPStatus.CONFLICT, "country_fixed", facts=("country",)),
    accounts.CountryNotSupported: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "country_not_supported", facts=("country",)
    ),
    accounts.EmailRefused: Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "email_refused", facts=("email",)),
    accounts.KeysUnavailable: Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "keys_unavailable",
        retry_after=10,
        detail="We can't verify your login right now. Please try again in a moment.",
    ),
    accounts.NoPaymentAccount: Problem(HTTPStatus.NOT_FOUND, "no_payment_account"),
    accounts.OnboardingIncomplete: Problem(HTTPStatus.CONFLICT, "onboarding_incomplete"),
    accounts.PlatformNotReady: Problem(HTTPStatus.CONFLICT, "platform_not_ready"),
    accounts.StripeAccountGone: Problem(
        HTTPStatus.CONFLICT,
        "stripe_account_gone",
        detail="Your Stripe account was closed or disconnected. Start onboarding again to open a new one.",
        facts=("stripe_account_id",),
    ),
    earnings.ApiOfAnotherSource: Problem(
        HTTPStatus.FORBIDDEN,
        "api_of_another_source",
        detail="This API belongs to another service. Only that service can change it.",
        facts=("api", "source"),
    ),
    earnings.ApiUnassigned: Problem(
        HTTPStatus.FORBIDDEN,
        "api_unassigned",
        detail="This API is not assigned to a service yet. Ask the platform's staff to assign it.",
        facts=("api",),
    ),
    ndjson.BodyCutOff: Problem(HTTPStatus.BAD_REQUEST, "cut_off", facts=("line",)),
    ndjson.BodyTooLarge: Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", facts=("line",)),
    earnings.OwnershipSuperseded: Problem(
        HTTPStatus.CONFLICT,
        "ownership_superseded",
        detail="The API has changed owner since then. If this is a new change, send a later owned_from.",
        facts=("api", "creator", "owner"),
    ),
    earnings.OwnershipTooEarly: Problem(
        HTTPStatus.CONFLICT,
        "ownership_too_early",
        detail="The API can't change owner at that time: it has later sales that are already recorded.",
        facts=("api", "owned_from", "latest"),
    ),
    earnings.UnknownSource: Problem(
        HTTPStatus.FORBIDDEN,
        "source_unknown",
        detail="This service is not registered as a billing source.",
        facts=("source",),
    ),
}
# Errors of libraries, whose own text may reveal too much.
FAULTS: Mapping[type[Exception], Problem] = {
    **problems.FAULTS,
    accounts.StripeUnavailable: Problem(HTTPStatus.SERVICE_UNAVAILABLE, "stripe_unavailable", retry_after=30),
}
CONSOLE = "/admin/"
REFUSED = (framework.NotAuthenticated, framework.AuthenticationFailed, framework.PermissionDenied)


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """Answer an exception raised in a view. An unexpected one is logged and answered with a generic 500."""
    set_rollback()
    # An error is a problem document, whichever media type was requested.
    context["request"].accepted_renderer = problems.ProblemRenderer()
    context["request"].accepted_media_type = problems.MEDIA_TYPE
    if isinstance(error, REFUSED):
        error = if_refused_too_often(context["request"]) or error
    if isinstance(error, framework.APIException):
        return problems.of_framework(error)
    if problem := problems.find(error, REFUSALS):
        return problems.of_refusal(problem, error)
    problem = problems.find(error, FAULTS) or problems.INTERNAL
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("A request could not be answered", exc_info=error)
    return problems.respond(problem, detail=problems.DETAILS[problem.status])


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, FAULTS[django.BadRequest]) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    page = _page(request, FAULTS[django.PermissionDenied], fact=str(exception))
    return page or defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    is_told = isinstance(exception, Http404) and not isinstance(exception, Resolver404)
    page = _page(request, FAULTS[Http404], fact=str(exception) if is_told else "")
    return page or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an exception that Django is handling; a 503 has `Retry-After`, for browsers and Stripe too."""
    problem = problems.find(sys.exc_info()[1], FAULTS) or problems.INTERNAL
    if page := _page(request, problem):
        return page
    if problem.retry_after is None:
        return defaults.server_error(request)
    return HttpResponse(
        problems.DETAILS[problem.status],
        status=problem.status,
        content_type="text/plain",
        headers=problems.wait_header(problem),
    )


@csrf_exempt
def no_such_endpoint(request: HttpRequest) -> HttpResponse:
    """Answer unknown addresses below the API's, in debug mode too."""
    return problems.answer(FAULTS[Http404])


def _page(request: HttpRequest, problem: Problem, *, fact: str = "") -> HttpResponse | None:
    """Answer below the API's address with a problem document, and below the console's with a page of it."""
    if request.path.startswith(problems.API):
        return problems.answer(problem)
    if not request.path.startswith(CONSOLE):
        return None
    page = console.page(request, problem.status, fact=fact)
    for name, value in problems.wait_header(problem).items():
        page[name] = value
    return page
