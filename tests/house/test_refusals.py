"""All refusals by services have one base class, and their messages reach the caller."""

from inspect import getmembers, isclass
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts import errors as accounts
from database.commands import ServiceCommand
from database.refusals import Refusal
from earnings import errors as earnings
from payouts import errors as payouts

# These don't refuse anything: Stripe can't be reached, or the platform's balance is too low.
ALARMS = {accounts.StripeUnavailable, accounts.CreationKeySpent, payouts.FundsWillBeMissing}


def test_every_error_of_an_app_is_a_refusal_except_alarms() -> None:
    errors = {
        kind
        for app in (accounts, earnings, payouts)
        for _, kind in getmembers(app, isclass)
        if issubclass(kind, Exception) and kind.__module__ == app.__name__
    }
    assert {kind for kind in errors if not issubclass(kind, Refusal)} == ALARMS


class Refuses(ServiceCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        raise accounts.UnknownCreator("alice")


class Fails(ServiceCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        raise ZeroDivisionError


def test_a_command_shows_a_refusals_own_message() -> None:
    with pytest.raises(CommandError, match="There is no creator 'alice'"):
        call_command(Refuses())


def test_a_command_hides_no_bug() -> None:
    with pytest.raises(ZeroDivisionError):
        call_command(Fails())
