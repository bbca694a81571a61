from collections.abc import Callable
from typing import Any

import pytest
import stripe


@pytest.fixture
def transfers(client: stripe.StripeClient, fund: Callable[[int], None], account: str) -> list[str]:
    """Seven transfers, newest first."""
    fund(100_00)
    return [
        client.v1.transfers.create({"amount": 1_00, "currency": "usd", "destination": account}).id
        for _ in range(7)
    ][::-1]


def test_a_page_says_whether_there_is_more(client: stripe.StripeClient, transfers: list[str]) -> None:
    page = client.v1.transfers.list({"limit": 3})
    assert ([each.id for each in page.data], page.has_more, page.url) == (
        transfers[:3],
        True,
        "/v1/transfers",
    )
    page = client.v1.transfers.list({"limit": 7})
    assert ([each.id for each in page.data], page.has_more) == (transfers, False)


def test_pages_follow_each_other_to_the_end(client: stripe.StripeClient, transfers: list[str]) -> None:
    page = client.v1.transfers.list({"limit": 3})
    assert [each.id for each in page.auto_paging_iter()] == transfers


def test_pages_can_be_walked_back(client: stripe.StripeClient, transfers: list[str]) -> None:
    page = client.v1.transfers.list({"limit": 2, "ending_before": transfers[5]})
    assert ([each.id for each in page.data], page.has_more) == (transfers[3:5], True)
    page = client.v1.transfers.list({"limit": 3, "ending_before": transfers[3]})
    assert ([each.id for each in page.data], page.has_more) == (transfers[:3], False)


def test_a_page_has_ten_unless_asked_otherwise(client: stripe.StripeClient) -> None:
    for _ in range(11):
        client.v1.accounts.create({"type": "express"})
    assert len(client.v1.accounts.list().data) == 10


@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_has_between_one_and_a_hundred(client: stripe.StripeClient, limit: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.list({"limit": limit})
    assert (refused.value.param, refused.value.code) == ("limit", "parameter_invalid_integer")


@pytest.mark.parametrize("cursor", ["starting_after", "ending_before"])
def test_a_cursor_must_be_of_the_same_list(client: stripe.StripeClient, account: str, cursor: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such transfer") as refused:
        client.v1.transfers.list({cursor: account})  # type: ignore[arg-type]
    assert (refused.value.http_status, refused.value.param) == (400, cursor)


def test_objects_of_a_day_are_found_by_time(
    client: stripe.StripeClient, paid_account: str, advance: Callable[[int], float]
) -> None:
    """What a reconciliation reads: the movements and bank payouts of one account in one span of time."""
    options: stripe.RequestOptions = {"stripe_account": paid_account}
    day = 24 * 60 * 60
    advance(day)
    payouts = [
        client.v1.payouts.create({"amount": 1_00, "currency": "usd"}, options).to_dict() for _ in range(3)
    ]
    start = payouts[0]["created"]
    advance(day)
    client.v1.payouts.create({"amount": 2_00, "currency": "usd"}, options)

    span: Any = {"created": {"gte": start, "lt": start + day}, "limit": 2}
    moved = client.v1.balance_transactions.list(span, options).auto_paging_iter()
    assert [each.source for each in moved] == [payout["id"] for payout in payouts][::-1]
    paid = client.v1.payouts.list(span, options).auto_paging_iter()
    assert [each.id for each in paid] == [payout["id"] for payout in payouts][::-1]
