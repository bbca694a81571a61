"""Whether Stripe sends the events that this service acts on: the platform's, connected accounts', and thin ones.

Source: https://docs.stripe.com/connect/webhooks and https://docs.stripe.com/event-destinations
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

import stripe
from django.conf import settings

from stripe_io.checking.findings import Finding, good, note, read, unread, wrong
from stripe_io.errors import StripeCallFailed
from stripe_io.handlers import handled_types

PATH = "/webhooks/stripe"
DASHBOARD = "https://dashboard.stripe.com/webhooks"
THIN = "v2."
# Events about the platform's own objects, and one about any account's; all others are of connected accounts.
OF_PLATFORM = ("charge.", "transfer.")
OF_BOTH = ("balance.available",)
SELF, ACCOUNTS = "@self", "@accounts"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where Stripe sends events. `version` is empty if it is the account's default, or if events have none."""

    id: str
    url: str
    enabled: bool
    events: Sequence[str]
    version: str
    origins: Sequence[str]

    @classmethod
    def of_snapshots(cls, endpoint: Mapping[str, Any]) -> "Endpoint":
        """Read an endpoint of API v1; one with an application is a Connect endpoint."""
        return cls(
            id=endpoint["id"],
            url=endpoint["url"],
            enabled=endpoint["status"] == "enabled",
            events=endpoint["enabled_events"],
            version=endpoint.get("api_version") or "",
            origins=[ACCOUNTS if endpoint.get("application") else SELF],
        )

    @classmethod
    def of_thin_events(cls, destination: Mapping[str, Any]) -> "Endpoint":
        return cls(
            id=destination["id"],
            url=(destination.get("webhook_endpoint") or {}).get("url") or "",
            enabled=destination["status"] == "enabled",
            events=destination["enabled_events"],
            version="",
            origins=destination.get("events_from") or [SELF],
        )

    @property
    def is_ours(self) -> bool:
        return urlsplit(self.url).path.rstrip("/") == PATH


def wanted_types() -> dict[str, list[str]]:
    """List the types that this service acts on, by where they come from."""
    types = handled_types()
    snapshots = [each for each in types if not each.startswith(THIN)]
    return {
        SELF: [each for each in snapshots if each.startswith(OF_PLATFORM + OF_BOTH)],
        ACCOUNTS: [each for each in snapshots if not each.startswith(OF_PLATFORM)],
        THIN: [each for each in types if each.startswith(THIN)],
    }


def check(client: stripe.StripeClient) -> Iterator[Finding]:
    wanted = wanted_types()
    try:
        listed = read(client, "/v1/webhook_endpoints", limit=100)["data"]
    except StripeCallFailed as failed:
        yield unread("The webhook endpoints", failed)
    else:
        ours = [each for each in map(Endpoint.of_snapshots, listed) if each.is_ours]
        for origin, name, of, variable in (
            (SELF, "platform endpoint", "your account", "STRIPE_WEBHOOK_SECRET"),
            (ACCOUNTS, "Connect endpoint", "connected accounts", "STRIPE_CONNECT_WEBHOOK_SECRET"),
        ):
            endpoints = [each for each in ours if origin in each.origins]
            yield from _check(name, endpoints, wanted[origin], of=of, variable=variable)
            yield from _check_versions(name, endpoints)
    if settings.STRIPE_ACCOUNTS == "v2":
        yield from _check_destinations(client, wanted[THIN])


def _check_destinations(client: stripe.StripeClient, wanted: Sequence[str]) -> Iterator[Finding]:
    try:
        params = {"include": ["webhook_endpoint.url"], "limit": 100}
        listed = read(client, "/v2/core/event_destinations", **params)["data"]
    except StripeCallFailed as failed:
        yield unread("The event destinations", failed)
        return
    thin = [Endpoint.of_thin_events(each) for each in listed if each["event_payload"] == "thin"]
    ours = [each for each in thin if each.is_ours]
    yield from _check(
        "destination of thin events",
        ours,
        wanted,
        of="your account and connected accounts",
        variable="STRIPE_THIN_WEBHOOK_SECRET",
    )
    origins = {origin for each in ours if each.enabled for origin in each.origins}
    if origins and (missing := {SELF, ACCOUNTS} - origins):
        yield note(
            f"No destination of thin events takes those from {', '.join(sorted(missing))}.",
            f"Which of the two sends the events of v2 accounts isn't documented: add it at {DASHBOARD}.",
        )


def _check(
    name: str, endpoints: Sequence[Endpoint], wanted: Sequence[str], *, of: str, variable: str
) -> Iterator[Finding]:
    """Check that one of our endpoints of this kind is enabled, and that together they take all wanted events."""
    enabled = [each for each in endpoints if each.enabled]
    for each in endpoints:
        if not each.enabled:
            yield wrong(
                f"The {name} {each.id} is disabled.", f"Enable or delete it at {DASHBOARD}/{each.id}."
            )
    if not endpoints:
        yield wrong(
            f"No {name} sends events to {settings.PUBLIC_URL}{PATH}.",
            f"Create one at {DASHBOARD} for events of {of}, API version {stripe.api_version}: {', '.join(wanted)}. "
            f"Put its secret into {variable}. (During development, `stripe listen` serves instead.)",
        )
    if not enabled:
        return
    patterns = [_literal(pattern) for each in enabled for pattern in each.events]
    missing = [each for each in wanted if not any(fnmatchcase(each, pattern) for pattern in patterns)]
    if missing:
        yield wrong(
            f"The {name} {enabled[0].id} doesn't get: {', '.join(missing)}.",
            f"Add these events at {DASHBOARD}/{enabled[0].id}.",
        )
    else:
        yield good(f"The {name} {enabled[0].id} gets all {len(wanted)} types of events that it needs.")


def _check_versions(name: str, endpoints: Sequence[Endpoint]) -> Iterator[Finding]:
    for each in endpoints:
        if each.enabled and each.version != stripe.api_version:
            version = each.version or "the account's default"
            yield wrong(
                f"The {name} {each.id} uses API version {version}, and this service {stripe.api_version}.",
                "An endpoint's version can't be changed: create another with this version, add its secret to ours, "
                "and delete this one.",
            )


def _literal(pattern: str) -> str:
    """Only `*` stands for more than itself: the brackets of `v2.core.account[identity].updated` don't."""
    return pattern.replace("[", "[[]")
