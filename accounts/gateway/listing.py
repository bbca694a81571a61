"""The platform's connected accounts, as Stripe's lists have them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe

from accounts.errors import StripeUnavailable
from accounts.gateway.v1 import LARGEST_PAGE
from accounts.models import StripeApi
from stripe_io.client import call_patiently, client, list_all
from stripe_io.errors import StripeCallFailed
from stripe_io.values import moment


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """An account in Stripe's list, the API that serves it, and the external id of the creator it was opened for."""

    id: str
    api: str
    creator: str


def list_accounts(*, since: datetime, with_v2: bool) -> Iterator[ListedAccount]:
    """Yield the accounts that were opened for creators since then, newest first, those of v2 first.

    v1 lists accounts of v2 too, perhaps not all of them; the list of v2 lacks the very newest.

    Raises: StripeUnavailable.

    Source: https://docs.stripe.com/api/accounts/list and https://docs.stripe.com/api/v2/core/accounts/list
    """
    params: stripe.params.AccountListParams = {
        "created": {"gte": int(since.timestamp())},
        "limit": LARGEST_PAGE,
    }
    try:
        of_v2 = dict(_of_v2(since)) if with_v2 else {}
        of_v1 = list_all(lambda: client().v1.accounts.list(params), request=call_patiently)
        listed = of_v2 | {payload["id"]: payload for payload in of_v1 if payload["id"] not in of_v2}
    except StripeCallFailed as error:
        raise StripeUnavailable(str(error)) from error
    for account_id, payload in listed.items():
        if creator := (payload.get("metadata") or {}).get("creator_id"):
            api = StripeApi.V2 if account_id in of_v2 else StripeApi.V1
            yield ListedAccount(account_id, api, creator)


def _of_v2(since: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    listed = call_patiently(lambda: client().v2.core.accounts.list({"limit": LARGEST_PAGE}))
    for account in call_patiently(lambda: list(listed.auto_paging_iter())):
        payload = account.to_dict()
        created = moment(payload.get("created"))
        if created is not None and created >= since:
            yield payload["id"], payload
