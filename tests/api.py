"""Clients of the API: `caller("alice").get("/api/v1/earnings")`."""

from datetime import UTC, datetime, timedelta

from rest_framework.test import APIClient

from accounts import tokens
from accounts.principals import ADMIN, BILLING_SCOPE, CREATOR, Principal


def token_of(principal: Principal) -> str:
    return tokens.issue_token(principal, now=datetime.now(UTC), lifetime=timedelta(hours=1))


def bearer(principal: Principal) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_of(principal)}")
    return client


def caller(creator_id: str, *, email: str = "") -> APIClient:
    """A creator with a token."""
    return bearer(Principal(subject=creator_id, role=CREATOR, email=email))


def admin() -> APIClient:
    """A member of the platform's staff with a token."""
    return bearer(Principal(subject="dana", role=ADMIN))


def service(source: str) -> APIClient:
    """A service that can push the records of one source."""
    return bearer(Principal(subject=source, role="service", scopes=frozenset([BILLING_SCOPE])))


def nobody() -> APIClient:
    """Someone without a token."""
    return APIClient(raise_request_exception=False)
