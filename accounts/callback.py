"""Handles a creator's return from Stripe. The browser is always redirected, and never sees JSON."""

import logging
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponseRedirect
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions as framework
from rest_framework import serializers
from rest_framework.request import Request

from accounts.endpoints import PublicEndpoint
from accounts.errors import (
    AccountRejected,
    AccountReplaced,
    AlreadyActive,
    OpeningRefused,
    StateExpired,
    StateRefused,
    StripeAccountGone,
    StripeUnavailable,
)
from accounts.services import onboarding
from accounts.services.onboarding import Outcome
from database import sql
from web.inputs import Input

# The address contains the state, and may redirect to a link meant for one creator only.
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
# Why a return failed, for the portal to explain. A subclass comes before its base class.
REASONS: dict[type[Exception], str] = {
    AccountRejected: "account_rejected",
    AccountReplaced: "account_replaced",
    OpeningRefused: "platform_not_ready",
    StripeAccountGone: "stripe_account_gone",
    StateExpired: "link_expired",
    StateRefused: "link_invalid",
    framework.ValidationError: "link_invalid",
    SuspiciousOperation: "link_invalid",
    framework.Throttled: "too_many_requests",
    StripeUnavailable: "stripe_unavailable",
}
UNAVAILABLE = "unavailable"
ALL_REASONS = sorted({*Outcome, *REASONS.values(), UNAVAILABLE} - {Outcome.COMPLETE})
TAGS = ["Accounts"]
log = logging.getLogger(__name__)


class ReturnInput(Input):
    state = serializers.CharField(
        max_length=255, help_text="Identifies the creator; signed by this service and valid for one hour."
    )
    refresh = serializers.ChoiceField(
        ["1"],
        required=False,
        help_text="Set by Stripe if the link had expired or was already used; requests a new one. Works once per "
        "`state`.",
    )


class OnboardingReturn(PublicEndpoint):
    queries = {"retrieve": ReturnInput}

    @extend_schema(
        operation_id="return_from_onboarding",
        summary="Return from Stripe",
        description="Stripe redirects the creator's browser here. It has no token: the signed `state` identifies the "
        "creator. The browser is always redirected, to the portal with `onboarding=complete`, or with "
        "`onboarding=incomplete` and a `reason`: "
        f"{', '.join(f'`{reason}`' for reason in ALL_REASONS)}. With `refresh=1` it is redirected to a new link to "
        "Stripe's form. Unknown parameters are ignored.",
        tags=TAGS,
        parameters=[ReturnInput],
        responses={
            302: OpenApiResponse(description="Redirects to the portal, or with `refresh=1` to Stripe's form.")
        },
    )
    def retrieve(self, request: Request) -> HttpResponseRedirect:
        state = self.query["state"]
        if "refresh" in self.query and _is_a_visit(request):
            try:
                return _redirect(onboarding.continue_onboarding(state, now=sql.now()).url)
            except AlreadyActive:
                return _to_portal(Outcome.COMPLETE)
        return _to_portal(onboarding.outcome_of(state, now=sql.now()))

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, framework.MethodNotAllowed):  # not a browser's redirect
            return super().handle_exception(exc)
        reason = next((reason for kind, reason in REASONS.items() if isinstance(exc, kind)), UNAVAILABLE)
        if reason == UNAVAILABLE:
            log.error("A creator's return from Stripe could not be handled", exc_info=exc)
        return _to_portal(reason)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force=True)

    def _read_query(self, request: Request) -> dict[str, Any]:
        """Read only our own parameters: browsers and proxies add others."""
        params = {name: request.query_params.getlist(name) for name in map(str, ReturnInput().fields)}
        if any(len(values) > 1 for values in params.values()):
            raise framework.ValidationError
        reader = ReturnInput(data={name: values[0] for name, values in params.items() if values})
        reader.is_valid(raise_exception=True)
        return dict(reader.validated_data)


def _is_a_visit(request: Request) -> bool:
    """Check that a person follows the link: HEAD requests and prefetches must not use it up."""
    purpose = request.headers.get("Sec-Purpose") or request.headers.get("Purpose", "")
    return request.method == "GET" and not purpose.startswith("prefetch")


def _to_portal(reason: str) -> HttpResponseRedirect:
    """Redirect the browser to the portal, keeping the portal's own query and fragment."""
    params = {"onboarding": "incomplete", "reason": reason}
    if reason == Outcome.COMPLETE:
        params = {"onboarding": "complete"}
    address = urlsplit(settings.CREATOR_PORTAL_URL)
    query = "&".join(filter(None, [address.query, urlencode(params)]))
    return _redirect(address._replace(query=query).geturl())


def _redirect(address: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(address, headers=HEADERS)
