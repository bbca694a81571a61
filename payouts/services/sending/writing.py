"""Deciding about one locked payout, and writing the decision, in one transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from payouts.models import PayoutAttempt
from payouts.services.moves import write
from payouts.services.sending.decision import Decision
from payouts.services.sending.history import History, lock


def record(payout_id: UUID, decide: Callable[[History], Decision], *, now: datetime) -> Decision:
    """Lock a payout, decide by its history, and write the decision; no call to Stripe follows.

    Raises: UnknownPayout, and what `decide` raises; then nothing is written.
    """
    with transaction.atomic():
        history = lock(payout_id)
        decision = decide(history)
        carry_out(history, decision, now=now)
    return decision


def carry_out(history: History, decision: Decision, *, now: datetime) -> PayoutAttempt | None:
    """Write a decision in the caller's transaction; return its new attempt, if any."""
    attempt = None
    if decision.moves or decision.changes or decision.update or decision.new_attempt:
        attempt = write(
            history.payout,
            moves=decision.moves,
            changes=decision.changes,
            update=decision.update,
            new_attempt=decision.new_attempt,
            now=now,
        )
    for effect in decision.effects:
        effect.apply(history.payout, now=now)
    return attempt
