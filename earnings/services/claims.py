"""Earnings that payouts claim, and release if they end unpaid."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from database import sql
from earnings.models import CreatorEarning

_CLAIM = Path(__file__).with_name("claim.sql")


def claim(claimed: str, parameters: Mapping[str, Any]) -> int:
    """Claim earnings for payouts, and close the open ones, in the caller's transaction; return how many.

    `claimed` selects (earning_id, payout_id); `parameters` are that query's parameters, and `now`.
    """
    return sql.run(sql.read(_CLAIM, claimed=claimed), parameters)


def release(payout_id: UUID) -> int:
    """Release a payout's earnings for a later payout, in the caller's transaction; they stay closed."""
    return CreatorEarning.objects.filter(payout=payout_id).update(payout=None)
