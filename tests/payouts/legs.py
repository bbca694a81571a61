"""What the tests of the legs share: a payout, its attempts, and what Stripe may answer, without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from payouts.gateway import BankPayout, Transfer
from payouts.identity import Identity
from payouts.models import Payout, PayoutAttempt
from payouts.services.sending.decision import Decision
from payouts.services.sending.history import Circumstances, History, Subject
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.errors import Failure

NOW = datetime(2026, 11, 1, 0, 15, tzinfo=UTC)
PAYOUT_ID, CREATOR_ID = UUID(int=1), UUID(int=2)
SUBJECT = Subject(installation=UUID(int=3), creator="alice", cutoff=date(2026, 11, 1))
REFERENCE = "5f0c"
PAYABLE = Circumstances(account="acct_1", account_payable=True, account_synced_at=NOW)
FAILURE = Failure(
    http_status=400,
    type="invalid_request_error",
    code="no_account",
    param="",
    message="No such account.",
    request_id="req_1",
    replayed=False,
)
LOST = replace(FAILURE, http_status=403, code="account_invalid")


def payout(status: PayoutStatus, **columns: Any) -> Payout:
    return Payout(
        **{
            "id": PAYOUT_ID,
            "creator_id": CREATOR_ID,
            "currency": "USD",
            "ordinal": 1,
            "reference": REFERENCE,
            "transfer_group": "group",
            "net_amount": 80_00,
            "amount_reversed": 0,
            "amount_placed": 0,
            "fx_loss": 0,
            "trace_id": "",
            "trace_status": "",
            "status": status,
            "next_retry_at": NOW,
            **columns,
        }
    )


def history_of(of: Payout, *attempts: PayoutAttempt) -> History:
    return History(of, SUBJECT, attempts)


def attempt(kind: AttemptKind, status: AttemptStatus = AttemptStatus.OPEN, **columns: Any) -> PayoutAttempt:
    return PayoutAttempt(
        **{
            "id": UUID(int=10),
            "payout_id": PAYOUT_ID,
            "kind": kind,
            "status": status,
            "idempotency_key": f"{kind}:{REFERENCE}:1",
            "destination": "acct_1",
            "amount": 80_00,
            "currency": "USD",
            "sends": 1,
            "first_sent_at": NOW,
            "last_sent_at": NOW,
            "answered": False,
            "created_at": NOW,
            **columns,
        }
    )


SENT = attempt(AttemptKind.TRANSFER, AttemptStatus.SUCCEEDED, id=UUID(int=9), stripe_id="tr_1")


def on_account(status: PayoutStatus, *attempts: PayoutAttempt, **columns: Any) -> History:
    """A payout whose transfer was sent, and arrived in its own currency."""
    facts = {
        "stripe_transfer_id": "tr_1",
        "destination_payment": "py_1",
        "bank_currency": "USD",
        **columns,
    }
    return history_of(payout(status, **facts), SENT, *attempts)


def identity(kind: AttemptKind, *, number: int = 1) -> Identity:
    """How the payout's attempt of this kind and number is named at Stripe."""
    return history_of(payout(PayoutStatus.PENDING)).identity(kind, number=number)


def transfer(**facts: Any) -> Transfer:
    return Transfer(
        **{
            "id": "tr_1",
            "amount": 80_00,
            "amount_reversed": 0,
            "currency": "USD",
            "destination": "acct_1",
            "destination_payment": "py_1",
            "transfer_group": "group",
            "identity": identity(AttemptKind.TRANSFER),
            "created": NOW,
            **facts,
        }
    )


def bank_payout(**facts: Any) -> BankPayout:
    return BankPayout(
        **{
            "id": "po_1",
            "account": "acct_1",
            "status": "pending",
            "amount": 80_00,
            "currency": "USD",
            "arrival_date": None,
            "failure_code": "",
            "failure_message": "",
            "identity": identity(AttemptKind.BANK_PAYOUT),
            "created": NOW,
            **facts,
        }
    )


def targets(decision: Decision) -> list[str]:
    return [move.target.value for move in decision.moves]


def due(decision: Decision) -> timedelta | None:
    """How long until the payout is due again, if the decision says so."""
    at = decision.changes.get("next_retry_at")
    return at - NOW if at else None


def ends(decision: Decision) -> str | None:
    """How the decision ends an attempt, if it does."""
    return decision.update.changes.get("status") if decision.update else None
