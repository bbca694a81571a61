"""What the engine must know of a leg, and the decisions that all legs share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from payouts import policy
from payouts.models import PayoutAttempt
from payouts.policy import Verdict
from payouts.services.moves import Move, PayoutChanges
from payouts.services.sending.decision import Decision
from payouts.services.sending.history import Circumstances, History
from payouts.states import AttemptKind
from stripe_io.errors import Failure


class Leg(Protocol):
    """One way that money goes at Stripe: what it asks of Stripe, and what the answers mean.

    Decisions are pure: they read what they are handed, and write nothing.
    """

    KIND: AttemptKind

    def may_send_again(self, history: History, circumstances: Circumstances) -> bool:
        """Tell whether the open attempt may be sent once more, as far as this leg is concerned."""

    def send(self, attempt: PayoutAttempt) -> Any:
        """Have Stripe move the money under the attempt's key; return what it made.

        Raises: StripeCallFailed.
        """

    def find(self, attempt: PayoutAttempt) -> Sequence[Any]:
        """List what Stripe has made that may be this attempt's; what is, names it by `attempt_id`.

        Raises: StripeCallFailed.
        """

    def succeeded(self, history: History, attempt: PayoutAttempt, made: Any, *, now: datetime) -> Decision:
        """Decide when Stripe has moved the money."""

    def failed(
        self, history: History, attempt: PayoutAttempt, failure: Failure, verdict: Verdict, *, now: datetime
    ) -> Decision:
        """Decide when a send of the open attempt, which is as the failure leaves it, came to nothing we know of."""

    def absent(self, history: History, *, now: datetime) -> Decision:
        """Decide when it is proven that the attempt moved nothing."""

    def unknown(self, history: History) -> Sequence[Move]:
        """Tell where the payout goes once only a look at Stripe can settle the open attempt."""


def try_again(attempt: PayoutAttempt, *, now: datetime, moves: Sequence[Move] = ()) -> Decision:
    return Decision(moves=moves, changes={"next_retry_at": policy.next_try(attempt, now=now)})


def look_again(attempt: PayoutAttempt, *, now: datetime, moves: Sequence[Move] = ()) -> Decision:
    return Decision(moves=moves, changes={"next_retry_at": policy.next_look(attempt, now=now)})


def proven_absent(attempt: PayoutAttempt, *, now: datetime) -> bool:
    """Tell whether the last send is so long ago that Stripe's not having it proves that nothing moved."""
    return attempt.last_sent_at is None or now - attempt.last_sent_at >= policy.ABSENCE_PROVED_AFTER


def failure_columns(failure: Failure) -> PayoutChanges:
    """Keep what staff are told of a payout that Stripe refused."""
    return {"failure_code": failure.code[:64], "failure_message": failure.message}
