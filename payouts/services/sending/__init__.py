"""Sending money: workers take due payouts from the queue, and the engine attends to them."""

from payouts.services.sending.engine import attend
from payouts.services.sending.queue import (
    ATTENDED,
    prepare,
    put_back,
    release_unheld,
    take_due,
    wake,
    workers_wanted,
)
from payouts.services.sending.recording import (
    attempt_of,
    record_bank_payout,
    record_foreign_bank_payout,
    record_reversal,
    record_transfer,
)
from payouts.services.sending.requests import ask_stripe, request_reversal, settle, withdraw_reversal

__all__ = [
    "ATTENDED",
    "ask_stripe",
    "attempt_of",
    "attend",
    "prepare",
    "put_back",
    "record_bank_payout",
    "record_foreign_bank_payout",
    "record_reversal",
    "record_transfer",
    "release_unheld",
    "request_reversal",
    "settle",
    "take_due",
    "wake",
    "withdraw_reversal",
    "workers_wanted",
]
