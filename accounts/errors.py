"""Refusals of the accounts app, and the error for a Stripe call without a usable answer."""

from collections.abc import Sequence
from typing import ClassVar

from database.refusals import Refusal
from database.staff import person_behind


class StripeUnavailable(Exception):
    """Stripe couldn't be reached, so the account's state is unknown. The creator may well be payable."""


class StripeAccountGone(Refusal):
    """Stripe says that this account doesn't exist, or that we can no longer use it."""

    def __init__(self, stripe_account_id: str) -> None:
        super().__init__(
            "Your Stripe account was closed or disconnected. Start onboarding again to open a new one."
        )
        self.stripe_account_id = stripe_account_id


class CreationKeySpent(StripeUnavailable):
    """Stripe won't create an account under this idempotency key any more.

    It replays an old failure (`replayed`: no request with the key is still in progress), or has seen the key with
    other parameters.
    """

    def __init__(self, message: str, *, replayed: bool) -> None:
        super().__init__(message)
        self.replayed = replayed


class OpeningRefused(Refusal):
    """Stripe refuses to open an account, or a link to its form.

    `code` and `sentence` are Stripe's own words, for staff, and `page` is where they mend it, if that is known.
    `cause` says whose it is to mend.
    """

    cause: ClassVar[str]

    def __init__(self, message: str, *, code: str = "", sentence: str = "", page: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.sentence = sentence
        self.page = page


class NothingToAskAgain(Refusal):
    """The refusal is mended, or only the creator can mend it, or they have another account by now."""

    def __init__(self) -> None:
        super().__init__(
            "There is nothing to ask Stripe again: no refusal stands that staff could have mended."
        )


class PlatformNotReady(OpeningRefused):
    """The platform's own set-up at Stripe isn't finished. No creator can do anything about it."""

    cause = "platform"

    def __init__(self, *, code: str = "", sentence: str = "", page: str = "") -> None:
        super().__init__(
            "The marketplace still has to finish its set-up at Stripe. You don't have to do anything. Try again later.",
            code=code,
            sentence=sentence,
            page=page,
        )


class AccountRefused(PlatformNotReady):
    """Stripe refuses this creator's account for a reason that we don't know. Staff have to look at it."""

    cause = "other"


class CountryNotSupported(OpeningRefused):
    """Creators in this country can't be paid: it is out of the platform's reach, or Stripe opens no accounts there."""

    cause = "country"

    def __init__(self, country: str, *, code: str = "", sentence: str = "") -> None:
        super().__init__(
            f"Creators in {country} can't be paid through Stripe. Choose another country.",
            code=code,
            sentence=sentence,
        )
        self.country = country


class EmailRefused(OpeningRefused):
    """Stripe doesn't accept the creator's email address."""

    cause = "email"

    def __init__(self, email: str, *, code: str = "", sentence: str = "") -> None:
        super().__init__(
            f"Stripe doesn't accept your email address{email and f', {email}'}. "
            "Ask the marketplace's support to change it.",
            code=code,
            sentence=sentence,
        )
        self.email = email


class BusinessTypeRefused(OpeningRefused):
    """Stripe doesn't open accounts of this business type in this country."""

    cause = "business_type"

    def __init__(self, business_type: str, *, country: str, code: str = "", sentence: str = "") -> None:
        super().__init__(
            f"Stripe doesn't accept this business type for accounts in {country}. Choose another one.",
            code=code,
            sentence=sentence,
        )
        self.business_type = business_type
        self.country = country


class CountryFixed(Refusal):
    """A Stripe account can't move to another country."""

    def __init__(self, country: str) -> None:
        super().__init__(
            f"Your Stripe account was opened in {country}. A Stripe account can't move to another country."
        )
        self.country = country


class AlreadyActive(Refusal):
    """Onboarding is complete: the account can be paid."""

    def __init__(self) -> None:
        super().__init__(
            "You have finished onboarding, and payouts are active. Change your details in the Stripe dashboard."
        )


class AccountRejected(Refusal):
    """Stripe has permanently rejected this account."""

    def __init__(self) -> None:
        super().__init__("Stripe rejected your account. Contact support.")


class UnknownCreator(Refusal):
    def __init__(self, external_id: str) -> None:
        super().__init__(f"There is no creator {external_id!r}.")


class AlreadyOnHold(Refusal):
    """Another member of staff holds the creator already, for another reason."""

    def __init__(self, creator: str, *, by: str, reason: str) -> None:
        super().__init__(f"{person_behind(by)} already holds {creator}: {reason}")


class NothingToLift(Refusal):
    """The creator has no open hold of the requested kind; `others` are the open holds."""

    def __init__(self, creator: str, *, kind: str, others: Sequence[str]) -> None:
        rest = f"Open holds: {'; '.join(others)}." if others else "There are no other holds."
        super().__init__(f"{creator} has no {kind} to lift. {rest}")


class NoPaymentAccount(Refusal):
    """The creator has no Stripe account yet."""

    def __init__(self) -> None:
        super().__init__("There is no Stripe account yet. Start onboarding first.")


class OnboardingIncomplete(Refusal):
    """Stripe is still waiting for the creator's details."""

    def __init__(self) -> None:
        super().__init__("Finish onboarding before you open the Stripe dashboard.")


class AccountReplaced(Refusal):
    """The creator has since opened another Stripe account."""

    def __init__(self) -> None:
        super().__init__("You have a newer Stripe account. Start again in the portal.")


class StateRefused(Refusal):
    """The `state` of a return from Stripe wasn't signed by us, or its account doesn't exist."""

    def __init__(self, message: str = "This link doesn't work. Start again in the portal.") -> None:
        super().__init__(message)


class StateExpired(StateRefused):
    """The `state` is too old, or was already exchanged for a new link."""

    def __init__(self) -> None:
        super().__init__("This link has expired. Start again in the portal.")


class NothingToSet(Refusal):
    def __init__(self, creator: str) -> None:
        super().__init__(f"{creator} already has these details. Nothing was changed.")


class DetailRefused(Refusal):
    """A detail that staff want to set isn't valid."""


class TokenRefused(Refusal):
    """A token isn't valid; `code` is the reason that its bearer may know."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class KeysUnavailable(Refusal):
    """The marketplace's public keys can't be fetched, and never were."""

    def __init__(self) -> None:
        super().__init__("The marketplace's keys can't be fetched, so tokens can't be verified right now.")


class NoSharedSecret(Refusal):
    """Only the marketplace can sign tokens."""

    def __init__(self) -> None:
        super().__init__(
            "JWT_SECRET is not set, so only the marketplace can sign tokens. Ask the marketplace for one."
        )
