"""What Stripe may say of accounts that isn't understood yet: each test states the right value.

A test that passes here fails (`strict`): its law then moves to the file of what it is about.
"""

from http import HTTPStatus

import pytest

from accounts.models import CreatorPaymentAccount
from tests.api import caller
from tests.local_stripe import Stripe

pytestmark = pytest.mark.django_db


@pytest.mark.xfail(strict=True, reason="a refusal for good is told as an outage")
@pytest.mark.parametrize(
    "message",
    [
        "Your platform needs approval for accounts to have requested the `transfers` capability without the "
        "`card_payments` capability.",
        "The recipient ToS agreement is not supported for platforms in US creating accounts in BR.",
    ],
    ids=["approval", "agreement"],
)
def test_an_account_that_stripe_will_not_open_is_no_outage(sandbox: Stripe, message: str) -> None:
    refusal = {"kind": "abort_work", "status": 400, "message": message}
    sandbox.inject({"method": "POST", "path": "/v1/accounts", **refusal})
    alice = caller("alice")
    answers = [alice.post("/api/v1/accounts/onboard", {"country": "BR"}, format="json") for _ in range(3)]
    assert HTTPStatus.SERVICE_UNAVAILABLE not in {answer.status_code for answer in answers}
    assert not any("Retry-After" in answer.headers for answer in answers)
    assert CreatorPaymentAccount.objects.get().openings <= 1
