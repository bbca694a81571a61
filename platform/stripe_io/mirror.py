"""dj-stripe's Account and Event tables: what Stripe said, as it said it, for staff to look at.

Its own ways of filling them are not used: they ask Stripe within a request and keep the API key in the database.
"""

from collections.abc import Mapping
from typing import Any

from djstripe.models import Account, Event

from stripe_io.values import moment

# What dj-stripe's columns take; the whole stands in `stripe_data`.
LONGEST_VERSION, LONGEST_REQUEST_ID = 64, 50


def remember_account(said: Mapping[str, Any]) -> None:
    """Keep a connected account as Stripe describes it now."""
    account = Account(
        id=said["id"],
        created=moment(said.get("created")),
        metadata=said.get("metadata") or {},
        stripe_data=dict(said),
    )
    Account.objects.bulk_create(
        [account],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["created", "metadata", "stripe_data", "djstripe_updated"],
    )


def remember_event(event: Mapping[str, Any]) -> None:
    """Keep an event, once, and the connected account that it names, known or not."""
    account = str(event.get("account") or "")
    if account:
        Account.objects.bulk_create([Account(id=account, stripe_data={})], ignore_conflicts=True)
    request = event.get("request")
    if not isinstance(request, Mapping):  # before 2017-05-25 it was the id alone
        request = {"id": request}
    Event.objects.bulk_create(
        [
            Event(
                id=event["id"],
                type=event["type"],
                api_version=str(event.get("api_version") or "")[:LONGEST_VERSION],
                livemode=event["livemode"],
                created=moment(event.get("created")),
                data=event.get("data") or {},
                request_id=str(request.get("id") or "")[:LONGEST_REQUEST_ID],
                idempotency_key=str(request.get("idempotency_key") or ""),
                djstripe_owner_account_id=account or None,
                stripe_data=dict(event),
            )
        ],
        ignore_conflicts=True,
    )
