"""Errors of calls to Stripe, and of webhooks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import stripe

from database.refusals import Refusal
from database.texts import storable

if TYPE_CHECKING:
    from stripe_io.models import BodyReason

LONGEST_CODE = 255
# The types of our own failures: the request wasn't sent, because the key isn't known to be the platform's.
KEY_UNVERIFIED = "key_unverified"  # Stripe doesn't answer; that may pass
KEY_REFUSED = "key_refused"  # Stripe refuses the key, or the key is another platform's
_MISSING_PERMISSION = re.compile(r"\brak_|required permissions|any Connect permissions")


@dataclass(frozen=True, slots=True)
class Failure:
    """Stripe's answer to a call that failed; `http_status` is None if no answer arrived or nothing was sent.

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
    should_retry: bool | None = None  # what Stripe advises, if anything

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
            should_retry={"true": True, "false": False}.get(headers.get("stripe-should-retry", "")),
        )

    @classmethod
    def unsent(cls, kind: str, message: str) -> Failure:
        """Describe a request that wasn't sent: KEY_UNVERIFIED or KEY_REFUSED."""
        return cls(
            http_status=None, type=kind, code="", param="", message=message, request_id="", replayed=False
        )

    @property
    def missing_permission(self) -> bool:
        """Whether our API key lacks a permission. Any other 403 is about an account.

        Source: https://docs.stripe.com/keys/restricted-api-keys; the sentences are those of Stripe's own 403s.
        """
        refused = self.http_status == HTTPStatus.FORBIDDEN or self.type == KEY_REFUSED
        return refused and _MISSING_PERMISSION.search(self.message) is not None

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed a moment later: there was no answer, or Stripe was busy or failed.

        Stripe's advice comes first, but for a 429: there it is about a client without a pace of its own.

        Source: https://docs.stripe.com/error-low-level#stripe-should-retry
        """
        status = self.http_status
        if status is None:
            return self.type != KEY_REFUSED
        if self.should_retry is not None and status != HTTPStatus.TOO_MANY_REQUESTS:
            return self.should_retry
        return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _code(value: object) -> str:
    return storable(str(value or ""))[:LONGEST_CODE]


class StripeCallFailed(Exception):
    """A call to Stripe failed; the caller decides what that means."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(
            f"{failure.http_status or 'no answer'} {failure.code or failure.type}".rstrip()
            + f": {failure.message}"
        )
        self.failure = failure


class NotSent(StripeCallFailed):
    """The request was not made: the key isn't known to be the platform's. The message says why."""

    def __init__(self, failure: Failure) -> None:
        Exception.__init__(self, failure.message)
        self.failure = failure


class WrongMode(Refusal):
    """The database belongs to a different Stripe mode than the configured key."""

    def __init__(self, *, remembered: str, configured: str) -> None:
        super().__init__(
            f"This database was set up for Stripe's {remembered} mode, but STRIPE_SECRET_KEY is for {configured} mode. "
            "Use another database, or the key that belongs to this one."
        )


class WrongCountry(Refusal):
    """PLATFORM_COUNTRY isn't the country of the platform's Stripe account."""

    def __init__(self, *, account: str, country: str, configured: str) -> None:
        super().__init__(
            f"PLATFORM_COUNTRY is {configured}, but the platform's Stripe account {account} is in {country}. "
            f"Set PLATFORM_COUNTRY={country}."
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
