"""Where a creator's browser comes back from Stripe: whatever happens, it is sent on, and never reads JSON."""

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
    StateExpired,
    StateRefused,
    StripeAccountGone,
    StripeUnavailable,
)
from accounts.services import onboarding
from accounts.services.onboarding import Outcome
from database import sql
from web.inputs import Input

# The address has the state in it, and may lead to a link that is one creator's alone.
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
# Why a return did not end well, for the portal to say; a subclass stands before its class.
REASONS: dict[type[Exception], str] = {
    AccountRejected: "account_rejected",
    AccountReplaced: "account_replaced",
    StripeAccountGone: "stripe_account_gone",
    StateExpired: "link_expired",
    StateRefused: "link_invalid",
    framework.ValidationError: "link_invalid",
    SuspiciousOperation: "link_invalid",
    framework.Throttled: "too_many_requests",
    StripeUnavailable: "stripe_unavailable",
}
UNAVAILABLE = "unavailable"
EVERY_REASON = sorted({*Outcome, *REASONS.values(), UNAVAILABLE} - {Outcome.COMPLETE})
TAGS = ["Accounts"]
log = logging.getLogger(__name__)


class ReturnInput(Input):
    state = serializers.CharField(
        max_length=255, help_text="Who returns, signed by this service; good for one hour."
    )
    refresh = serializers.ChoiceField(
        ["1"],
        required=False,
        help_text="Given by Stripe where the link had expired or was used: asks for a new one. A state is good for "
        "that once.",
    )


class OnboardingReturn(PublicEndpoint):
    queries = {"retrieve": ReturnInput}

    @extend_schema(
        operation_id="return_from_onboarding",
        summary="Come back from Stripe",
        description="Where Stripe sends the creator's browser, which has no token: the signed `state` says who it is. "
        "Whatever happens, it is sent on to the portal with `onboarding=complete`, or with `onboarding=incomplete` "
        f"and a `reason`: {', '.join(f'`{reason}`' for reason in EVERY_REASON)}. With `refresh=1` it is sent to a "
        "new link of Stripe's. Parameters that aren't named here are ignored.",
        tags=TAGS,
        parameters=[ReturnInput],
        responses={
            302: OpenApiResponse(description="On to the portal, or with `refresh=1` to Stripe's form.")
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
        if isinstance(exc, framework.MethodNotAllowed):  # no browser's doing
            return super().handle_exception(exc)
        reason = next((reason for kind, reason in REASONS.items() if isinstance(exc, kind)), UNAVAILABLE)
        if reason == UNAVAILABLE:
            log.error("A creator's return from Stripe could not be handled", exc_info=exc)
        return _to_portal(reason)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force=True)

    def _read_query(self, request: Request) -> dict[str, Any]:
        """Read our own parameters only: browsers and what is between add others to addresses."""
        given = {name: request.query_params.getlist(name) for name in map(str, ReturnInput().fields)}
        if any(len(values) > 1 for values in given.values()):
            raise framework.ValidationError
        reader = ReturnInput(data={name: values[0] for name, values in given.items() if values})
        reader.is_valid(raise_exception=True)
        return dict(reader.validated_data)


def _is_a_visit(request: Request) -> bool:
    """Tell whether a person goes there; HEAD and a browser that fetches ahead only look, and take nothing."""
    ahead = request.headers.get("Sec-Purpose") or request.headers.get("Purpose", "")
    return request.method == "GET" and not ahead.startswith("prefetch")


def _to_portal(reason: str) -> HttpResponseRedirect:
    """Send the browser to the portal, whose address keeps its own query and fragment."""
    told = {"onboarding": "incomplete", "reason": reason}
    if reason == Outcome.COMPLETE:
        told = {"onboarding": "complete"}
    address = urlsplit(settings.CREATOR_PORTAL_URL)
    query = "&".join(filter(None, [address.query, urlencode(told)]))
    return _redirect(address._replace(query=query).geturl())


def _redirect(address: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(address, headers=HEADERS)
