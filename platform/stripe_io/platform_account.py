"""Whose Stripe account the secret key belongs to. The database remembers it, and nothing is sent for another.

With another platform's key, every account and transfer in the database would seem to be gone.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Lock
from typing import Any, NamedTuple

import stripe

from stripe_io import installation
from stripe_io.errors import KEY_REFUSED, KEY_UNVERIFIED, Failure, NotSent, StripeCallFailed, WrongCountry
from stripe_io.models import Installation

# After a check that failed, other requests of this process fail alike for so long, in seconds, without asking again.
ASK_AGAIN_AFTER = 5.0
_REFUSING = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
# Stripe's codes for an object that the key's account doesn't have.
# Source: https://docs.stripe.com/error-codes
_NOT_THEIRS = frozenset(["account_invalid", "resource_missing"])

History = Callable[[], Sequence[str]]
_histories: list[History] = []


def register_history(find: History) -> None:
    """Register a function that finds objects which the platform must have at Stripe, as paths of the API, if any."""
    _histories.append(find)


def verify(client: stripe.StripeClient) -> None:
    """Check that the client's key belongs to the remembered account and country; the first check remembers them.

    If the database has a history by then, one of its objects must be readable under the key.

    Raises: NotSent.

    Source: https://docs.stripe.com/api/accounts/retrieve
    """
    account = _own_account(client)
    remembered = Installation.objects.get().platform_account
    if not remembered:
        _check_history(client, account.id)
    elif remembered != account.id:
        raise _refused(
            f"STRIPE_SECRET_KEY belongs to the Stripe account {account.id}, but this database was set up for "
            f"{remembered}. Use the key that belongs to this database."
        )
    try:
        installation.check_country(account.country, account=account.id)
    except WrongCountry as wrong:
        raise _refused(str(wrong)) from wrong
    if not remembered and not _remember(account):
        verify(client)  # another process was first


class _Account(NamedTuple):
    id: str
    country: str


def _own_account(client: stripe.StripeClient) -> _Account:
    path = "/v1/account"
    try:
        answer = _retrieve(client, path)
    except StripeCallFailed as failed:
        raise _unknown(path, failed) from failed
    return _Account(str(answer["id"]), str(answer.get("country") or ""))


def _remember(account: _Account) -> bool:
    remembered = Installation.objects.filter(platform_account="").update(
        platform_account=account.id, platform_country=account.country
    )
    return remembered == 1


def _check_history(client: stripe.StripeClient, account_id: str) -> None:
    """Check that one of the known objects belongs to this account; there may be none yet.

    Raises: NotSent.
    """
    paths = [path for find in _histories for path in find()]
    for path in paths:
        try:
            _retrieve(client, path)
        except StripeCallFailed as failed:
            if failed.failure.code not in _NOT_THEIRS:
                raise _unknown(path, failed) from failed
        else:
            return
    if paths:
        raise _refused(
            f"STRIPE_SECRET_KEY belongs to the Stripe account {account_id}, which has nothing of what this database "
            f"has at Stripe, such as {paths[0]}. Use the key of the account that has it."
        )


def _retrieve(client: stripe.StripeClient, path: str) -> dict[str, Any]:
    try:
        return dict(client.raw_request("get", path).data)
    except stripe.StripeError as error:
        raise StripeCallFailed(Failure.of(error)) from error


def _unknown(path: str, failed: StripeCallFailed) -> NotSent:
    """Say that the account is unknown: what Stripe doesn't answer, or not to this key, is never another account."""
    kind = KEY_REFUSED if failed.failure.http_status in _REFUSING else KEY_UNVERIFIED
    return NotSent(
        Failure.unsent(
            kind,
            "Nothing is sent to Stripe, because it is not known whose account STRIPE_SECRET_KEY belongs to. "
            f"GET {path}: {failed}",
        )
    )


def _refused(sentence: str) -> NotSent:
    return NotSent(Failure.unsent(KEY_REFUSED, f"Nothing is sent to Stripe. {sentence}"))


@dataclass(slots=True)
class Check:
    """The check of one key in this process: once it has passed, it isn't made again."""

    passed: bool = False
    _failure: Failure | None = None
    _again_at: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def make(self, verify: Callable[[], None]) -> None:
        """Make the check once for all threads that wait for it.

        Raises: NotSent, WrongMode, WrongCountry.
        """
        with self._lock:
            if self.passed:
                return
            if self._failure is not None and time.monotonic() < self._again_at:
                raise NotSent(self._failure)
            try:
                verify()
            except NotSent as refused:
                self._failure, self._again_at = refused.failure, time.monotonic() + ASK_AGAIN_AFTER
                raise
            self.passed = True
