"""Keys of API v2: a refusal isn't kept, and a success is answered by how things are now.

Source: https://docs.stripe.com/api-v2-overview#idempotency
"""

from collections.abc import Callable

import pytest
import stripe
from stripe.v2.core import Account

Open = Callable[..., Account]
KEY: stripe.RequestOptions = {"idempotency_key": "opening:42"}
DAY = 24 * 60 * 60


def test_a_repeated_request_shows_what_became_of_the_first(
    client: stripe.StripeClient, open_v2: Open
) -> None:
    first = open_v2(KEY)
    client.v2.core.accounts.update(first.id, {"display_name": "Lovelace"})
    again = open_v2(KEY)
    assert (again.id, again.display_name) == (first.id, "Lovelace")
    assert len(client.v2.core.accounts.list().data) == 1


def test_a_refused_request_is_made_again_under_its_key(open_v2: Open) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        open_v2(KEY, contact_email="nobody")
    assert open_v2(KEY).id


def test_a_failure_after_the_work_does_not_make_a_second_account(
    client: stripe.StripeClient, open_v2: Open, inject: Callable[..., None]
) -> None:
    inject({"kind": "status", "status": 500, "after_work": True, "path": "/v2/core/accounts", "count": 1})
    with pytest.raises(stripe.APIError):
        open_v2(KEY)
    found = open_v2(KEY)
    assert [each.id for each in client.v2.core.accounts.list().data] == [found.id]


def test_a_key_is_known_for_thirty_days(open_v2: Open, advance: Callable[[int], float]) -> None:
    first = open_v2(KEY)
    advance(30 * DAY - 60)
    assert open_v2(KEY).id == first.id
    advance(60)
    assert open_v2(KEY).id != first.id


def test_v1_does_not_know_the_keys_of_v2(client: stripe.StripeClient, open_v2: Open) -> None:
    opened = open_v2(KEY)
    assert client.v1.accounts.create({"type": "express", "country": "DE"}, KEY).id != opened.id


@pytest.mark.parametrize("answer", ["error", "current_state"])
def test_other_parameters_are_an_error_or_ignored(
    open_v2: Open, switch: Callable[..., None], answer: str
) -> None:
    switch(v2_key_with_other_parameters=answer)
    first = open_v2(KEY)
    if answer == "error":
        with pytest.raises(stripe.IdempotencyError):
            open_v2(KEY, display_name="Eve")
    else:
        assert open_v2(KEY, display_name="Eve").to_dict() == first.to_dict()
