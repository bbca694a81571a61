"""Checks that a webhook is from Stripe, and for us."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import stripe
from django.conf import settings

from stripe_io.errors import SignatureRefused

# Source: https://docs.stripe.com/webhooks#replay-attacks
TOLERANCE_SECONDS = 300


class _Signature(stripe.WebhookSignature):
    """The library's check, also for bodies that aren't UTF-8: their bytes reach it as surrogates."""

    @staticmethod
    def _compute_signature(payload: str, secret: str) -> str:
        return hmac.new(secret.encode(), payload.encode("utf-8", "surrogateescape"), sha256).hexdigest()


def signer_of(*, body: bytes, signature: str) -> int:
    """Find the position of the secret that signed this body, whatever the body contains.

    Raises: SignatureRefused.
    """
    if not signature.isascii():
        raise SignatureRefused("the signature contains characters that Stripe never uses")
    text = body.decode("utf-8", "surrogateescape")
    for position, secret in enumerate(settings.STRIPE_WEBHOOK_SECRETS):
        try:
            _Signature.verify_header(text, signature, secret, TOLERANCE_SECONDS)
        except stripe.SignatureVerificationError:
            continue
        return position
    raise SignatureRefused("no webhook secret matches this signature, or it is too old")


def check_endpoint(event: Mapping[str, Any], *, signer: int) -> None:
    """Check that the event was signed for the endpoint that it belongs to.

    The first secret is the platform endpoint's, and the others are the Connect endpoint's. A single secret serves
    both, as with `stripe listen`.

    Raises: SignatureRefused.
    """
    from_connect = bool(event.get("account"))
    if len(settings.STRIPE_WEBHOOK_SECRETS) > 1 and from_connect != (signer > 0):
        raise SignatureRefused("signed with the other endpoint's secret")
