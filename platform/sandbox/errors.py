"""Stripe's refusals, one class per fact, with Stripe's messages and codes.

Source: https://docs.stripe.com/api/errors and https://docs.stripe.com/error-codes
"""

# Refusals are named for the fact, as in the rest of the code.

from collections.abc import Mapping
from typing import Any

JsonObject = dict[str, Any]


class StripeError(Exception):
    """A response other than 200."""

    status = 400
    type = "invalid_request_error"
    code: str | None = None
    headers: Mapping[str, str] = {}

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param

    def body(self) -> JsonObject:
        error: JsonObject = {"message": self.message, "type": self.type}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        return {"error": error}


class InvalidRequest(StripeError):
    """A refusal with a message but no code."""


class Unauthenticated(StripeError):
    status = 401
    headers = {"WWW-Authenticate": 'Basic realm="Stripe"'}


class AccountInvalid(StripeError):
    status = 403
    code = "account_invalid"

    def __init__(self, account: str, *, api_key: str) -> None:
        super().__init__(
            f"The provided key '{redacted(api_key)}' does not have access to account '{account}' (or that "
            "account does not exist). Application access may have been revoked."
        )


class PermissionMissing(StripeError):
    """The restricted key may not do this.

    Source: https://docs.stripe.com/keys/restricted-api-keys
    """

    status = 403

    def __init__(self, permission: str, *, account: str, api_key: str) -> None:
        super().__init__(
            f"The provided key '{redacted(api_key)}' does not have the required permissions for this endpoint on "
            f"account '{account}'. Having the '{permission}' permission would allow this request to continue."
        )


class ConnectPermissionMissing(StripeError):
    """The restricted key may do nothing on connected accounts."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "You passed a restricted API key with the Stripe-Account header, but the restricted API key does not "
            "have any Connect permissions."
        )


class UnknownUrl(StripeError):
    status = 404

    def __init__(self, method: str, path: str) -> None:
        super().__init__(
            f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help "
            "at https://support.stripe.com/."
        )


class ResourceMissing(StripeError):
    """The object in the URL doesn't exist, or belongs to another account."""

    status = 404
    code = "resource_missing"

    def __init__(self, kind: str, object_id: str, *, param: str = "id") -> None:
        super().__init__(f"No such {kind.replace('_', ' ')}: '{object_id}'", param=param)


class ReferenceMissing(ResourceMissing):
    """A parameter names an object that doesn't exist."""

    status = 400


class ParameterUnknown(StripeError):
    code = "parameter_unknown"

    def __init__(self, names: list[str]) -> None:
        plural = "s" if len(names) > 1 else ""
        super().__init__(f"Received unknown parameter{plural}: {', '.join(names)}", param=names[0])


class ParameterMissing(StripeError):
    code = "parameter_missing"

    def __init__(self, name: str) -> None:
        super().__init__(f"Missing required param: {name}.", param=name)


class ParameterEmpty(StripeError):
    code = "parameter_invalid_empty"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a "
            f"parameter; however '{name}' cannot be unset. You should remove '{name}' from your request or "
            "supply a non-empty value.",
            param=name,
        )


class ParameterNotInteger(StripeError):
    code = "parameter_invalid_integer"


class UrlInvalid(StripeError):
    code = "url_invalid"


class BalanceInsufficient(StripeError):
    code = "balance_insufficient"


class AmountTooSmall(StripeError):
    code = "amount_too_small"


class TransfersNotCapable(StripeError):
    code = "insufficient_capabilities_for_transfer"

    def __init__(self) -> None:
        super().__init__(
            "Your destination account needs to have at least one of the following capabilities enabled: "
            "transfers, crypto_transfers, legacy_payments"
        )


class PayoutsNotAllowed(StripeError):
    code = "payouts_not_allowed"

    def __init__(self) -> None:
        super().__init__("Payouts have been disabled on this account. Check the account's requirements.")


class IdempotencyKeyReused(StripeError):
    """The key was first used for a different request."""

    type = "idempotency_error"


class IdempotencyKeyInUse(StripeError):
    """Source: https://docs.stripe.com/error-codes#idempotency-key-in-use"""

    status = 409
    type = "idempotency_error"
    code = "idempotency_key_in_use"

    def __init__(self, key: str) -> None:
        super().__init__(
            "There is currently another in-progress request using this Idempotent Key (that probably means you "
            f"submitted twice, and the other request is still going through): {key}. Please try again later."
        )


class InternalError(StripeError):
    """The sandbox itself failed; its work was undone."""

    status = 500
    type = "api_error"

    def __init__(self) -> None:
        super().__init__("An unknown error occurred")


def redacted(api_key: str) -> str:
    """Show only a key's kind and its last four characters."""
    return f"{api_key[:8]}{'*' * 10}{api_key[12:][-4:]}"
