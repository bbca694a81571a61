"""Is this really from Stripe, and for us?"""

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
    """The library's own check, of bodies too that are no UTF-8: their bytes reach it as surrogates."""

    @staticmethod
    def _compute_signature(payload: str, secret: str) -> str:
        return hmac.new(secret.encode(), payload.encode("utf-8", "surrogateescape"), sha256).hexdigest()


def signer_of(*, body: bytes, signature: str) -> int:
    """Find the position of the secret that signed this body, whatever it holds.

    Raises: SignatureRefused.
    """
    if not signature.isascii():
        raise SignatureRefused("no signature of Stripe's holds such characters")
    text = body.decode("utf-8", "surrogateescape")
    for position, secret in enumerate(settings.STRIPE_WEBHOOK_SECRETS):
        try:
            _Signature.verify_header(text, signature, secret, TOLERANCE_SECONDS)
        except stripe.SignatureVerificationError:
            continue
        return position
    raise SignatureRefused("no secret of ours made this signature, or it is too old")


def check_endpoint(event: Mapping[str, Any], *, signer: int) -> None:
    """Make sure that the event is signed for the endpoint that it belongs to.

    The first secret is the platform endpoint's and the others the Connect endpoint's; a single secret serves
    both, as `stripe listen` does.

    Raises: SignatureRefused.
    """
    from_connect = bool(event.get("account"))
    if len(settings.STRIPE_WEBHOOK_SECRETS) > 1 and from_connect != (signer > 0):
        raise SignatureRefused("signed with the other endpoint's secret")
