"""What each of Stripe's answers means, checked against the codes in Stripe's documentation."""

import json
import typing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from payouts import policy
from payouts.explanations import explain_failure
from payouts.models import PayoutAttempt
from payouts.policy import Verdict
from payouts.states import AttemptKind
from sandbox.banks import FAILURES
from stripe_io.errors import Failure
from tests.stripe.extract import EXTRACT

# Returned by Stripe for transfers, but missing in its lists of codes.
UNLISTED = {"insufficient_capabilities_for_transfer"}
KINDS = [AttemptKind.TRANSFER, AttemptKind.BANK_PAYOUT]


def _literals(annotation: Any) -> Iterator[str]:
    if typing.get_origin(annotation) is typing.Literal:
        yield from typing.get_args(annotation)
    for part in typing.get_args(annotation):
        yield from _literals(part)


# Every code of https://docs.stripe.com/error-codes, as the official client has them.
CODES = sorted(_literals(stripe.PaymentIntent.LastPaymentError.__annotations__["code"]))


def _answer(http_status: int | None, code: str = "", **said: Any) -> Failure:
    facts = {
        "type": "invalid_request_error",
        "param": "",
        "message": "no",
        "request_id": "",
        "replayed": False,
    }
    return Failure(**{"http_status": http_status, "code": code, **facts, **said})


def _judge(answer: Failure, kind: AttemptKind, *, in_doubt: bool = False) -> Verdict:
    return policy.verdict(answer, attempt=PayoutAttempt(kind=kind, in_doubt=in_doubt))


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return dict(json.loads(EXTRACT.read_text()))


def test_stripes_codes_are_all_there() -> None:
    assert len(CODES) > 200
    assert {"balance_insufficient", "payouts_not_allowed", "transfers_not_allowed", "lock_timeout"} <= set(
        CODES
    )


@pytest.mark.parametrize("kind", AttemptKind)
@pytest.mark.parametrize("status", [400, 403, 404])
def test_the_first_answer_refuses_with_any_code_or_none(kind: AttemptKind, status: int) -> None:
    for code in {*CODES, *UNLISTED, ""} - {"balance_insufficient"}:
        assert _judge(_answer(status, code), kind) == Verdict.REFUSED, code
    assert _judge(_answer(status, "balance_insufficient"), kind) == Verdict.SHORT


@pytest.mark.parametrize("kind", AttemptKind)
@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize("facts", [{"replayed": True}, {"type": "idempotency_error"}, {"type": "api_error"}])
def test_what_is_not_a_first_hand_refusal_is_unknown(
    kind: AttemptKind, status: int, facts: dict[str, Any]
) -> None:
    for code in ("", "account_closed", "balance_insufficient"):
        assert _judge(_answer(status, code, **facts), kind) == Verdict.UNKNOWN


@pytest.mark.parametrize("kind", KINDS)
def test_no_code_ends_an_attempt_in_doubt(kind: AttemptKind) -> None:
    for code in {*CODES, *UNLISTED}:
        for status in (400, 402, 403, 404, 409, 500):
            assert _judge(_answer(status, code), kind, in_doubt=True) == Verdict.UNKNOWN, (status, code)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [None, 402, 409, 424, 500, 502, 503, 504])
def test_under_any_other_status_every_code_is_unknown(kind: AttemptKind, status: int | None) -> None:
    assert {_judge(_answer(status, code), kind) for code in CODES} == {Verdict.UNKNOWN}


# Source: real answers to restricted keys.
NOT_PERMITTED = [
    "The provided key 'rk_test_***' does not have the required permissions for this endpoint on account 'acct_1'. "
    "Having the 'rak_transfer_write' permission would allow this request to continue.",
    "You passed a restricted API key with the Stripe-Account header, but the restricted API key does not have any "
    "Connect permissions.",
]


@pytest.mark.parametrize("kind", AttemptKind)
@pytest.mark.parametrize("in_doubt", [False, True])
def test_stripe_refuses_our_key_by_a_401_or_by_naming_a_permission(kind: AttemptKind, in_doubt: bool) -> None:
    refusing = [_answer(401), *[_answer(403, message=sentence) for sentence in NOT_PERMITTED]]
    assert {_judge(answer, kind, in_doubt=in_doubt) for answer in refusing} == {Verdict.KEY_REFUSED}


@pytest.mark.parametrize("kind", AttemptKind)
def test_any_other_403_is_about_the_account(kind: AttemptKind) -> None:
    sentence = (
        "The account 'acct_1' does not have access to this, or application access may have been revoked."
    )
    for code in ("account_invalid", ""):
        answer = _answer(403, code, message=sentence)
        assert _judge(answer, kind) == Verdict.REFUSED
        assert _judge(answer, kind, in_doubt=True) == Verdict.UNKNOWN


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", ["rate_limit", "lock_timeout", ""])
def test_status_429_did_nothing(kind: AttemptKind, code: str) -> None:
    assert _judge(_answer(429, code), kind) == Verdict.NOT_DONE


def test_each_failure_of_a_bank_payout_has_its_own_sentence_that_says_what_to_do(
    document: dict[str, Any],
) -> None:
    schemas = document["components"]["schemas"]
    named = {
        code
        for schema in ("treasury_outbound_payments", "treasury_outbound_transfers")
        for name, described in schemas.items()
        if name.startswith(schema) and "code" in described.get("properties", {})
        for code in described["properties"]["code"]["enum"]
    }
    assert len(named) > 5
    general = explain_failure("some_new_code")
    for code in (named | set(FAILURES)) - {"other"}:
        assert explain_failure(code) != general, code
        assert "Please" in explain_failure(code) or "You don't need to do anything" in explain_failure(
            code
        ), code


def test_of_the_documented_types_of_errors_one_is_a_refusal(document: dict[str, Any]) -> None:
    types = document["components"]["schemas"]["api_errors"]["properties"]["type"]["enum"]
    assert "idempotency_error" in types
    for kind in AttemptKind:
        refused = [name for name in types if _judge(_answer(400, type=name), kind) == Verdict.REFUSED]
        assert refused == ["invalid_request_error"]


def test_a_rate_limited_payout_is_not_backed_off_further() -> None:
    now = datetime.now(UTC)
    turned_away = PayoutAttempt(sends=40, http_status=429)
    waits = [policy.next_try(turned_away, now=now) - now for _ in range(200)]
    assert max(waits) <= policy.LONGEST_WAIT_FOR_A_TURN + timedelta(seconds=1)
    unanswered = PayoutAttempt(sends=40, http_status=None)
    assert max(policy.next_try(unanswered, now=now) - now for _ in range(200)) > max(waits)
