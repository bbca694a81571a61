"""All Stripe calls about connected accounts. Each account is served by the API that opened it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Protocol, TypeVar
from uuid import UUID

import stripe

from accounts.errors import CreationKeySpent, StripeAccountGone, StripeUnavailable
from accounts.gateway import v1, v2
from accounts.gateway.failures import is_refusal, platform_refusal, refusal_of
from accounts.gateway.listing import ListedAccount, list_accounts
from accounts.gateway.objects import ExternalAccount, OnboardingLink, Opening, StripeAccount
from accounts.models import StripeApi
from stripe_io.client import CLOCK_SKEW, call, client
from stripe_io.errors import Failure, StripeCallFailed

__all__ = [
    "ExternalAccount",
    "ListedAccount",
    "OnboardingLink",
    "Opening",
    "StripeAccount",
    "account_of_event",
    "complete_in_sandbox",
    "create_account",
    "create_dashboard_link",
    "create_onboarding_link",
    "find_account",
    "list_accounts",
    "retrieve_account",
    "retrieve_schedule",
    "retrieve_standing",
    "set_schedule",
]

T = TypeVar("T")
# Stripe's error codes for an account that was deleted, or that revoked our access.
# Source: https://docs.stripe.com/error-codes#account-invalid
GONE = frozenset(["account_invalid", "not_found", "resource_missing"])
# Another request with the same key is in progress, such as a second click's. Its answer will be ours too.
# Source: https://docs.stripe.com/error-codes#idempotency-key-in-use
IN_USE = "idempotency_key_in_use"
IN_USE_PAUSES = (0.2, 0.4, 0.8, 1.6)


class _Api(Protocol):
    """What Stripe's two APIs do in different ways."""

    def create(self, opening: Opening) -> StripeAccount: ...

    def find(
        self, *, payment_account_id: UUID, key: str, since: datetime, until: datetime
    ) -> StripeAccount | None: ...

    def retrieve(self, stripe_account_id: str) -> StripeAccount: ...

    def retrieve_standing(self, stripe_account_id: str) -> StripeAccount: ...

    def create_link(self, stripe_account_id: str, *, return_url: str, refresh_url: str) -> OnboardingLink: ...


_APIS: Mapping[str, _Api] = {StripeApi.V1: v1, StripeApi.V2: v2}


def create_account(opening: Opening, *, api: str) -> StripeAccount:
    """Create an Express account that can receive transfers.

    Raises: OpeningRefused, CreationKeySpent, StripeUnavailable.
    """
    pauses = iter(IN_USE_PAUSES)
    while True:
        try:
            return call(lambda: _APIS[api].create(opening))
        except StripeCallFailed as error:
            pause = next(pauses, None) if error.failure.code == IN_USE else None
            if pause is None:
                raise _creation_error(error, opening) from error
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 (spreads simultaneous clicks)


def find_account(
    *, api: str, payment_account_id: UUID, key: str, since: datetime, until: datetime
) -> StripeAccount | None:
    """Find the account that was created for one of our rows, under this key, between these times.

    Raises: StripeUnavailable.
    """
    return _call(
        lambda: _APIS[api].find(
            payment_account_id=payment_account_id,
            key=key,
            since=since - CLOCK_SKEW,
            until=until + CLOCK_SKEW,
        )
    )


def retrieve_account(stripe_account_id: str, *, api: str) -> StripeAccount:
    """Retrieve an account's present state.

    Raises: StripeAccountGone, also if it was closed; StripeUnavailable.
    """
    return _open(_call_about(stripe_account_id, lambda: _APIS[api].retrieve(stripe_account_id)))


def retrieve_standing(stripe_account_id: str, *, api: str) -> StripeAccount:
    """Retrieve an account's present state, possibly without its bank account, which may cost a second request.

    Raises: StripeAccountGone, also if it was closed; StripeUnavailable.
    """
    return _open(_call_about(stripe_account_id, lambda: _APIS[api].retrieve_standing(stripe_account_id)))


