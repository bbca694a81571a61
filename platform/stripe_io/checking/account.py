"""The platform's own account: whose it is, what it may do, when it is paid out; and Stripe's mode and clock."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import stripe
from django.conf import settings

from stripe_io.checking.findings import Finding, State, answer, good, note, read, unread, wrong
from stripe_io.client import client
from stripe_io.errors import KEY_REFUSED, NotSent, StripeCallFailed, WrongCountry, WrongMode
from stripe_io.installation import configured_mode
from stripe_io.models import Installation

DASHBOARD = "https://dashboard.stripe.com"
# Webhooks are refused at a difference of five minutes, and look-ups by time miss at one of an hour.
LARGEST_DIFFERENCE = timedelta(minutes=1)


def check_key() -> Finding:
    """Check whose account the key belongs to, as each process does before its first request."""
    try:
        client()
    except (WrongMode, WrongCountry) as refused:
        return Finding(
            State.WRONG, str(refused), "Correct the environment, and restart.", ends_the_check=True
        )
    except NotSent as refused:
        lacks_permission = refused.failure.missing_permission
        if lacks_permission:
            remedy = "Give the key the permission to read its own account."
        elif refused.failure.type == KEY_REFUSED:
            remedy = "Correct the environment, and restart."
        else:
            remedy = "Try again; see https://status.stripe.com."
        return Finding(State.WRONG, str(refused), remedy, ends_the_check=not lacks_permission)
    row = Installation.objects.get()
    return good(
        f"The key belongs to this database's Stripe account, {row.platform_account} ({row.platform_country})."
    )


def check(client: stripe.StripeClient, *, now: datetime) -> Iterator[Finding]:
    yield from _mode_and_clock(client, now=now)
    yield from _standing(client)
    yield from _own_payouts(client)
    yield from _connect(client)


def _mode_and_clock(client: stripe.StripeClient, *, now: datetime) -> Iterator[Finding]:
    try:
        balance = answer(client, "/v1/balance")
    except StripeCallFailed as failed:
        yield unread("The balance", failed)
        return
    ours, theirs = settings.STRIPE_LIVE_MODE, bool(balance.data["livemode"])
    if ours == theirs:
        yield good(f"Stripe answers in our mode: {configured_mode()}.")
    else:
        yield wrong(
            f"Stripe answers in {'live' if theirs else 'test'} mode, and we are in {configured_mode()} mode.",
            "Use the key of the mode that this database is for.",
        )
    difference = abs(parsedate_to_datetime(balance.headers["Date"]) - now)
    seconds = f"{difference.total_seconds():,.0f} seconds"
    if difference <= LARGEST_DIFFERENCE:
        yield good(f"The database's clock and Stripe's differ by {seconds}.")
    else:
        yield wrong(
            f"The database's clock and Stripe's differ by {seconds}.",
            "Synchronise the clocks of the database and of all machines (NTP): by an hour, look-ups miss payments.",
        )


def _standing(client: stripe.StripeClient) -> Iterator[Finding]:
    try:
        account = read(client, "/v1/account")
    except StripeCallFailed as failed:
        yield unread("The platform's account", failed)
        return
    missing = [
        name.replace("_", " ")
        for name in ("details_submitted", "charges_enabled", "payouts_enabled")
        if not account.get(name)
    ]
    inactive = [name for name, status in (account.get("capabilities") or {}).items() if status != "active"]
    if missing:
        yield wrong(
            f"The platform's account isn't complete: {', '.join(missing)}: no.",
            f"Complete it at {DASHBOARD}/account/onboarding.",
        )
    else:
        yield good("The platform's account is complete.")
    if inactive:
        yield note(f"Capabilities of the platform that aren't active: {', '.join(sorted(inactive))}.")


def _own_payouts(client: stripe.StripeClient) -> Iterator[Finding]:
    """Source: https://docs.stripe.com/connect/separate-charges-and-transfers and …/payouts/minimum-balances"""
    try:
        balance_settings = read(client, "/v1/balance_settings")
    except StripeCallFailed as failed:
        yield unread("The schedule of the platform's own payouts", failed)
        return
    payouts: Mapping[str, Any] = (balance_settings.get("payments") or {}).get("payouts") or {}
    interval = (payouts.get("schedule") or {}).get("interval")
    minimums = payouts.get("minimum_balance_by_currency") or {}
    if interval == "manual" or payouts.get("status") == "disabled":
        yield good("Stripe doesn't pay the platform's balance out by itself.")
    elif minimums:
        kept = ", ".join(f"{amount:,} {currency.upper()}" for currency, amount in sorted(minimums.items()))
        yield note(
            f"Stripe pays the platform's balance out {interval or 'automatically'}, and leaves {kept} (minor units).",
            "Keep this above what creators are owed: the console's home shows it.",
        )
    else:
        yield wrong(
            f"Stripe pays the platform's balance out {interval or 'automatically'}, with what creators are owed.",
            f"Set the schedule to manual, or a minimum balance, at {DASHBOARD}/settings/payouts.",
        )


def _connect(client: stripe.StripeClient) -> Iterator[Finding]:
    """Check which of Stripe's APIs know connected accounts. Whether they may be opened shows only when one is.

    Source: https://docs.stripe.com/connect/accounts-v2
    """
    for version, path in (("v1", "/v1/accounts"), ("v2", "/v2/core/accounts")):
        try:
            read(client, path, limit=1)
        except StripeCallFailed as failed:
            if failed.failure.missing_permission or failed.failure.may_pass:
                yield unread(f"Connected accounts of API {version}", failed)
            elif version != settings.STRIPE_ACCOUNTS:
                yield note(
                    f"Stripe refuses connected accounts of API {version}, which STRIPE_ACCOUNTS doesn't use."
                )
            else:
                yield wrong(
                    f"Stripe refuses connected accounts of API {version}: {failed.failure.message}",
                    f"Sign up for Connect, or switch Accounts {version} on: {DASHBOARD}/settings/connect.",
                )
        else:
            yield good(f"Connected accounts of API {version} can be read.")
    yield note(
        "Whether accounts may be opened shows only when the first one is.",
        f"Complete the platform profile ({DASHBOARD}/settings/connect/platform-profile), and set the name, icon and "
        f"colour of onboarding ({DASHBOARD}/settings/connect).",
    )
