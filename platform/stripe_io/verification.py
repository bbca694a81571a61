"""Is this really from Stripe, for us, and of our mode?"""

import json
from collections.abc import Mapping
from typing import Any

import stripe
from django.conf import settings

from stripe_io.errors import EventRefused, SignatureRefused

# Source: https://docs.stripe.com/webhooks#replay-attacks
TOLERANCE_SECONDS = 300


def verified_event(*, body: bytes, signature: str) -> Mapping[str, Any]:
    """Return the event in `body` if it is signed for the endpoint that it belongs to.

    The first secret is the platform endpoint's and the others the Connect endpoint's; a single secret serves
    both, as `stripe listen` does.

    Raises: SignatureRefused, EventRefused.
    """
    signer = _signer(body=body, signature=signature)
    try:
        event = json.loads(body)
    except ValueError as error:
        raise EventRefused("the body is not JSON") from error
    if not isinstance(event, dict) or event.get("object") != "event":
        raise EventRefused("only snapshot events are taken here, no thin ones")
    if not isinstance(event.get("id"), str) or not isinstance(event.get("type"), str):
        raise EventRefused("the event has no id or no type")
    if b"\\u0000" in body:
        raise EventRefused("the event holds a NUL, which PostgreSQL can't")
    if event.get("livemode") is not settings.STRIPE_LIVE_MODE:
        raise EventRefused("the event is of the other mode, live or test")
    from_connect = bool(event.get("account"))
    if len(settings.STRIPE_WEBHOOK_SECRETS) > 1 and from_connect != (signer > 0):
        raise SignatureRefused("signed with the other endpoint's secret")
    return event


def _signer(*, body: bytes, signature: str) -> int:
    """Find the position of the secret that signed this body."""
    if not signature.isascii():
        raise SignatureRefused("no signature of Stripe's holds such characters")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise SignatureRefused("the body is not UTF-8") from error
    for position, secret in enumerate(settings.STRIPE_WEBHOOK_SECRETS):
        try:
            stripe.WebhookSignature.verify_header(text, signature, secret, TOLERANCE_SECONDS)
        except stripe.SignatureVerificationError:
            continue
        return position
    raise SignatureRefused("no secret of ours made this signature, or it is too old")
