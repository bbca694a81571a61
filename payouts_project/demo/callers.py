"""Ready-made calls of the API, with a token for each kind of caller."""

import json
import shlex
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet, Sum

from accounts import tokens
from accounts.principals import ADMIN, BILLING_SCOPE, CREATOR, Principal
from earnings.models import CreatorEarning
from payouts.models import Payout
from payouts.states import PayoutStatus
from payouts_project.demo import people

LIFETIME = timedelta(days=1)
# curl must reach this machine without a proxy, even if the shell has one.
_WITHOUT_PROXY = 'export no_proxy="localhost,127.0.0.1${no_proxy:+,$no_proxy}"\n'


def write(path: Path, *, source: str, now: datetime) -> None:
    """Write shell variables: the API's URL, a header for each caller, and a record for `source` to push."""
    assignments = [
        f"{name}={shlex.quote(value)}\n" for name, value in _variables(source=source, now=now).items()
    ]
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text("".join([*assignments, _WITHOUT_PROXY]), encoding="utf-8")


def lines(path: Path) -> Iterator[str]:
    """List calls for a creator, for staff, and for the service that pushes records."""
    yield f"source {path}"
    yield 'curl -H "$CREATOR" $API/earnings'
    yield 'curl -H "$CREATOR" $API/payouts'
    yield 'curl -H "$STAFF" $API/platform/analytics'
    yield 'curl -H "$BILLING" -H "$JSON" -d "$RECORD" $API/billing/records'


def _variables(*, source: str, now: datetime) -> Mapping[str, str]:
    creator = _example_creator()
    api_id = _most_earned("api__external_id", CreatorEarning.objects.filter(creator__external_id=creator))
    record = {
        "record_id": f"demo-{now:%Y%m%d%H%M%S}",
        "kind": "charge",
        "api_id": api_id,
        "amount": 50_00,
        "currency": settings.DEFAULT_CURRENCY,
        "occurred_at": now.isoformat(),
    }
    return {
        "API": f"{settings.PUBLIC_URL}/api/v1",
        "CREATOR": _header(Principal(subject=creator, role=CREATOR), now=now),
        "STAFF": _header(Principal(subject=people.ADMINISTRATOR, role=ADMIN), now=now),
        "BILLING": _header(
            Principal(subject=source, role="service", scopes=frozenset([BILLING_SCOPE])), now=now
        ),
        "JSON": "Content-Type: application/json",
        "RECORD": json.dumps({"records": [record]}),
    }


def _example_creator() -> str:
    """Choose a creator with much to see: one whose last payout was returned, or else the one who earned most."""
    returned = Payout.objects.filter(status=PayoutStatus.RETURNED).order_by("-run__cutoff", "-net_amount")
    if (payout := returned.select_related("creator").first()) is not None:
        return payout.creator.external_id
    return _most_earned("creator__external_id", CreatorEarning.objects.all())


def _most_earned(name: str, earnings: QuerySet[CreatorEarning]) -> str:
    best: tuple[str, int] = (
        earnings.exclude(api=None).values_list(name).annotate(total=Sum("net")).order_by("-total")[0]
    )
    return best[0]


def _header(caller: Principal, *, now: datetime) -> str:
    return f"Authorization: Bearer {tokens.issue_token(caller, now=now, lifetime=LIFETIME)}"
