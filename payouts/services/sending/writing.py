"""Deciding about one locked payout, and writing the decision, in one transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from payouts.models import PayoutAttempt
from payouts.services.moves import AttemptColumns, PayoutChanges, write
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


def carry_out(
    history: History,
    decision: Decision,
    *,
    now: datetime,
    lease: PayoutChanges | None = None,
    new_attempt: AttemptColumns | None = None,
) -> PayoutAttempt | None:
    """Write a decision in the caller's transaction; return its new attempt, if any.

    `lease` keeps the payout for the next call. `new_attempt` replaces the decision's, with its first send recorded.
    """
    attempt = None
    changes: PayoutChanges = {**decision.changes, **(lease or {})}
    if decision.moves or changes or decision.update or new_attempt:
        attempt = write(
            history.payout,
            moves=decision.moves,
            changes=changes,
            update=decision.update,
            new_attempt=new_attempt or decision.new_attempt,
            now=now,
        )
    for effect in decision.effects:
        effect.apply(history.payout, now=now)
    return attempt
