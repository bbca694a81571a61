"""What is decided about a payout: what is written of it, what follows from that, and what Stripe is asked next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from payouts.models import Payout
from payouts.services.moves import AttemptColumns, AttemptUpdate, Move, PayoutChanges
from payouts.services.sending.history import Circumstances, History


class Effect(Protocol):
    """Something that is written beside the payout, in the same transaction."""

    def apply(self, payout: Payout, *, now: datetime) -> None: ...


class Question(Protocol):
    """Something that Stripe is asked before more can be decided; it moves no money."""

    def ask(self) -> Any:
        """Raises: StripeCallFailed."""

    def decide(
        self, history: History, circumstances: Circumstances, answer: Any, *, now: datetime
    ) -> Decision:
        """Decide by the answer, or by the Failure to get one. The payout may have moved since Stripe was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a payout, written in one transaction; without anything in it, all stays as it is.

    A new attempt is sent once it is committed. A question is asked then; what Stripe tells of its own accord is
    recorded without asking back.
    """

    moves: Sequence[Move] = ()
    changes: PayoutChanges = field(default_factory=PayoutChanges)
    update: AttemptUpdate | None = None
    new_attempt: AttemptColumns | None = None
    effects: Sequence[Effect] = ()
    question: Question | None = None


NOTHING = Decision()
