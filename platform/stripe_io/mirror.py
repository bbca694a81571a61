"""dj-stripe's Account and Event tables: Stripe's objects, unchanged, for staff to look at.

dj-stripe's own code to fill them isn't used: it calls Stripe during requests and stores the API key in the database.
"""

from collections.abc import Mapping
from typing import Any

from djstripe.models import Account, Event

from stripe_io.reading import account_of, is_thin
from stripe_io.values import moment

# The limits of dj-stripe's columns; `stripe_data` has the full values.
LONGEST_VERSION, LONGEST_REQUEST_ID = 64, 50


def remember_account(payload: Mapping[str, Any]) -> None:
    """Store a connected account as Stripe describes it now."""
    account = Account(
        id=payload["id"],
        created=moment(payload.get("created")),
        metadata=payload.get("metadata") or {},
        stripe_data=dict(payload),
    )
    Account.objects.bulk_create(
        [account],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["created", "metadata", "stripe_data", "djstripe_updated"],
    )


def remember_event(event: Mapping[str, Any]) -> None:
    """Store an event, once, and a row for the connected account that it names. A thin event has no data."""
    account = str(account_of(event) or "")
    if account:
        Account.objects.bulk_create([Account(id=account, stripe_data={})], ignore_conflicts=True)
    request = event.get("request")
    if is_thin(event):
        request = (event.get("reason") or {}).get("request") or {}
    if not isinstance(request, Mapping):  # before API version 2017-05-25 it was only the id
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
