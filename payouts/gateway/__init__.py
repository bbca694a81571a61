"""The payouts app's interface to Stripe: its objects, calls that move or look up money, and lists."""

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
