"""Refusals of the accounts app."""


class StripeUnavailable(Exception):
    """Stripe could not be asked: nothing is known, and least of all that someone is not payable."""


class StripeAccountGone(Exception):
    """Stripe says that this account doesn't exist, or is no longer ours to use."""

    def __init__(self, stripe_account_id: str) -> None:
        super().__init__(f"Stripe has no account {stripe_account_id} for us")
        self.stripe_account_id = stripe_account_id


class TokenRefused(Exception):
    """A token can't be trusted; `code` says why as far as its bearer may know."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class KeysUnavailable(Exception):
    """The marketplace's public keys could not be fetched, and none were before."""

    def __init__(self) -> None:
        super().__init__("The marketplace's keys can't be fetched, so no token can be verified now.")


class NoSharedSecret(Exception):
    """Only the marketplace can sign tokens."""

    def __init__(self) -> None:
        super().__init__("JWT_SECRET is not set: only the marketplace can sign tokens")
