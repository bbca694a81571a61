"""Rows of earnings that payouts claim, and give back if they end unpaid."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from database import sql
from earnings.models import CreatorEarning

_CLAIM = Path(__file__).with_name("claim.sql")


def claim(claimed: str, parameters: Mapping[str, Any]) -> int:
    """Give rows to payouts and close those that are open, inside the caller's transaction; return how many.

    `claimed` selects (earning_id, payout_id); `parameters` are its own, and `now`.
    """
    return sql.run(sql.read(_CLAIM, claimed=claimed), parameters)


def give_back(payout_id: UUID) -> int:
    """Free the rows of a payout for a later one, inside the caller's transaction; they stay closed."""
    return CreatorEarning.objects.filter(payout=payout_id).update(payout=None)
