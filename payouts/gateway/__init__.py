"""Stripe, as payouts see it: its objects, the calls that move money or ask about it, and lists of it all."""

from payouts.gateway.calls import (
    available_balance,
    create_bank_payout,
    create_reversal,
    create_transfer,
    find_bank_payouts,
    find_reversals,
    find_transfers,
    retrieve_arrival,
    retrieve_bank_payout,
    retrieve_transfer,
    takes_bank_payouts,
)
from payouts.gateway.objects import Arrival, BankPayout, Reversal, Transfer

__all__ = [
    "Arrival",
    "BankPayout",
    "Reversal",
    "Transfer",
    "available_balance",
    "create_bank_payout",
    "create_reversal",
    "create_transfer",
    "find_bank_payouts",
    "find_reversals",
    "find_transfers",
    "retrieve_arrival",
    "retrieve_bank_payout",
    "retrieve_transfer",
    "takes_bank_payouts",
]
