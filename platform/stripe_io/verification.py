"""Checks that a webhook is from Stripe, and for us."""

import hmac
from collections.abc import Mapping
from enum import Enum
from hashlib import sha256
from typing import Any

import stripe
from django.conf import settings

from stripe_io.errors import SignatureRefused
from stripe_io.reading import is_thin

# Source: https://docs.stripe.com/webhooks#replay-attacks
TOLERANCE_SECONDS = 300


class _Signature(stripe.WebhookSignature):
    """The library's check, also for bodies that aren't UTF-8: their bytes reach it as surrogates."""

    @staticmethod
    def _compute_signature(payload: str, secret: str) -> str:
        return hmac.new(secret.encode(), payload.encode("utf-8", "surrogateescape"), sha256).hexdigest()


class Endpoint(Enum):
    """What Stripe sends where; each has signing secrets of its own, and all deliver to the same address."""

    PLATFORM = "the platform's events"
    CONNECT = "connected accounts' events"
    THIN = "thin events"


def endpoints_of(*, body: bytes, signature: str) -> frozenset[Endpoint]:
    """Find the endpoints whose secrets signed this body, whatever the body contains.

    Raises: SignatureRefused.
    """
    if not signature.isascii():
        raise SignatureRefused("the signature contains characters that Stripe never uses")
    text = body.decode("utf-8", "surrogateescape")
    secrets = {
        Endpoint.PLATFORM: settings.STRIPE_WEBHOOK_SECRETS,
        Endpoint.CONNECT: settings.STRIPE_CONNECT_WEBHOOK_SECRETS,
        Endpoint.THIN: settings.STRIPE_THIN_WEBHOOK_SECRETS,
    }
    signed = frozenset(
        endpoint
        for endpoint, candidates in secrets.items()
        if any(_signed(text, signature, secret) for secret in candidates)
    )
    if not signed:
        raise SignatureRefused("no webhook secret matches this signature, or it is too old")
    return signed


def check_endpoint(event: Mapping[str, Any], *, signers: frozenset[Endpoint]) -> None:
    """Check that the event was signed for the endpoint that it belongs to.

    Raises: SignatureRefused.
    """
    endpoint = Endpoint.CONNECT if event.get("account") else Endpoint.PLATFORM
    if is_thin(event):
        endpoint = Endpoint.THIN
    if endpoint not in signers:
        raise SignatureRefused(f"{endpoint.value} are signed with another secret")


def _signed(text: str, signature: str, secret: str) -> bool:
    try:
        return bool(_Signature.verify_header(text, signature, secret, TOLERANCE_SECONDS))
    except stripe.SignatureVerificationError:
        return False
