"""Ready calls of the API, with a token for each kind of caller."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet, Sum

from accounts import tokens
from accounts.principals import ADMIN, BILLING_SCOPE, CREATOR, Principal
from earnings.models import CreatorEarning

LIFETIME = timedelta(days=1)


def lines(*, source: str, now: datetime) -> Iterator[str]:
    """Write a call for a creator who earned most, for an admin, and for the service that pushes for `source`."""
    api = f"{settings.PUBLIC_URL}/api/v1"
    creator = _most_earned("creator__external_id", CreatorEarning.objects.all())
    api_id = _most_earned("api__external_id", CreatorEarning.objects.filter(creator__external_id=creator))
    yield f"The API is at {api}, and described at {settings.PUBLIC_URL}/api/docs. These tokens are good for a day:"
    yield f"What {creator}, who earned most, is told"
    yield from _call(Principal(subject=creator, role=CREATOR), f"{api}/earnings", now=now)
    yield "What the platform's staff are told"
    yield from _call(Principal(subject="admin", role=ADMIN), f"{api}/platform/analytics", now=now)
    yield "What the Billing Service hands over"
    record = {
        "record_id": f"demo-{now:%Y%m%d%H%M%S}",
        "kind": "charge",
        "api_id": api_id,
        "amount": 50_00,
        "currency": settings.DEFAULT_CURRENCY,
        "occurred_at": now.isoformat(),
    }
    billing = Principal(subject=source, role="service", scopes=frozenset([BILLING_SCOPE]))
    body = f"-H 'Content-Type: application/json' -d '{json.dumps({'records': [record]})}'"
    yield from _call(billing, f"{api}/billing/records {body}", now=now)


def _most_earned(name: str, earnings: QuerySet[CreatorEarning]) -> str:
    best: tuple[str, int] = earnings.values_list(name).annotate(total=Sum("net")).order_by("-total")[0]
    return best[0]


def _call(caller: Principal, request: str, *, now: datetime) -> Iterator[str]:
    token = tokens.issue_token(caller, now=now, lifetime=LIFETIME)
    yield f"  curl -H 'Authorization: Bearer {token}' {request}"
