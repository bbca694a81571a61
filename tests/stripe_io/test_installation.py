"""A database remembers its Stripe mode, and refuses another."""

from itertools import permutations

import pytest
from pytest_django import Settings

from stripe_io import client as stripe_io
from stripe_io import installation
from stripe_io.errors import WrongMode
from stripe_io.models import Installation, StripeMode

pytestmark = pytest.mark.django_db


def configure(settings: Settings, mode: StripeMode) -> None:
    settings.LOCAL_MODE = mode == StripeMode.SANDBOX
    settings.STRIPE_LIVE_MODE = mode == StripeMode.LIVE


@pytest.fixture(autouse=True)
def fresh() -> None:
    Installation.objects.all().delete()


@pytest.mark.parametrize("mode", StripeMode)
def test_the_first_call_sets_the_mode(settings: Settings, mode: StripeMode) -> None:
    configure(settings, mode)
    installation.verify()
    installation.verify()
    assert Installation.objects.get().mode == mode


@pytest.mark.parametrize(("first", "then"), list(permutations(StripeMode, 2)))
def test_a_database_refuses_another_mode(settings: Settings, first: StripeMode, then: StripeMode) -> None:
    configure(settings, first)
    installation.verify()
    configure(settings, then)
    with pytest.raises(WrongMode, match=f"{first} mode, but .* {then} mode"):
        installation.verify()


def test_stripe_is_not_called_from_a_database_of_another_mode(settings: Settings) -> None:
    configure(settings, StripeMode.TEST)
    installation.verify()
    configure(settings, StripeMode.LIVE)
    stripe_io.forget_checks()
    with pytest.raises(WrongMode):
        stripe_io.client()


def test_an_installation_remembers_when_it_started(settings: Settings) -> None:
    began = installation.installed_at()
    assert installation.installed_at() == began
    assert Installation.objects.get().installed_at == began
