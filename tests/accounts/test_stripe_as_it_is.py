"""Behaviour of Stripe that isn't handled correctly yet. Each test states the right result.

A test that passes here counts as a failure (`strict`): then move it to the file of its subject.
"""

from http import HTTPStatus

import pytest

from accounts.models import CreatorPaymentAccount
from tests.api import caller
from tests.local_stripe import Stripe

pytestmark = pytest.mark.django_db


@pytest.mark.xfail(strict=True, reason="a permanent refusal is reported as an outage")
@pytest.mark.parametrize(
    "message",
    [
        "Your platform needs approval for accounts to have requested the `transfers` capability without the "
        "`card_payments` capability.",
        "The recipient ToS agreement is not supported for platforms in US creating accounts in BR.",
    ],
    ids=["approval", "agreement"],
)
def test_an_account_that_stripe_refuses_to_open_is_no_outage(sandbox: Stripe, message: str) -> None:
    refusal = {"kind": "abort_work", "status": 400, "message": message}
    sandbox.inject({"method": "POST", "path": "/v1/accounts", **refusal})
    alice = caller("alice")
    answers = [alice.post("/api/v1/accounts/onboard", {"country": "BR"}, format="json") for _ in range(3)]
    assert HTTPStatus.SERVICE_UNAVAILABLE not in {answer.status_code for answer in answers}
    assert not any("Retry-After" in answer.headers for answer in answers)
    assert CreatorPaymentAccount.objects.get().openings <= 1
