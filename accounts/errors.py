"""Refusals of the accounts app, and what it means that Stripe can't be asked, which is none."""

from collections.abc import Sequence

from database.refusals import Refusal


class StripeUnavailable(Exception):
    """Stripe could not be asked: nothing is known, and least of all that someone is not payable."""


class StripeAccountGone(Refusal):
    """Stripe says that this account doesn't exist, or is no longer ours to use."""

    def __init__(self, stripe_account_id: str) -> None:
        super().__init__(
            "Your Stripe account was closed or disconnected. Start onboarding again to open a new one."
        )
        self.stripe_account_id = stripe_account_id


class CreationKeySpent(StripeUnavailable):
    """Stripe makes no account under this idempotency key any more.

    It replays an old failure (`replayed`: nothing sent under the key is still under way), or has seen the key
    with other parameters.
    """

    def __init__(self, message: str, *, replayed: bool) -> None:
        super().__init__(message)
        self.replayed = replayed


class CountryNotSupported(Refusal):
    """Stripe opens no accounts there."""

    def __init__(self, country: str) -> None:
        super().__init__(f"Stripe doesn't open accounts for creators in {country}. Choose another country.")
        self.country = country


class CountryFixed(Refusal):
    """A Stripe account can't move to another country."""

    def __init__(self, country: str) -> None:
        super().__init__(
            f"Your Stripe account was opened in {country}. A Stripe account can't move to another country."
        )
        self.country = country


class AlreadyActive(Refusal):
    """Onboarding is over: the account can be paid to."""

    def __init__(self) -> None:
        super().__init__(
            "You have finished onboarding, and payouts are active. Change your details in the Stripe dashboard."
        )


class AccountRejected(Refusal):
    """Stripe has closed this account for good."""

    def __init__(self) -> None:
        super().__init__("Stripe rejected your account. Contact support.")


class UnknownCreator(Refusal):
    def __init__(self, external_id: str) -> None:
        super().__init__(f"There is no creator {external_id!r}.")


class NothingToLift(Refusal):
    """No open hold of the kind that is to be lifted; `others` are those that are open."""

    def __init__(self, creator: str, *, kind: str, others: Sequence[str]) -> None:
        rest = f"What holds them: {'; '.join(others)}." if others else "Nothing else holds them."
        super().__init__(f"{creator} has no {kind} to lift. {rest}")


class NoPaymentAccount(Refusal):
    """The creator has no Stripe account yet."""

    def __init__(self) -> None:
        super().__init__("There is no Stripe account yet. Start onboarding first.")


class OnboardingIncomplete(Refusal):
    """Stripe still waits for the creator's details."""

    def __init__(self) -> None:
        super().__init__("The Stripe dashboard opens once you have finished onboarding.")


class AccountReplaced(Refusal):
    """The creator has opened another Stripe account since."""

    def __init__(self) -> None:
        super().__init__("You have another Stripe account now. Start again in the portal.")


class StateRefused(Refusal):
    """The `state` of a return from Stripe was not signed here, or for no account that there is."""

    def __init__(self, message: str = "This link doesn't work. Start again in the portal.") -> None:
        super().__init__(message)


class StateExpired(StateRefused):
    """The `state` was signed too long ago, or a new link was given for it already."""

    def __init__(self) -> None:
        super().__init__("This link has expired. Start again in the portal.")


class NothingToSet(Refusal):
    def __init__(self, creator: str) -> None:
        super().__init__(f"{creator} has these details already: nothing was changed.")


class DetailRefused(Refusal):
    """What staff want to be known of a creator can't be kept."""


class TokenRefused(Refusal):
    """A token can't be trusted; `code` says why as far as its bearer may know."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class KeysUnavailable(Refusal):
    """The marketplace's public keys could not be fetched, and none were before."""

    def __init__(self) -> None:
        super().__init__("The marketplace's keys can't be fetched, so no token can be verified now.")


class NoSharedSecret(Refusal):
    """Only the marketplace can sign tokens."""

    def __init__(self) -> None:
        super().__init__(
            "JWT_SECRET is not set: only the marketplace can sign tokens; ask the marketplace for a token."
        )
