"""What can go wrong between us and Stripe."""

from __future__ import annotations

from dataclasses import dataclass

import stripe


@dataclass(frozen=True, slots=True)
class Failure:
    """Stripe's answer to a call that did not succeed; `http_status` None means that none arrived.

    Source: https://docs.stripe.com/api/errors
    """

    http_status: int | None
    type: str
    code: str
    param: str
    message: str
    request_id: str
    replayed: bool

    @classmethod
    def of(cls, error: stripe.StripeError) -> Failure:
        headers = {str(name).lower(): value for name, value in dict(error.headers or {}).items()}
        details = error.error
        return cls(
            http_status=error.http_status,
            type=str(getattr(details, "type", None) or ""),
            # The client leaves `code` empty on 401, 403 and 429, and only there keeps it in the error object.
            code=str(error.code or getattr(details, "code", None) or ""),
            param=str(getattr(details, "param", None) or ""),
            message=str(error.user_message or error),
            request_id=str(error.request_id or ""),
            replayed=headers.get("idempotent-replayed") == "true",
        )


class StripeCallFailed(Exception):
    """A call to Stripe did not succeed; what that means is for the caller to decide."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(
            f"{failure.http_status or 'no answer'} {failure.code or failure.type}: {failure.message}"
        )
        self.failure = failure


class WrongMode(Exception):
    """The database belongs to another mode of Stripe than the configured key."""

    def __init__(self, *, remembered: str, configured: str) -> None:
        super().__init__(
            f"This database was set up for Stripe's {remembered} mode and STRIPE_SECRET_KEY is of {configured} mode: "
            "use another database, or the key that belongs to this one."
        )


class SignatureRefused(Exception):
    """The webhook's signature is missing, malformed, stale, or made with another endpoint's secret."""


class EventRefused(Exception):
    """The event is signed but can't be taken: not a snapshot event, or of another mode."""


class NotYet(Exception):
    """The event speaks of something that is still being written here: try it again later."""


class SetAside(Exception):
    """The event is kept and changes nothing; the message says why."""