def create_onboarding_link(
    stripe_account_id: str, *, api: str, return_url: str, refresh_url: str
) -> OnboardingLink:
    """Create a link to Stripe's onboarding form, which asks for whatever is due.

    Raises: OpeningRefused, StripeAccountGone, StripeUnavailable.
    """
    return _act_on(
        stripe_account_id,
        lambda: _APIS[api].create_link(stripe_account_id, return_url=return_url, refresh_url=refresh_url),
    )


def create_dashboard_link(stripe_account_id: str) -> str:
    """Create a single-use link to the account's Express dashboard; v1 has it for accounts of both APIs.

    Raises: StripeAccountGone, StripeUnavailable.
    """
    return _call_about(
        stripe_account_id, lambda: client().v1.accounts.login_links.create(stripe_account_id)
    ).url


def set_schedule(stripe_account_id: str, interval: str) -> str:
    """Set when Stripe pays out from the account by itself, such as `manual` or `daily`; return what it is then.

    Raises: OpeningRefused, StripeAccountGone, StripeUnavailable.

    Source: https://docs.stripe.com/connect/manual-payouts
    """
    return _interval(
        _act_on(
            stripe_account_id,
            lambda: client().v1.balance_settings.update(
                {"payments": {"payouts": {"schedule": {"interval": interval}}}},
                {"stripe_account": stripe_account_id},
            ),
        )
    )


def retrieve_schedule(stripe_account_id: str) -> str:
    """Retrieve when Stripe pays out from the account by itself, such as `manual` or `daily`.

    Raises: StripeAccountGone, StripeUnavailable.

    Source: https://docs.stripe.com/api/balance-settings/object
    """
    return _interval(
        _call_about(
            stripe_account_id,
            lambda: client().v1.balance_settings.retrieve({}, {"stripe_account": stripe_account_id}),
        )
    )


def _interval(settings: stripe.BalanceSettings) -> str:
    return str(settings.to_dict()["payments"]["payouts"]["schedule"]["interval"])


def account_of_event(event_id: str) -> str:
    """Retrieve the account that an event is about, where only its data names it.

    Empty if it names none, or if Stripe has no such event, as 30 days later.

    Raises: StripeUnavailable.
    """
    try:
        return call(lambda: v2.account_of_event(event_id))
    except StripeCallFailed as error:
        if error.failure.http_status == HTTPStatus.NOT_FOUND:
            return ""
        raise StripeUnavailable(str(error)) from error


def complete_in_sandbox(stripe_account_id: str) -> None:
    """Have the sandbox complete its onboarding form; the real Stripe has no such endpoint.

    Raises: StripeUnavailable.
    """
    _call(lambda: client().raw_request("post", f"/_sandbox/accounts/{stripe_account_id}/complete"))


def _open(account: StripeAccount) -> StripeAccount:
    if account.payload.get("closed"):
        raise StripeAccountGone(account.id)
    return account


def _creation_error(error: StripeCallFailed, opening: Opening) -> Exception:
    failure = error.failure
    if failure.replayed or (failure.type == "idempotency_error" and failure.code != IN_USE):
        return CreationKeySpent(str(error), replayed=failure.replayed)
    return refusal_of(failure, opening) if is_refusal(failure) else StripeUnavailable(str(error))


def _act_on(stripe_account_id: str, request: Callable[[], T]) -> T:
    """Make a request that Stripe may refuse because the platform isn't set up for it."""
    return _about(stripe_account_id, request, refused=platform_refusal)


def _call_about(stripe_account_id: str, request: Callable[[], T]) -> T:
    return _about(stripe_account_id, request, refused=None)


def _about(
    stripe_account_id: str, request: Callable[[], T], *, refused: Callable[[Failure], Exception] | None
) -> T:
    try:
        return call(request)
    except StripeCallFailed as error:
        if error.failure.code in GONE:
            raise StripeAccountGone(stripe_account_id) from error
        if refused and is_refusal(error.failure):
            raise refused(error.failure) from error
        raise StripeUnavailable(str(error)) from error


def _call(request: Callable[[], T]) -> T:
    try:
        return call(request)
    except StripeCallFailed as error:
        raise StripeUnavailable(str(error)) from error
