"""What a check of Stripe's set-up finds, and how it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import stripe

from stripe_io.errors import Failure, StripeCallFailed


class State(StrEnum):
    GOOD = "good"
    WRONG = "wrong"
    NOTE = "note"  # it can't be checked, or is a matter of choice


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence about one thing, and what to do about it; empty if there is nothing to do."""

    state: State
    sentence: str
    remedy: str = ""
    ends_the_check: bool = False


def good(sentence: str) -> Finding:
    return Finding(State.GOOD, sentence)


def wrong(sentence: str, remedy: str) -> Finding:
    return Finding(State.WRONG, sentence, remedy)


def note(sentence: str, remedy: str = "") -> Finding:
    return Finding(State.NOTE, sentence, remedy)


def read(client: stripe.StripeClient, path: str, **params: Any) -> Mapping[str, Any]:
    """Read from Stripe's API, by path.

    Raises: StripeCallFailed.
    """
    data: Mapping[str, Any] = answer(client, path, **params).data
    return data


def answer(client: stripe.StripeClient, path: str, **params: Any) -> Any:
    """Read likewise, and return the answer with its headers."""
    try:
        return client.raw_request("get", path, **params)
    except stripe.StripeError as error:
        raise StripeCallFailed(Failure.of(error)) from error


def unread(what: str, failed: StripeCallFailed) -> Finding:
    """Say that something couldn't be read; permissions are a check of their own."""
    if failed.failure.missing_permission:
        return note(f"{what} can't be read: the key lacks the permission.", "See the permissions below.")
    return wrong(f"{what} can't be read: {failed}", "Try again; see https://status.stripe.com.")
