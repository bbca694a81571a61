"""Whether Stripe opens an account or makes a link at all: by the switches, and by the platform's region."""

from collections.abc import Mapping

from sandbox import refusals, regions, switches
from sandbox.context import Context
from sandbox.errors import StripeError
from sandbox.refusals import Reason


def check_v1(context: Context, *, country: str, capabilities: set[str], agreement: str) -> None:
    """Raises the first reason that applies."""
    by_region = switches.read(context, "regions")
    refused = by_region and regions.recipients_refused(platform=home(context), country=country)
    always = {"recipients_not_supported"} if refused else set()
    traits = _traits(capabilities) | ({refusals.RECIPIENTS} if agreement == regions.RECIPIENT else set())
    _check(context, refusals.OF_V1, country=country, traits=traits, always=always)


def check_v2(context: Context, *, country: str, capabilities: set[str]) -> None:
    """Raises the first reason that applies."""
    always = {"capability_not_available_in_country"} if not serves(context, country) else set()
    if switches.read(context, "v2_shows_unsupported_countries"):
        always = set()
    _check(context, refusals.OF_V2, country=country, traits=_traits(capabilities), always=always)


def check_link(context: Context) -> None:
    _check(context, refusals.OF_LINKS, country="", traits=set(), always=set())


def serves(context: Context, country: str) -> bool:
    """Whether the platform can have accounts of API v2, which have no agreement, in a country."""
    full = regions.FULL in regions.agreements(platform=home(context), country=country)
    return full or not switches.read(context, "regions")


def transfer_refusal(context: Context, *, country: str, agreement: str) -> StripeError | None:
    if not switches.read(context, "regions"):
        return None
    return regions.transfer_refusal(platform=home(context), country=country, agreement=agreement)


def home(context: Context) -> str:
    """The platform's country."""
    platform = context.tx.get(context.platform)
    assert platform is not None
    return str(platform["country"])


def _traits(capabilities: set[str]) -> set[str]:
    if "card_payments" in capabilities:
        return {refusals.CARD_PAYMENTS}
    return {refusals.TRANSFERS_ONLY} if capabilities else set()


def _check(
    context: Context, reasons: Mapping[str, Reason], *, country: str, traits: set[str], always: set[str]
) -> None:
    on = {*switches.read(context, "refusals"), *always}
    for name, reason in reasons.items():
        if name in on and (not reason.about or reason.about in traits):
            raise reason.error(platform=home(context), country=country)
