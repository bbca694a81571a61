"""What a payment is called at Stripe. The name follows from what is paid, and never from our random ids.

So a database restored from a backup gives the same name to the same payment, and finds what was paid before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from payouts.states import AttemptKind

# PostgreSQL's integer holds no more.
LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One movement of money at Stripe: the attempt `number`, from 1, of its kind, of a payout.

    `reference` names the payout: it is a hash of the creator's external id, currency, cut-off and `ordinal`, which
    counts the payouts for these from 1. The database functions `payout_reference` and `transfer_group` compute it.
    """

    installation: UUID
    creator: str
    currency: str
    cutoff: date
    ordinal: int
    reference: str
    kind: AttemptKind
    number: int

    @property
    def key(self) -> str:
        """The idempotency key, which is also how an attempt is found by the object that it made."""
        return f"{self.kind}:{self.reference}:{self.number}"

    @property
    def metadata(self) -> dict[str, str]:
        """What Stripe keeps with the object.

        Source: https://docs.stripe.com/api/metadata
        """
        return {
            "installation_id": str(self.installation),
            "creator_id": self.creator,
            "currency": self.currency,
            "cutoff": self.cutoff.isoformat(),
            "ordinal": str(self.ordinal),
            "reference": self.reference,
            "attempt_kind": self.kind.value,
            "attempt_number": str(self.number),
        }

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Identity | None:
        """Read Stripe's metadata; None if it isn't ours, or has been edited."""
        try:
            read = cls(
                installation=UUID(metadata["installation_id"]),
                creator=metadata["creator_id"],
                currency=metadata["currency"],
                cutoff=date.fromisoformat(metadata["cutoff"]),
                ordinal=int(metadata["ordinal"]),
                reference=metadata["reference"],
                kind=AttemptKind(metadata["attempt_kind"]),
                number=int(metadata["attempt_number"]),
            )
        except (KeyError, ValueError):
            return None
        names = (read.creator, read.currency, read.reference)
        numbers = (read.ordinal, read.number)
        is_possible = all(name.isascii() and name.isprintable() for name in names) and all(
            1 <= number <= LARGEST_NUMBER for number in numbers
        )
        return read if is_possible else None
