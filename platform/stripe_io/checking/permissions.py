"""What the key may do: each kind of read is tried once; writes can only be listed.

Source: https://docs.stripe.com/keys/restricted-api-keys
"""

import re
from collections.abc import Iterator
from http import HTTPStatus

import stripe
from django.conf import settings

from stripe_io.checking.findings import Finding, good, note, read, unread, wrong
from stripe_io.errors import StripeCallFailed

# An object that doesn't exist: permissions are checked before that is noticed.
NOTHING = "check_stripe"
READS = {
    "accounts": "/v1/accounts",
    "the platform's account": "/v1/account",
    "the balance": "/v1/balance",
    "balance settings": "/v1/balance_settings",
    "balance transactions": "/v1/balance_transactions",
    "transfers": "/v1/transfers",
    "webhook endpoints": "/v1/webhook_endpoints",
}
V2_READS = {
    "accounts (v2)": "/v2/core/accounts",
    "event destinations (v2)": "/v2/core/event_destinations",
    "events (v2)": f"/v2/core/events/{NOTHING}",
}
CONNECTED_READS = {
    "the balance": "/v1/balance",
    "balance settings": "/v1/balance_settings",
    "charges": f"/v1/charges/{NOTHING}",
    "payouts": "/v1/payouts",
}
WRITES = "accounts, account links, login links, transfers, and with Connect: payouts, balance settings"
_PERMISSION = re.compile(r"\brak_\w+")
_KEYS = "https://dashboard.stripe.com/apikeys"


def check(client: stripe.StripeClient) -> Iterator[Finding]:
    yield from _try(client, READS | (V2_READS if settings.STRIPE_ACCOUNTS == "v2" else {}), account="")
    account = _connected_account(client)
    if account:
        yield from _try(client, CONNECTED_READS, account=account)
    else:
        yield note(
            "Permissions on connected accounts can't be tried before there is one.", "Check again then."
        )
    yield note(
        f"Permissions to write can't be tried. A restricted key needs those for {WRITES}.",
        f"Compare them at {_KEYS}.",
    )


def _try(client: stripe.StripeClient, reads: dict[str, str], *, account: str) -> Iterator[Finding]:
    where = " on connected accounts" if account else ""
    options = {"stripe_account": account} if account else {}
    readable = []
    for what, path in reads.items():
        try:
            read(client, path, **options)
        except StripeCallFailed as failed:
            if failed.failure.missing_permission:
                yield _missing(what, where, failed.failure.message)
            elif failed.failure.http_status == HTTPStatus.NOT_FOUND:
                readable.append(what)
            elif failed.failure.may_pass:
                yield unread(what[0].upper() + what[1:], failed)
        else:
            readable.append(what)
    if readable:
        yield good(f"The key reads{where}: {', '.join(readable)}.")


def _missing(what: str, where: str, message: str) -> Finding:
    named = _PERMISSION.search(message)
    permission = f"the permission {named[0]}" if named else "the Connect column of its permissions"
    return wrong(f"The key doesn't read {what}{where}.", f"Give it {permission} at {_KEYS}.")


def _connected_account(client: stripe.StripeClient) -> str:
    try:
        listed = read(client, "/v1/accounts", limit=1)["data"]
    except StripeCallFailed:
        return ""
    return str(listed[0]["id"]) if listed else ""
