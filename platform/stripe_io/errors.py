"""Errors of calls to Stripe, and of webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import stripe

from database.texts import storable

if TYPE_CHECKING:
    from stripe_io.models import BodyReason

LONGEST_CODE = 255


@dataclass(frozen=True, slots=True)
class Failure:
    """Stripe's answer to a call that failed; `http_status` is None if no answer arrived.

    All text is storable: a proxy's error page may contain anything.

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
            type=_code(getattr(details, "type", None)),
            # On 401, 403 and 429 the library leaves `code` empty, and has it only in the error object.
            code=_code(error.code or getattr(details, "code", None)),
            param=_code(getattr(details, "param", None)),
            message=storable(str(error.user_message or error)),
            request_id=_code(error.request_id),
            replayed=headers.get("idempotent-replayed") == "true",
        )

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed a moment later: there was no answer, or Stripe was busy or failed."""
        status = self.http_status
        return (
            status is None
            or status == HTTPStatus.TOO_MANY_REQUESTS
            or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )


def _code(value: object) -> str:
    return storable(str(value or ""))[:LONGEST_CODE]


class StripeCallFailed(Exception):
    """A call to Stripe failed; the caller decides what that means."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(
            f"{failure.http_status or 'no answer'} {failure.code or failure.type}: {failure.message}"
        )
        self.failure = failure


class WrongMode(Exception):
    """The database belongs to a different Stripe mode than the configured key."""

    def __init__(self, *, remembered: str, configured: str) -> None:
        super().__init__(
            f"This database was set up for Stripe's {remembered} mode, but STRIPE_SECRET_KEY is for {configured} mode. "
            "Use another database, or the key that belongs to this one."
        )


class SignatureRefused(Exception):
    """The webhook's signature is missing, malformed, too old, or made with another endpoint's secret."""


class BodySetAside(Exception):
    """The body has a valid signature, but isn't an event that we can store and act on."""

    def __init__(self, reason: BodyReason, note: str, event: Mapping[str, Any] | None = None) -> None:
        super().__init__(note)
        self.reason = reason
        self.note = note
        self.event = event


class BodyTooLarge(Exception):
    """A webhook's body exceeds the size limit."""


class NotYet(Exception):
    """The event is about something that we are still writing: try it again later."""


class SetAside(Exception):
    """The event is stored without effect; the message says why."""
