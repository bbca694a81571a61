"""A decision about a payout: what to write, its side effects, and what to ask Stripe next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from payouts.models import Payout
from payouts.services.moves import AttemptColumns, AttemptUpdate, Move, PayoutChanges
from payouts.services.sending.history import Circumstances, History


class Effect(Protocol):
    """Something to write along with the payout, in the same transaction."""

    def apply(self, payout: Payout, *, now: datetime) -> None: ...


class Question(Protocol):
    """Something to ask Stripe before deciding further; it moves no money."""

    def ask(self) -> Any:
        """Raises: StripeCallFailed."""

    def decide(
        self, history: History, circumstances: Circumstances, answer: Any, *, now: datetime
    ) -> Decision:
        """Decide by the answer, or by the Failure to get one. The payout may have moved in the meantime."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to write about a payout, in one transaction; an empty decision changes nothing.

    Once it is committed, the engine sends the new attempt or asks the question. When a webhook event is recorded, no
    call follows.
    """

    moves: Sequence[Move] = ()
    changes: PayoutChanges = field(default_factory=PayoutChanges)
    update: AttemptUpdate | None = None
    new_attempt: AttemptColumns | None = None
    effects: Sequence[Effect] = ()
    question: Question | None = None


NOTHING = Decision()
