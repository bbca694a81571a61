"""Refusals of API v2: unlike those of v1, each has a code.

Source: https://docs.stripe.com/api/v2/core/accounts
"""

from sandbox.errors import StripeError


class Refusal(StripeError):
    """A refusal with one of the codes of API v2."""

    def __init__(self, code: str, message: str, *, param: str | None = None) -> None:
        super().__init__(message, param=param)
        self.code = code


class NotFound(Refusal):
    status = 404

    def __init__(self, kind: str, object_id: str) -> None:
        super().__init__("not_found", f"No such {kind}: '{object_id}'.")


class VersionMissing(Refusal):
    """Source: https://docs.stripe.com/api-v2-overview#sdk-versioning"""

    def __init__(self) -> None:
        super().__init__(
            "missing_stripe_version",
            "Requests to API v2 need a Stripe-Version header. See https://docs.stripe.com/api-v2-overview.",
        )


class RateLimitExceeded(Refusal):
    status = 429
    type = "rate_limit"
