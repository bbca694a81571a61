"""Refusals of the accounts app."""


class StripeUnavailable(Exception):
    """Stripe could not be asked: nothing is known, and least of all that someone is not payable."""


class StripeAccountGone(Exception):
    """Stripe says that this account doesn't exist, or is no longer ours to use."""

    def __init__(self, stripe_account_id: str) -> None:
        super().__init__(f"Stripe has no account {stripe_account_id} for us")
        self.stripe_account_id = stripe_account_id
